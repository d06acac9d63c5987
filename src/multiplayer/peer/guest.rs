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

/// The connection to the server, and what of it the session has been told.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) peer: WebSocketPeer,
    told: ReadyState,
    /// `true` if it was ended because a packet of the session found no room.
    is_behind: bool,
}

impl Guest {
    pub(super) fn new(peer: WebSocketPeer) -> Self {
        Self { peer, told: ReadyState::Connecting, is_behind: false }
    }

    /// Tells the session what has happened next. Returns `true` if anything has.
    pub(super) fn tell_next(&mut self, session: &mut Session, now: Duration) -> bool {
        if self.told == ReadyState::Connecting && self.peer.state() == ReadyState::Open {
            self.told = ReadyState::Open;
            session.peer_joined(PeerId::SERVER, now);
        } else if let Some(packet) = self.peer.recv() {
            session.receive(PeerId::SERVER, packet, now);
        } else if let Some(info) = self.peer.close_info().filter(|_| self.told != ReadyState::Closed) {
            let behind = CloseCause::LimitExceeded(Limit::SessionBacklog);
            let info = if self.is_behind { CloseInfo::new(behind) } else { info.clone() };
            self.told = ReadyState::Closed;
            session.peer_left(PeerId::SERVER, info);
        } else {
            return false;
        }
        true
    }

    /// Whether the connection is over, and the session was told so.
    pub(super) fn is_over(&self) -> bool {
        self.told == ReadyState::Closed
    }

    /// Does what the session wants.
    pub(super) fn carry_out(&mut self, session: &mut Session) {
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
                self.is_behind = true;
            }
        }
    }
}
