//! The transport of a client: one connection, to the server.

use std::time::Duration;

use crate::{
    close::{CloseCause, CloseInfo, Limit},
    error::Error,
    multiplayer::{id::PeerId, output::Output, session::Session},
    packet::Packet,
    peer::WebSocketPeer,
    state::ReadyState,
};

/// The connection to the server.
#[derive(Debug)]
pub(super) struct ClientTransport {
    pub(super) peer: WebSocketPeer,
    /// The state that the session knows.
    reported: ReadyState,
    /// `true` if this end closed it because a packet of the session did not fit into the send queue.
    has_overflowed: bool,
}

impl ClientTransport {
    pub(super) fn new(peer: WebSocketPeer) -> Self {
        Self { peer, reported: ReadyState::Connecting, has_overflowed: false }
    }

    /// Passes the next event to the session. Returns `true` if there was one.
    pub(super) fn pump_event(&mut self, session: &mut Session, now: Duration) -> bool {
        if self.reported == ReadyState::Connecting && self.peer.state() == ReadyState::Open {
            self.reported = ReadyState::Open;
            session.peer_joined(PeerId::SERVER, now);
        } else if let Some(packet) = self.peer.recv() {
            session.receive(PeerId::SERVER, packet, now);
        } else if let Some(info) = self.peer.close_info().filter(|_| self.reported != ReadyState::Closed) {
            let overflow = CloseCause::LimitExceeded(Limit::SessionBacklog);
            let info = if self.has_overflowed { CloseInfo::new(overflow) } else { info.clone() };
            self.reported = ReadyState::Closed;
            session.peer_left(PeerId::SERVER, info);
        } else {
            return false;
        }
        true
    }

    /// Returns `true` if the connection has ended, and the session knows that.
    pub(super) fn is_closed(&self) -> bool {
        self.reported == ReadyState::Closed
    }

    /// Executes the session's outputs.
    pub(super) fn apply_outputs(&mut self, session: &mut Session) {
        while let Some(output) = session.next_output() {
            match output {
                Output::Send { packet, .. } => self.send(packet),
                Output::SendAll { packets, .. } => packets.into_iter().for_each(|packet| self.send(packet)),
                Output::Disconnect { code, reason, .. } => {
                    if let Err(error) = self.peer.close_with(code, reason) {
                        debug_assert!(false, "a session's reasons are short: {error}");
                    }
                }
            }
        }
    }

    fn send(&mut self, packet: Packet) {
        match self.peer.send_packet(packet) {
            // It is closing. Its end is reported soon.
            Ok(()) | Err(Error::NotOpen { .. }) => {}
            // A session is reliable: an end that misses a packet cannot stay. Received packets stay readable.
            Err(_) => {
                self.peer.abort();
                self.has_overflowed = true;
            }
        }
    }
}
