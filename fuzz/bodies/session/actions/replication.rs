//! Nodes that our ends spawn, change, and show to others.

use arbitrary::{Result, Unstructured};

use super::{
    super::{
        history::{NO_METHODS, SPAWNER, SYNCHRONIZER},
        source::{CUSTOM, PROPERTIES, Source, properties, spawner},
        world::World,
    },
    index,
    programs::declare,
    target,
};
use crate::multiplayer::{NodeKey, Spawn};

pub(super) fn register_spawner(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let index = index(input)?;
    declare(world, index, SPAWNER, NO_METHODS, |session, path| session.register_spawner(path, spawner()));
    Ok(())
}

pub(super) fn register_synchronizer(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let index = index(input)?;
    let key = declare(world, index, SYNCHRONIZER, NO_METHODS, |session, path| {
        session.register_synchronizer(path, properties())
    });
    if let (Some(key), Some(end)) = (key, world.participant(index)) {
        end.sources.push(Source::of(key));
    }
    Ok(())
}

pub(super) fn spawn(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let index = index(input)?;
    let [choice, value] = input.arbitrary::<[u8; 2]>()?;
    let (since, is_small) = (world.actions, world.options.max_packet_size < 1000);
    let Some(end) = world.participant(index) else { return Ok(()) };
    let Some(spawner) = end.at(SPAWNER) else { return Ok(()) };
    let is_chosen = |bit: u8| choice >> bit & 1 == 1;
    let values = [i64::from(value), -i64::from(value)];

    let mut spawn = if is_chosen(0) { Spawn::custom(CUSTOM) } else { Spawn::scene(0) };
    for (property, value) in PROPERTIES.iter().zip(values) {
        spawn = spawn.with(*property, value);
    }
    if is_chosen(1) {
        spawn = spawn.hidden();
    }
    if is_chosen(2) {
        spawn = spawn.named(format!("Orc {since}"));
    }
    // An end that has left, or has not yet read that the server is lost, may spawn: no peer sees the node.
    let may = !end.observed.is_over() && end.observed.id() == Some(spawner.authority);
    let result = end.session.spawn(spawner.key, spawn);
    assert!(result.is_ok() == may || is_small, "{result:?}");
    let Some(key) = end.succeeded(result) else { return Ok(()) };
    let name = end.session.spawned_name(key).map(str::to_owned);
    assert!(name.is_some(), "a spawned node has no name");
    let (is_public, values) = (!is_chosen(1), values.map(Some));
    end.sources.push(Source { name, is_public, values, ..Source::of(key) });
    Ok(())
}

pub(super) fn despawn(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let Some((index, key)) = source(world, input)? else { return Ok(()) };
    let Some(end) = world.participant(index) else { return Ok(()) };
    let result = end.session.despawn(key);
    if end.succeeded(result).is_some() {
        end.sources.retain(|source| source.key != key);
    }
    Ok(())
}

pub(super) fn set_property(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let source = source(world, input)?;
    let [place, value] = input.arbitrary::<[u8; 2]>()?;
    let (place, value) = (usize::from(place) % PROPERTIES.len(), i64::from(value));
    let Some((index, key)) = source else { return Ok(()) };
    let Some(end) = world.participant(index) else { return Ok(()) };
    let result = end.session.set_property(key, PROPERTIES[place], value);
    if end.succeeded(result).is_some() {
        let set = end.sources.iter_mut().find(|source| source.key == key);
        set.into_iter().for_each(|source| source.values[place] = Some(value));
    }
    Ok(())
}

pub(super) fn replicate(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let index = index(input)?;
    if let Some(end) = world.participant(index) {
        end.session.replicate();
    }
    Ok(())
}

/// Shows a node to peers, or hides it.
pub(super) fn show(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let source = source(world, input)?;
    let (to, is_shown) = (target(world, input)?, input.arbitrary()?);
    let Some((index, key)) = source else { return Ok(()) };
    let Some(end) = world.participant(index) else { return Ok(()) };
    let result = if is_shown { end.session.show(key, to) } else { end.session.hide(key, to) };
    if end.succeeded(result).is_some() {
        let shown = end.sources.iter_mut().find(|source| source.key == key);
        shown.into_iter().for_each(|source| source.shown.push((to, is_shown)));
    }
    Ok(())
}

/// One of our ends, and a node that it replicates.
fn source(world: &mut World, input: &mut Unstructured<'_>) -> Result<Option<(usize, NodeKey)>> {
    let (index, choice) = (index(input)?, usize::from(input.arbitrary::<u8>()?));
    let Some(end) = world.participant(index) else { return Ok(None) };
    let source = end.sources.get(choice % end.sources.len().max(1));
    Ok(source.map(|source| (index, source.key)))
}
