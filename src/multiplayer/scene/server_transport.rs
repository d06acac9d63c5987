//! The transport of a server: its connections, and their peer ids in the session.

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

/// The smallest number of receivers for which packets about peers that join or leave may be delayed, to be sent
/// together with the next packet to the same client: a system call for each receiver takes some microseconds.
const DELAYED_FROM: usize = 32;
/// The delay for each receiver, so that such packets take a few percent of a processor at most.
const DELAY_PER_RECEIVER: Duration = Duration::from_micros(250);
/// The number of receivers that the delay is multiplied with at most: a quarter of a second in all.
const MAX_DELAY_FACTOR: usize = 1000;

/// The number of packets that a poll sends, counted for each receiver, before it leaves further events to the next
/// poll: relaying must not delay the program's frame.
const MAX_SENDS: usize = 16 * 1024;

/// A server, and the ids of its clients.
#[derive(Debug)]
pub(super) struct ServerTransport {
    pub(super) server: WebSocketServer,
    peer_ids: PeerIdMap,
    flow: FlowControl,
    /// The client whose packet the session received last, until the outputs that follow from it are sent.
    source: Option<PeerKey>,
    now: Duration,
    /// The number of packets sent since the poll began, counted for each receiver.
    sends: usize,
    /// The clients whose send queues had no room for a packet.
    slow_peers: Vec<PeerKey>,
    is_shutting_down: bool,
}

/// The kind of event that was passed to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pumped {
    /// A client has connected.
    Joined,
    /// A client has sent a packet.
    Packet,
    /// A connection has ended. The others can be informed of several departures together.
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

    /// Passes the next event to the session. Returns its kind.
    pub(super) fn pump_event(&mut self, session: &mut Session, now: Duration) -> Option<Pumped> {
        self.now = now;
        let pumped = match self.server.next_event()? {
            ServerEvent::Opened(key) => {
                session.peer_joined(self.peer_ids.assign(key), now);
                Pumped::Joined
            }
            ServerEvent::Packet(key, packet) => {
                if let Some(id) = self.peer_ids.id(key) {
                    self.source = Some(key);
                    session.set_memory_scarce(self.server.is_memory_scarce());
                    session.receive(id, packet, now);
                    if let Some(bytes) = session.take_changed_memory_usage(id) {
                        self.server.set_external_memory(key, bytes);
                    }
                }
                Pumped::Packet
            }
            ServerEvent::Closed(key, info) => {
                self.forget(key, info, session);
                Pumped::Left
            }
        };
        Some(pumped)
    }

    /// Executes the session's outputs.
    pub(super) fn apply_outputs(&mut self, session: &mut Session) {
        let mut sent = Sent::default();
        while let Some(output) = session.next_output() {
            match output {
                Output::Send { to, packet, .. } => match to {
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
        if sent.receivers >= DELAYED_FROM {
            self.server.yield_to_other_peers();
        }
        if let Some(source) = self.source.take() {
            self.flow.count(&mut self.server, source, &sent, self.now);
        }
    }

    /// Returns `true` if the send budget of this poll is not used up.
    pub(super) fn may_send(&self) -> bool {
        self.sends < MAX_SENDS
    }

    /// Ends the waits of clients that are over, and disconnects receivers that were congested for too long.
    pub(super) fn advance(&mut self, now: Duration) {
        self.now = now;
        self.sends = 0;
        self.slow_peers.extend(self.flow.advance(&mut self.server, now));
        self.drop_slow_peers();
    }

    /// Returns the time at which [`advance`](Self::advance) has work, if nothing happens before.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.flow.next_deadline()
    }

    /// Closes the connections that are left, after the session has ended.
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
        let can_wait = ids.len() >= DELAYED_FROM && packets.iter().all(|packet| is_membership(packet));
        let urgency = if can_wait {
            Urgency::Within(DELAY_PER_RECEIVER * (ids.len().min(MAX_DELAY_FACTOR)) as u32)
        } else {
            Urgency::Now
        };
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
            // It is closing. Its end is reported soon.
            Err(Error::NotOpen { .. } | Error::UnknownPeer) => {}
            Err(_) => self.slow_peers.push(key),
        }
    }

    /// Disconnects the clients that had no room for a packet. A session is reliable and ordered: a peer that misses a
    /// packet cannot stay. Packets that it sent before stay readable.
    fn drop_slow_peers(&mut self) {
        while let Some(key) = self.slow_peers.pop() {
            self.flow.release(&mut self.server, key);
            self.server.expel(key, Limit::SessionBacklog, "reads packets too slowly");
        }
    }

    /// Closes a connection, if it has not ended.
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
