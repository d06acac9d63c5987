//! Moves a peer to another room.

use super::{RoomServer, error::RoomError, key::RoomKey};
use crate::{error::Error, multiplayer::id::PeerId, sys};

impl RoomServer {
    /// Returns the room that a peer is in, also while it is arriving there.
    pub fn room_of(&self, peer: PeerId) -> Option<RoomKey> {
        self.members.get(&peer).map(|member| member.room).filter(|room| self.rooms.get(*room).is_some())
    }

    /// Moves a peer to another room. It keeps its connection and its id.
    ///
    /// The peers of the former room see it leave, with
    /// [`DisconnectReason::Moved`](crate::multiplayer::DisconnectReason::Moved) in this program. The peer sees them
    /// leave, and the nodes that the server had spawned in that room despawn. When it has confirmed that, it joins the
    /// other room: both sides see each other join, with
    /// [`Event::PeerConnected`](crate::multiplayer::Event::PeerConnected) in this program, or
    /// [`Event::ArrivalFailed`](crate::multiplayer::Event::ArrivalFailed) if it is gone before. What it sent in the
    /// meantime is dropped.
    ///
    /// To the peer, the server has not left. It is not informed otherwise: call a method of a node before, or
    /// afterwards. A client that has spawned nodes has to remove them itself. Of its synchronizers, the other room gets only what
    /// changes later. It is not authenticated again.
    ///
    /// A peer that is in the room already stays there.
    ///
    /// # Errors
    /// After an error nothing has changed.
    /// - [`Error::UnknownPeer`] for a peer that is not connected, or that its room has not admitted: it authenticates, is
    ///   arriving from another room, or is being disconnected.
    /// - [`RoomError::UnknownRoom`], [`RoomError::RoomFull`].
    /// - [`RoomError::NotAuthenticated`] if the room requires authentication, and the room that the peer joined first did
    ///   not.
    pub fn move_peer(&mut self, peer: PeerId, to: RoomKey) -> Result<(), RoomError> {
        let now = self.clock.advance(sys::now());
        let target = self.rooms.get(to).ok_or(RoomError::UnknownRoom)?;
        let member = self.members.get_mut(&peer).ok_or(Error::UnknownPeer)?;
        let from = member.room;
        if from == to {
            return Ok(());
        }
        if target.options.session.authenticate && !member.is_authenticated {
            return Err(RoomError::NotAuthenticated);
        }
        let place = self.directory.take_place(to)?;

        let source = self.rooms.any_mut(from).filter(|room| room.is_open).ok_or(Error::UnknownPeer)?;
        source.session.tick(now);
        let transfer = source.session.release_peer(peer)?;
        source.relay.forget(&mut self.side, member.connection);
        source.relay.apply_outputs(&mut self.side, &mut source.session);
        member.room = to;
        member.place = place;

        if let Some(target) = self.rooms.any_mut(to) {
            target.add_member();
            self.side.server.set_group(member.connection, Some(target.memory));
            target.session.adopt_peer(peer, transfer, self.move_timeout, now);
            target.relay.apply_outputs(&mut self.side, &mut target.session);
            let bytes = target.session.memory_usage(peer);
            self.side.server.set_external_memory(member.connection, bytes);
        }
        self.rooms.update(to);
        self.remove_member(from);
        self.stats.moves += 1;
        Ok(())
    }
}
