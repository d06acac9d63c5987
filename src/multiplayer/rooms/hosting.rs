//! Methods about the server and its connections.

use std::{net::SocketAddr, task::Waker, time::Duration};

use super::{
    RoomServer, directory::PlacedRequest, error::RoomError, event::RoomCloseCause, info::RoomServerStats,
    key::RoomKey,
};
use crate::{
    close::CloseCode, error::Error, multiplayer::id::PeerId, options::TlsCertificate, server::PeerInfo, sys,
    upgraded::UpgradedStream,
};

impl RoomServer {
    /// Returns a handle with which another thread ends the current [`wait`](Self::wait), or else the next one.
    pub fn waker(&self) -> Waker {
        self.side.server.waker()
    }

    /// Returns the address that it listens on.
    ///
    /// # Errors
    /// [`Error::Io`] after the server has stopped listening.
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        self.side.server.local_addr()
    }

    /// Returns the address, request and statistics of a peer's connection, until its `PeerDisconnected` is read.
    /// `None` for other peers.
    pub fn peer(&self, id: PeerId) -> Option<PeerInfo<'_>> {
        self.side.server.peer(self.side.key(id)?)
    }

    /// Returns the bytes that [`Placement::data`](super::Placement::data) has attached to a peer. `None` for a peer
    /// that is not connected.
    pub fn peer_data(&self, id: PeerId) -> Option<&[u8]> {
        let placed = self.peer(id)?.user_data::<PlacedRequest>()?;
        Some(&placed.data)
    }

    /// Rejects new clients with 503, until it is called with `false`. Connected clients stay, and the hook still gets
    /// plain HTTP requests. After [`shutdown`](Self::shutdown) it has no effect.
    ///
    /// Godot: `refuse_new_connections`, which leaves new clients without an answer.
    pub fn refuse_new_connections(&mut self, refuse: bool) {
        if self.shutdown_deadline.is_none() {
            self.side.refuse_new_connections(refuse);
        }
    }

    /// Replaces the certificate, like
    /// [`WebSocketServer::set_certificate`](crate::WebSocketServer::set_certificate).
    ///
    /// # Errors
    /// The errors of `WebSocketServer::set_certificate`.
    pub fn set_certificate(&mut self, certificate: TlsCertificate) -> Result<(), Error> {
        self.side.server.set_certificate(certificate)
    }

    /// Accepts a stream on which a web framework has made the handshake, like
    /// [`WebSocketServer::accept_upgraded`](crate::WebSocketServer::accept_upgraded). The client joins this room.
    /// `data` are the bytes that [`peer_data`](Self::peer_data) returns; they replace the stream's user data.
    ///
    /// # Errors
    /// [`RoomError::UnknownRoom`] and [`RoomError::RoomFull`], after which the stream is dropped; the errors of
    /// `WebSocketServer::accept_upgraded`.
    pub fn accept_upgraded(
        &mut self,
        upgraded: UpgradedStream,
        room: RoomKey,
        data: impl Into<Vec<u8>>,
    ) -> Result<(), RoomError> {
        let place = self.directory.take_place(room)?;
        let placed = PlacedRequest::new(place, data.into());
        self.side.server.accept_upgraded(upgraded.user_data(placed))?;
        Ok(())
    }

    /// Returns counters of the whole server, for metrics. It visits every connection.
    pub fn stats(&self) -> RoomServerStats {
        RoomServerStats { server: self.side.server.stats(), rooms: self.rooms.open_count(), ..self.stats }
    }

    /// Shuts the server down: it rejects new clients, and closes all rooms with code 1001 and
    /// [`RoomCloseCause::ServerShutDown`]. Peers still receive everything that was sent to them. Connections that are
    /// left after the time `within` are aborted. It does not block: continue to poll and to read events until
    /// [`is_shut_down`](Self::is_shut_down).
    pub fn shutdown(&mut self, within: Duration) {
        if self.shutdown_deadline.is_some() {
            return;
        }
        let now = self.clock.advance(sys::now());
        self.shutdown_deadline = Some(now.saturating_add(within));
        self.side.refuse_new_connections(true);
        self.take_opened();
        for (room, _) in self.rooms.open().map(|(key, room)| (key, room.members)).collect::<Vec<_>>() {
            self.close_room(
                room,
                RoomCloseCause::ServerShutDown,
                CloseCode::GOING_AWAY,
                "the server shuts down",
            );
        }
        self.continue_shutdown();
    }

    /// Returns `true` after [`shutdown`](Self::shutdown), when no connection is left and every event was read.
    pub fn is_shut_down(&self) -> bool {
        self.side.server.is_shut_down() && !self.rooms.has_unread()
    }

    /// Stops listening when the rooms are gone, or when the time that is left is needed to close the connections.
    pub(super) fn continue_shutdown(&mut self) {
        let Some(deadline) = self.shutdown_deadline else { return };
        let left = deadline.saturating_sub(self.clock.now());
        let is_late = left <= self.side.server.options().connection.close_timeout;
        if !self.has_stopped_listening && (self.rooms.is_empty() || is_late) {
            self.has_stopped_listening = true;
            self.side.server.shutdown(left);
        }
    }
}
