//! The server's end: its connections, and the ids that the session knows them by.

use std::time::Duration;

use super::names::Names;
use crate::{
    close::{CloseCause, CloseCode, CloseInfo, Excess},
    error::Error,
    multiplayer::{
        id::PeerId,
        output::{Output, Recipients},
        session::Session,
    },
    packet::Packet,
    server::{PeerInfo, PeerKey, ServerEvent, WebSocketServer},
};

/// A server, and who is who on it.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) server: WebSocketServer,
    names: Names,
    /// Who was found to have no room for a packet.
    behind: Vec<PeerKey>,
    is_shutting_down: bool,
}

impl Host {
    pub(super) fn new(server: WebSocketServer) -> Self {
        Self { server, names: Names::default(), behind: Vec::new(), is_shutting_down: false }
    }

    /// Tells the session what has happened next, if anything has, and how many bytes that is.
    pub(super) fn tell_next(&mut self, session: &mut Session, now: Duration) -> Option<usize> {
        let mut bytes = 0;
        match self.server.next_event()? {
            ServerEvent::Opened(key) => {
                session.peer_joined(self.names.give(key), now);
            }
            ServerEvent::Packet(key, packet) => {
                bytes = packet.len();
                if let Some(id) = self.names.id(key) {
                    session.receive(id, packet, now);
                }
            }
            ServerEvent::Closed(key, info) => self.forget(key, info, session),
        }
        Some(bytes)
    }

    /// Does what the session wants.
    pub(super) fn carry_out(&mut self, session: &mut Session) {
        while let Some(output) = session.next_output() {
            match output {
                Output::Send { to, packet } => self.send(&to, &packet),
                Output::SendAll { to, packets } => {
                    for packet in &packets {
                        self.send(&to, packet);
                        self.part_with_those_behind(session);
                    }
                }
                Output::Disconnect { peer, code, reason } => {
                    if let Some(key) = self.names.key(peer) {
                        self.close(key, code, reason);
                    }
                }
            }
            self.part_with_those_behind(session);
        }
    }

    /// The session is over: whoever is left is asked to go.
    pub(super) fn shut_down(&mut self) {
        if !std::mem::replace(&mut self.is_shutting_down, true) {
            self.server.shutdown(self.server.options().peer.close_timeout);
        }
    }

    pub(super) fn peer(&self, id: PeerId) -> Option<PeerInfo<'_>> {
        self.server.peer(self.names.key(id)?)
    }

    fn send(&mut self, to: &Recipients, packet: &Packet) {
        match to {
            Recipients::One(id) => {
                let Some(key) = self.names.key(*id) else { return };
                if let Err(error) = self.server.send_packet(key, packet) {
                    self.missed(key, &error);
                }
            }
            Recipients::Many(ids) => {
                let keys = ids.iter().filter_map(|id| self.names.key(*id));
                let mut missed = Vec::new();
                self.server.send_to_many(packet, keys, |key, error| missed.push((key, error)));
                missed.iter().for_each(|(key, error)| self.missed(*key, error));
            }
        }
    }

    /// A packet could not be given to this peer.
    fn missed(&mut self, key: PeerKey, error: &Error) {
        // One that is closing is told of as closed soon.
        if !matches!(error, Error::NotOpen { .. } | Error::UnknownPeer) {
            self.behind.push(key);
        }
    }

    /// Who missed a packet of a session that is reliable and ordered cannot stay in it.
    fn part_with_those_behind(&mut self, session: &mut Session) {
        while let Some(key) = self.behind.pop() {
            self.close(key, CloseCode::POLICY, "takes packets too slowly");
            let cause = CloseCause::Excess { what: Excess::Behind };
            self.forget(key, CloseInfo::with_code(cause, CloseCode::POLICY.get()), session);
        }
    }

    /// Closes a connection; one that is over already stays as it is.
    fn close(&mut self, key: PeerKey, code: CloseCode, reason: &str) {
        if let Err(error) = self.server.close(key, code, reason) {
            debug_assert_eq!(error, Error::UnknownPeer);
        }
    }

    fn forget(&mut self, key: PeerKey, info: CloseInfo, session: &mut Session) {
        if let Some(id) = self.names.take(key) {
            session.peer_left(id, info);
        }
    }
}
