//! The side of a client: one connection, to the server.

use std::time::Duration;

use crate::{
    close::{CloseCause, CloseCode, CloseInfo, Timeout},
    error::Error,
    multiplayer::{id::PeerId, peer::event::PeerEvent},
    packet::{Outgoing, Packet},
    peer::WebSocketPeer,
    state::ReadyState,
};

/// The connection to the server, and the id that it assigned.
#[derive(Debug)]
pub(in super::super) struct ClientSide {
    pub(in super::super) peer: WebSocketPeer,
    /// The time by which the id must arrive.
    id_due: Option<Duration>,
    /// The id, since the program read `Connected`.
    id: Option<PeerId>,
    /// `true` if this end has disconnected the server, so that nothing more is received from it.
    is_muted: bool,
    /// `true` if the program has closed this end.
    has_left: bool,
    /// The reason for which this end gave up. It replaces the cause of the connection's end.
    failure: Option<CloseCause>,
    /// How the connection ended, since the program read that.
    end: Option<CloseInfo>,
}

impl ClientSide {
    /// Takes over a connection that was started, or is about to start, at this time.
    pub(super) fn new(peer: WebSocketPeer, now: Duration) -> Self {
        let id_due = now.checked_add(peer.options().connect_timeout);
        Self { peer, id_due, id: None, is_muted: false, has_left: false, failure: None, end: None }
    }

    pub(in super::super) fn next_event(&mut self) -> Option<PeerEvent> {
        if self.end.is_some() {
            return None;
        }
        while let Some(packet) = self.peer.recv() {
            if self.is_muted {
                continue;
            }
            if self.id.is_some() {
                return Some(PeerEvent::Packet(PeerId::SERVER, packet));
            }
            if self.failure.is_some() {
                continue;
            }
            self.id = read_id(&packet);
            if self.id.is_some() {
                return Some(PeerEvent::Connected(PeerId::SERVER));
            }
            let cause = CloseCause::HandshakeFailed { reason: "the server's first packet was not an id" };
            self.give_up(cause, "the first packet was not an id");
        }
        let mut info = self.peer.close_info()?.clone();
        if let Some(cause) = self.failure.take() {
            info.cause = cause;
        }
        self.end = Some(info.clone());
        Some(match self.id {
            Some(_) => PeerEvent::Disconnected(PeerId::SERVER, info),
            None => PeerEvent::ConnectionFailed(info),
        })
    }

    /// Returns `true` if there is an event to read.
    pub(super) fn has_event(&self) -> bool {
        self.end.is_none() && (self.peer.available() > 0 || self.peer.close_info().is_some())
    }

    /// Gives up if the id has not arrived in time.
    pub(in super::super) fn advance(&mut self, now: Duration) {
        self.drop_packets();
        if self.next_deadline().is_some_and(|due| now >= due) {
            let timeout = CloseCause::TimedOut(Timeout::Connect);
            self.give_up(timeout, "the server sent no id in time");
        }
    }

    /// Returns the time at which [`advance`](Self::advance) has work, if nothing happens before. Until the connection
    /// is open it has a timeout of its own; and a packet that waits to be read is not late.
    pub(in super::super) fn next_deadline(&self) -> Option<Duration> {
        let awaits_id = self.id.is_none() && self.failure.is_none() && !self.has_left;
        let is_idle = self.peer.state() == ReadyState::Open && self.peer.available() == 0;
        self.id_due.filter(|_| awaits_id && is_idle)
    }

    pub(super) fn send(&mut self, packet: Outgoing<'_>) -> Result<(), Error> {
        if let Some(state) = self.closed_state() {
            return Err(Error::NotOpen { state });
        }
        let sent = match packet {
            _ if packet.len() == 0 => return Ok(()),
            Outgoing::Text(text) => self.peer.send_text(text),
            Outgoing::Binary(data) => self.peer.send(data),
            Outgoing::Shared(packet) => self.peer.send_packet(packet),
        };
        match sent {
            // The server is gone, and the program has not read that.
            Err(Error::NotOpen { .. }) => Ok(()),
            result => result,
        }
    }

    /// Returns the state in which nothing can be sent, as far as the program has read events.
    fn closed_state(&self) -> Option<ReadyState> {
        match (self.id, self.has_left) {
            _ if self.end.is_some() => Some(ReadyState::Closed),
            (_, true) => Some(ReadyState::Closing),
            (None, false) => Some(ReadyState::Connecting),
            (Some(_), false) => None,
        }
    }

    /// Returns `true` if the server is connected, as far as the program has read events.
    pub(super) fn is_connected(&self) -> bool {
        self.closed_state().is_none()
    }

    /// Returns `true` if the connection has ended, or the program has closed it.
    pub(super) fn is_over(&self) -> bool {
        self.has_left || self.end.is_some()
    }

    pub(in super::super) fn id(&self) -> Option<PeerId> {
        self.id
    }

    pub(super) fn close_info(&self) -> Option<&CloseInfo> {
        self.end.as_ref()
    }

    pub(super) fn close(&mut self) {
        (self.has_left, self.is_muted) = (true, true);
        self.peer.close();
        self.drop_packets();
    }

    /// Drops what arrives after the program has disconnected the server. Packets that stay in the inbox would end each
    /// wait at once, and a full inbox would hold up the server's answer to the close.
    fn drop_packets(&mut self) {
        while self.is_muted && self.peer.recv().is_some() {}
    }

    /// Closes the connection. Nothing more is received from the server.
    pub(in super::super) fn disconnect(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.peer.close_with(code, reason)?;
        self.is_muted = true;
        self.drop_packets();
        Ok(())
    }

    /// Ends the connection at once, for this reason. Packets that have arrived can still be read.
    pub(in super::super) fn abort_for(&mut self, cause: CloseCause) {
        self.peer.abort();
        self.failure = Some(cause);
    }

    /// Closes a connection that has no id.
    fn give_up(&mut self, cause: CloseCause, reason: &str) {
        self.failure = Some(cause);
        if let Err(error) = self.peer.close_with(CloseCode::NORMAL, reason) {
            debug_assert!(false, "the reason is short: {error}");
        }
    }
}

/// Returns the id in the server's first packet, which contains nothing else.
fn read_id(packet: &Packet) -> Option<PeerId> {
    let id = i32::from_le_bytes(packet.as_bytes().try_into().ok()?);
    PeerId::new(id).filter(|id| *id != PeerId::SERVER)
}
