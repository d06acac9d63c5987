//! Connections, deliveries and time.

use std::time::Duration;

use arbitrary::{Result, Unstructured};

use super::{
    super::{
        end::End,
        link::Side,
        world::{Client, Kind, World},
    },
    peer, place,
};
use crate::{
    close::{CloseCause, CloseInfo},
    multiplayer::{PeerId, Session},
    packet::Packet,
};

/// One of ours connects.
pub(super) fn join(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    world.connect(place, |id, options, now| {
        let mut session = Session::client(options.clone());
        session.peer_joined(PeerId::SERVER, now);
        Kind::Ours(End::new(session, id))
    });
    Ok(())
}

/// One of ours connects to a stranger.
pub(super) fn capture(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    world.connect(place, |id, options, now| {
        let mut session = Session::client(options.clone().max_peers(2));
        session.peer_joined(PeerId::SERVER, now);
        Kind::Captive(End::new(session, id))
    });
    Ok(())
}

/// One thing arrives somewhere.
pub(super) fn deliver(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let choice: u8 = input.arbitrary()?;
    let ways = world.ways();
    if let Some((client, side)) = ways.get(usize::from(choice) % ways.len().max(1)) {
        world.deliver(*client, *side);
    }
    Ok(())
}

/// Everything arrives.
pub(super) fn settle(world: &mut World, _: &mut Unstructured<'_>) -> Result<()> {
    world.settle();
    Ok(())
}

pub(super) fn pass(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    world.pass(Duration::from_millis(input.arbitrary::<u16>()?.into()));
    Ok(())
}

/// A connection breaks.
pub(super) fn cut(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let place = place(input)?;
    match &mut world.clients[place] {
        Some(Client { kind: Kind::Captive(end), .. }) => {
            end.session.peer_left(PeerId::SERVER, CloseInfo::from(CloseCause::ConnectionLost));
        }
        Some(Client { id, .. }) => world.links.get_mut(id).into_iter().for_each(|link| link.cut()),
        None => {}
    }
    Ok(())
}

/// A transport tells nonsense. Nothing comes of it but that it is counted.
pub(super) fn misuse(world: &mut World, input: &mut Unstructured<'_>) -> Result<()> {
    let peer = peer(world, input)?;
    let (session, now) = (&mut world.server.session, world.now);
    let before = session.peers().len();
    if world.links.get(&peer).is_some_and(|link| !link.has_ended(Side::Server)) {
        session.peer_joined(peer, now);
    } else {
        session.peer_left(peer, CloseInfo::from(CloseCause::ConnectionLost));
        session.receive(peer, Packet::text("?"), now);
    }
    session.peer_joined(PeerId::SERVER, now);
    assert!(session.next_output().is_none() && session.peers().len() == before);
    Ok(())
}
