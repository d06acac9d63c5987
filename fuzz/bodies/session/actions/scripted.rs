//! The packets of scripted clients and of untrusted servers.

use arbitrary::{Result, Unstructured};

use super::{
    super::{
        history::{PATHS, TABLES, methods},
        simulator::{Client, Direction},
        world::World,
    },
    place, target,
};
use crate::multiplayer::wire::{Command, SimplifyPath, relay_header};

/// Closes a scripted client's connection.
pub(super) fn close(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    let Some(id) = world.places[place] else { return Ok(()) };
    let direction = Direction::to_server(id);
    let is_scripted = matches!(world.simulator.clients.get(&id), Some(Client::Scripted(_)));
    if is_scripted && world.simulator.network.is_open(direction) {
        world.simulator.network.close(direction);
    }
    Ok(())
}

/// Sends these bytes.
pub(super) fn send(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    let packet = packet(input)?;
    world.inject(place, packet);
    Ok(())
}

/// Sends these bytes as a packet to relay.
pub(super) fn send_relayed(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (place, to) = (place(input)?, target(world, input)?);
    let packet = packet(input)?;
    world.inject(place, [&relay_header(to.to_godot())[..], &packet].concat());
    Ok(())
}

/// Sends a packet that the client has received, with one byte changed.
pub(super) fn send_mutated(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    let [which, at, change] = input.arbitrary::<[u8; 3]>()?;
    let client = world.places[place].and_then(|id| world.simulator.clients.get(&id));
    let Some(Client::Scripted(received)) = client else { return Ok(()) };
    if let Some(packet) = received.get(usize::from(which) % received.len().max(1)) {
        let mut packet = packet.to_vec();
        let at = usize::from(at) % packet.len().max(1);
        packet.get_mut(at).into_iter().for_each(|byte| *byte ^= change);
        world.inject(place, packet);
    }
    Ok(())
}

/// Announces a number for one of our paths.
pub(super) fn announce_path(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    let [id, path, table] = input.arbitrary::<[u8; 3]>()?;
    let methods = methods(usize::from(table) % TABLES);
    let path = PATHS[usize::from(path) % PATHS.len()];
    let mut packet = Vec::new();
    Command::SimplifyPath(SimplifyPath { md5: *methods.md5_digits(), id: id.into(), path })
        .encode(&mut packet);
    world.inject(place, packet);
    Ok(())
}

/// Confirms the first numbers of paths, whether or not they were announced.
pub(super) fn confirm_paths(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (place, valid) = (place(input)?, input.arbitrary()?);
    for id in 1..4 {
        let mut packet = Vec::new();
        Command::ConfirmPath { valid, id }.encode(&mut packet);
        world.inject(place, packet);
    }
    Ok(())
}

fn packet(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let len = usize::from(input.arbitrary::<u8>()?);
    Ok(input.bytes(len.min(input.len()))?.to_vec())
}
