//! The actions of a simulation. Each is a byte that selects it and the bytes of its arguments. An action on a peer that
//! is not connected does nothing.

mod connections;
mod programs;
mod replication;
mod scripted;

use arbitrary::{Result, Unstructured};

use super::world::{CLIENTS, World};
use crate::multiplayer::{PeerId, Target};

type Action = fn(&mut World, &mut Unstructured<'_>) -> Result<()>;

/// Does the next action. Their order is part of the format of saved inputs.
pub(super) fn next(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    const ACTIONS: [Action; 31] = [
        connections::join,
        connections::join_scripted,
        connections::join_isolated,
        connections::deliver,
        connections::settle,
        connections::pass,
        programs::send_bytes,
        programs::call,
        programs::register_node_with,
        programs::unregister_node,
        programs::set_authority,
        programs::send_auth,
        programs::complete_auth,
        programs::disconnect,
        programs::leave,
        connections::cut,
        scripted::close,
        programs::pause,
        scripted::send,
        scripted::send_relayed,
        scripted::send_mutated,
        scripted::announce_path,
        scripted::confirm_paths,
        connections::misuse,
        replication::register_spawner,
        replication::register_synchronizer,
        replication::spawn,
        replication::despawn,
        replication::set_property,
        replication::replicate,
        replication::show,
    ];
    world.actions += 1;
    let action: u8 = input.arbitrary()?;
    ACTIONS[usize::from(action) % ACTIONS.len()](world, input)
}

fn place(input: &mut Unstructured<'_>) -> Result<usize> {
    Ok(usize::from(input.arbitrary::<u8>()?) % CLIENTS)
}

/// An index of a participant: 0 is the server, the others are clients.
fn index(input: &mut Unstructured<'_>) -> Result<usize> {
    Ok(usize::from(input.arbitrary::<u8>()?) % (CLIENTS + 1))
}

/// A peer, mostly one that is connected.
fn peer(world: &World, input: &mut Unstructured<'_>) -> Result<PeerId> {
    input.arbitrary().map(|choice| peer_of(world, choice))
}

fn peer_of(world: &World, choice: u8) -> PeerId {
    let unknown = PeerId::new(77).unwrap_or(PeerId::SERVER);
    match (choice % 6).checked_sub(1) {
        None => PeerId::SERVER,
        Some(place) => world.places.get(usize::from(place)).copied().flatten().unwrap_or(unknown),
    }
}

/// A target. 0 is all peers.
fn target(world: &World, input: &mut Unstructured<'_>) -> Result<Target> {
    let choice: u8 = input.arbitrary()?;
    Ok(match choice % 13 {
        0 => Target::All,
        one @ 1..=6 => Target::Peer(peer_of(world, one - 1)),
        except => Target::AllExcept(peer_of(world, except - 7)),
    })
}
