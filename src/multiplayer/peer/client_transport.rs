//! A client's end: one connection, to the server.

use std::time::Duration;

use crate::{
    close::{CloseCause, CloseInfo, Limit},
    error::Error,
    multiplayer::{id::PeerId, output::Output, session::Session},
    packet::Packet,
    peer::WebSocketPeer,
    state::ReadyState,
};

/// The connection to the server, and what of it the session has been reported.
#[derive(Debug)]
pub(super) struct ClientTransport {
    pub(super) peer: WebSocketPeer,
    reported: ReadyState,
    /// `true` if it was ended because a packet of the session found no room.
    has_overflowed: bool,
}

impl ClientTransport {
    pub(super) fn new(peer: WebSocketPeer) -> Self {
        Self { peer, reported: ReadyState::Connecting, has_overflowed: false }
    }

    /// Tells the session what has happened next. Returns `true` if anything has.
    pub(super) fn pump_event(&mut self, session: &mut Session, now: Duration) -> bool {
        if self.reported == ReadyState::Connecting && self.peer.state() == ReadyState::Open {
            self.reported = ReadyState::Open;
            session.peer_joined(PeerId::SERVER, now);
        } else if let Some(packet) = self.peer.recv() {
            session.receive(PeerId::SERVER, packet, now);
        } else if let Some(info) = self.peer.close_info().filter(|_| self.reported != ReadyState::Closed) {
            let slow_peers = CloseCause::LimitExceeded(Limit::SessionBacklog);
            let info = if self.has_overflowed { CloseInfo::new(slow_peers) } else { info.clone() };
            self.reported = ReadyState::Closed;
            session.peer_left(PeerId::SERVER, info);
        } else {
            return false;
        }
        true
    }

    /// Whether the connection is over, and the session was reported so.
    pub(super) fn is_closed(&self) -> bool {
        self.reported == ReadyState::Closed
    }

    /// Does what the session wants.
    pub(super) fn apply_outputs(&mut self, session: &mut Session) {
        while let Some(output) = session.next_output() {
            match output {
                Output::Send { packet, .. } => self.send(&packet),
                Output::SendAll { packets, .. } => {
                    packets.iter().for_each(|packet| self.send(packet));
                }
                Output::Disconnect { code, reason, .. } => {
                    if let Err(error) = self.peer.close_with(code, reason) {
                        debug_assert!(false, "a session's reasons are short: {error}");
                    }
                }
            }
        }
    }

    fn send(&mut self, packet: &Packet) {
        match self.peer.send_packet(packet) {
            // The end of one that is closing is reported soon.
            Ok(()) | Err(Error::NotOpen { .. }) => {}
            // A session is reliable and ordered: no end can miss a packet and stay. What came before can still be read.
            Err(_) => {
                self.peer.abort();
                self.has_overflowed = true;
            }
        }
    }
}
