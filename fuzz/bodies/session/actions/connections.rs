//! Connections, deliveries and time.

use std::time::Duration;

use arbitrary::{Result, Unstructured};

use super::{
    super::{
        simulator::Direction,
        world::{Kind, World},
    },
    peer, place,
};
use crate::{
    close::{CloseCause, CloseInfo},
    multiplayer::PeerId,
    packet::Packet,
};

/// One of our clients connects.
pub(super) fn join(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    world.connect(place, Kind::Ours);
    Ok(())
}

/// A scripted client connects.
pub(super) fn join_scripted(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    world.connect(place, Kind::Scripted);
    Ok(())
}

/// One of our clients connects to an untrusted server.
pub(super) fn join_isolated(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    world.connect(place, Kind::Isolated);
    Ok(())
}

/// Delivers one message.
pub(super) fn deliver(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let choice: u8 = input.arbitrary()?;
    let directions = world.simulator.network.in_transit();
    if let Some(direction) = directions.get(usize::from(choice) % directions.len().max(1)) {
        world.deliver(*direction);
    }
    Ok(())
}

/// Delivers all messages.
pub(super) fn settle(world: &mut World, _: &mut Unstructured<'_>) -> Result<()> {
    world.settle();
    Ok(())
}

/// Lets time pass.
pub(super) fn pass(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    world.pass(Duration::from_millis(input.arbitrary::<u16>()?.into()));
    Ok(())
}

/// Breaks a connection.
pub(super) fn cut(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    let Some(id) = world.places[place] else { return Ok(()) };
    match world.isolated.get_mut(&id) {
        Some(client) => {
            client.session.peer_left(PeerId::SERVER, CloseInfo::from(CloseCause::ConnectionLost));
        }
        None => world.simulator.network.cut(id),
    }
    Ok(())
}

/// A transport makes calls that contradict its earlier ones. They are ignored.
pub(super) fn misuse(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let peer = peer(world, input)?;
    let simulator = &mut world.simulator;
    let (session, now) = (&mut simulator.server.session, simulator.now);
    let before = session.peers().len();
    if simulator.network.has_ended(Direction::to_server(peer)) {
        session.peer_left(peer, CloseInfo::from(CloseCause::ConnectionLost));
        session.receive(peer, Packet::text("?"), now);
    } else {
        session.peer_joined(peer, now);
    }
    session.peer_joined(PeerId::SERVER, now);
    session.connected(peer, now);
    assert!(session.next_output().is_none() && session.peers().len() == before);
    Ok(())
}
