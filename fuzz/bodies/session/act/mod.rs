//! What can be done in the world. Each act is a byte that says which, and the bytes of what it needs; where it needs somebody
//! who is not there, nothing happens.

mod network;
mod ours;
mod replicating;
mod strangers;

use arbitrary::{Result, Unstructured};

use super::world::{CLIENTS, World};
use crate::multiplayer::{PeerId, Target};

type Act = fn(&mut World, &mut Unstructured<'_>) -> Result<()>;

/// Does what comes next.
pub(super) fn next(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    const ACTS: [Act; 31] = [
        network::join,
        strangers::let_in,
        network::capture,
        network::deliver,
        network::settle,
        network::pass,
        ours::send_bytes,
        ours::call,
        ours::register_node_with,
        ours::unregister_node,
        ours::set_authority,
        ours::send_auth,
        ours::complete_auth,
        ours::disconnect,
        ours::leave,
        network::cut,
        strangers::hang_up,
        ours::hold,
        strangers::say,
        strangers::say_by_relay,
        strangers::say_again,
        strangers::name_path,
        strangers::confirm_paths,
        network::misuse,
        replicating::register_spawner,
        replicating::register_synchronizer,
        replicating::spawn,
        replicating::despawn,
        replicating::set_property,
        replicating::replicate,
        replicating::show,
    ];
    world.acts += 1;
    let act: u8 = input.arbitrary()?;
    ACTS[usize::from(act) % ACTS.len()](world, input)
}

fn place(input: &mut Unstructured<'_>) -> Result<usize> {
    Ok(usize::from(input.arbitrary::<u8>()?) % CLIENTS)
}

/// 0 is the server, the others are clients.
fn index(input: &mut Unstructured<'_>) -> Result<usize> {
    Ok(usize::from(input.arbitrary::<u8>()?) % (CLIENTS + 1))
}

/// Mostly somebody who is there.
fn peer(world: &World, input: &mut Unstructured<'_>) -> Result<PeerId> {
    input.arbitrary().map(|choice| peer_of(world, choice))
}

fn peer_of(world: &World, choice: u8) -> PeerId {
    let somebody_else = PeerId::new(77).unwrap_or(PeerId::SERVER);
    match (choice % 6).checked_sub(1) {
        None => PeerId::SERVER,
        Some(place) => match world.clients.get(usize::from(place)) {
            Some(Some(client)) => client.id,
            _ => somebody_else,
        },
    }
}

/// 0 is everybody.
fn target(world: &World, input: &mut Unstructured<'_>) -> Result<Target> {
    let choice: u8 = input.arbitrary()?;
    Ok(match choice % 13 {
        0 => Target::All,
        one @ 1..=6 => Target::Peer(peer_of(world, one - 1)),
        except => Target::AllExcept(peer_of(world, except - 7)),
    })
}
