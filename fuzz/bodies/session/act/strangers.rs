//! What strangers do.

use arbitrary::{Result, Unstructured};

use super::{
    super::{
        ledger::{PATHS, TABLES, methods},
        link::Side,
        world::{Client, Kind, World},
    },
    place, target,
};
use crate::multiplayer::wire::{Command, SimplifyPath, relay_header};

/// A stranger connects.
pub(super) fn let_in(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    world.connect(place, |_, _, _| Kind::Stranger(Vec::new()));
    Ok(())
}

/// A stranger closes its connection.
pub(super) fn hang_up(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    if let Some(Client { id, kind: Kind::Stranger(_) }) = &world.clients[place] {
        let link = world.links.get_mut(id).filter(|link| link.is_open(Side::Client));
        link.into_iter().for_each(|link| link.close(Side::Client));
    }
    Ok(())
}

/// A stranger sends these bytes.
pub(super) fn say(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    let packet = packet(input)?;
    world.inject(place, packet);
    Ok(())
}

/// A stranger has these bytes relayed.
pub(super) fn say_by_relay(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let (place, to) = (place(input)?, target(world, input)?);
    let packet = packet(input)?;
    world.inject(place, [&relay_header(to.to_godot())[..], &packet].concat());
    Ok(())
}

/// A stranger sends what it has received, a byte of it changed.
pub(super) fn say_again(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    let [which, at, change] = input.arbitrary::<[u8; 3]>()?;
    let Some(Client { kind: Kind::Stranger(received), .. }) = &world.clients[place] else { return Ok(()) };
    if let Some(packet) = received.get(usize::from(which) % received.len().max(1)) {
        let mut packet = packet.to_vec();
        let at = usize::from(at) % packet.len().max(1);
        packet.get_mut(at).into_iter().for_each(|byte| *byte ^= change);
        world.inject(place, packet);
    }
    Ok(())
}

/// A stranger numbers one of our paths.
pub(super) fn name_path(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
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

/// A stranger confirms the first numbers that it may have been told.
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
