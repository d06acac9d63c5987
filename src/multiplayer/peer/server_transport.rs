//! The server's end: its connections, and the ids that the session knows them by.

use std::time::Duration;

use super::{
    flow_control::{FlowControl, Sent},
    peer_id_map::PeerIdMap,
};
use crate::{
    close::{CloseCode, CloseInfo, Limit},
    error::Error,
    multiplayer::{
        id::PeerId,
        output::{Output, Recipients},
        session::Session,
        wire::is_membership,
    },
    packet::Packet,
    server::{EncodedPackets, PeerInfo, PeerKey, ServerEvent, Urgency, WebSocketServer},
};

/// From how many members on they learn a little later of others that have come or gone, or together with what is sent to them
/// next: a system call for each of them costs some microseconds.
const MANY: usize = 32;
/// For how long that may wait for each of them, so that it takes a few percent of a processor at most;
const DELAY: Duration = Duration::from_micros(250);
/// and for how many of them: a quarter of a second in all.
const MOST: usize = 1000;

/// How many packets a poll sends, each counted for each receiver, before it leaves what has come to the next: relays must not
/// keep the program from its frame.
const MAX_SENDS: usize = 16 * 1024;

/// A server, and who is who on it.
#[derive(Debug)]
pub(super) struct ServerTransport {
    pub(super) server: WebSocketServer,
    peer_ids: PeerIdMap,
    flow: FlowControl,
    /// The client whose packet the session was given last, until its consequences are sent.
    source: Option<PeerKey>,
    now: Duration,
    /// How many packets were sent since the poll began, each counted for each receiver.
    sends: usize,
    /// Who was found to have no room for a packet.
    slow_peers: Vec<PeerKey>,
    is_shutting_down: bool,
}

/// What the session was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pumped {
    /// A client has come.
    Joined,
    /// A client has sent a packet.
    Packet,
    /// A client has left. The others can learn of that together with what follows.
    Left,
}

impl ServerTransport {
    pub(super) fn new(server: WebSocketServer, session: &Session) -> Self {
        let slow_reader_timeout = server.options().slow_reader_timeout;
        let flow = FlowControl::new(session.options().max_relayed_bytes_per_second, slow_reader_timeout);
        Self {
            server,
            peer_ids: PeerIdMap::default(),
            flow,
            source: None,
            now: Duration::ZERO,
            sends: 0,
            slow_peers: Vec::new(),
            is_shutting_down: false,
        }
    }

    /// Tells the session what has happened next, if anything has.
    pub(super) fn pump_event(&mut self, session: &mut Session, now: Duration) -> Option<Pumped> {
        self.now = now;
        let taken = match self.server.next_event()? {
            ServerEvent::Opened(key) => {
                session.peer_joined(self.peer_ids.assign(key), now);
                Pumped::Joined
            }
            ServerEvent::Packet(key, packet) => {
                if let Some(id) = self.peer_ids.id(key) {
                    self.source = Some(key);
                    session.set_memory_scarce(self.server.is_memory_scarce());
                    session.receive(id, packet, now);
                    if let Some(held) = session.take_changed_memory_usage(id) {
                        self.server.set_external_memory(key, held);
                    }
                }
                Pumped::Packet
            }
            ServerEvent::Closed(key, info) => {
                self.forget(key, info, session);
                Pumped::Left
            }
        };
        Some(taken)
    }

    /// Does what the session wants.
    pub(super) fn apply_outputs(&mut self, session: &mut Session) {
        let mut sent = Sent::default();
        while let Some(output) = session.next_output() {
            match output {
                Output::Send { to, packet } => match to {
                    Recipients::One(id) => {
                        self.send(id, &mut sent, packet.len(), |server, key| server.must_send(key, &packet));
                    }
                    Recipients::Many(ids) => {
                        self.send_to_many(&ids, std::slice::from_ref(&packet), &mut sent)
                    }
                },
                Output::SendAll { to, packets } => self.send_to_many(to.as_slice(), &packets, &mut sent),
                Output::Disconnect { peer, code, reason } => {
                    if let Some(key) = self.peer_ids.key(peer) {
                        self.close(key, code, reason);
                    }
                }
            }
            self.drop_slow_peers();
        }
        if sent.receivers >= MANY {
            self.server.yield_to_other_peers();
        }
        if let Some(source) = self.source.take() {
            self.flow.count(&mut self.server, source, &sent, self.now);
        }
    }

    /// Returns `true` while a poll may take in more, by the work that it was so far.
    pub(super) fn may_send(&self) -> bool {
        self.sends < MAX_SENDS
    }

    /// Lets clients go on that waited for others, and parts with those that were waited for too long.
    pub(super) fn advance(&mut self, now: Duration) {
        self.now = now;
        self.sends = 0;
        self.slow_peers.extend(self.flow.advance(&mut self.server, now));
        self.drop_slow_peers();
    }

    /// Returns when [`advance`](Self::advance) has something to do, if nothing happens before.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.flow.next_deadline()
    }

    /// The session is over: whoever is left is asked to go.
    pub(super) fn shut_down(&mut self) {
        if !std::mem::replace(&mut self.is_shutting_down, true) {
            self.flow.release_all(&mut self.server);
            self.server.shutdown(self.server.options().connection.close_timeout);
        }
    }

    pub(super) fn peer(&self, id: PeerId) -> Option<PeerInfo<'_>> {
        self.server.peer(self.peer_ids.key(id)?)
    }

    fn send_to_many(&mut self, ids: &[PeerId], packets: &[Packet], sent: &mut Sent) {
        let encoded = EncodedPackets::new(packets);
        let can_wait = ids.len() >= MANY && packets.iter().all(|packet| is_membership(packet));
        let urgency =
            if can_wait { Urgency::Within(DELAY * (ids.len().min(MOST)) as u32) } else { Urgency::Now };
        for id in ids {
            let send = |server: &mut WebSocketServer, key| server.must_send_encoded(key, &encoded, urgency);
            self.send(*id, sent, encoded.payload(), send);
        }
    }

    fn send(
        &mut self,
        to: PeerId,
        sent: &mut Sent,
        len: usize,
        send: impl FnOnce(&mut WebSocketServer, PeerKey) -> Result<(), Error>,
    ) {
        let Some(key) = self.peer_ids.key(to) else { return };
        match send(&mut self.server, key) {
            Ok(()) => {
                sent.bytes += len;
                sent.receivers += 1;
                self.sends += 1;
                if self.server.is_congested_after_flush(key) {
                    self.flow.congest(&self.server, key, self.now);
                    sent.congested = Some(key);
                }
            }
            // The end of one that is closing is reported soon.
            Err(Error::NotOpen { .. } | Error::UnknownPeer) => {}
            Err(_) => self.slow_peers.push(key),
        }
    }

    /// A session is reliable and ordered: no peer can miss a packet and stay. What it sent before can still be read.
    fn drop_slow_peers(&mut self) {
        while let Some(key) = self.slow_peers.pop() {
            self.flow.release(&mut self.server, key);
            self.server.expel(key, Limit::SessionBacklog, "takes packets too slowly");
        }
    }

    /// Closes a connection; one that is over already stays as it is.
    fn close(&mut self, key: PeerKey, code: CloseCode, reason: &str) {
        self.flow.release(&mut self.server, key);
        if let Err(error) = self.server.close_with(key, code, reason) {
            debug_assert_eq!(error, Error::UnknownPeer);
        }
    }

    fn forget(&mut self, key: PeerKey, info: CloseInfo, session: &mut Session) {
        if let Some(id) = self.peer_ids.remove(key) {
            session.peer_left(id, info);
        }
    }
}
