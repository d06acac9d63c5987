//! The server's part of the session's transport: events of its clients to the session, and outputs of the session to
//! the clients.

use std::time::Duration;

use super::{
    flow_control::{FlowControl, Sent},
    relay_hook::{Hook, RelayHook},
};
use crate::{
    error::Error,
    multiplayer::{
        id::PeerId,
        output::{Output, Recipients},
        peer::{PeerEvent, ServerSide},
        relay_decision::{RelayDecision, RelayedPacket},
        session::Session,
        wire::is_membership,
    },
    packet::Packet,
    server::{EncodedPackets, PeerKey, Urgency, WebSocketServer},
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

/// What a server sends for its session.
#[derive(Debug)]
pub(in super::super) struct Relay {
    flow: FlowControl,
    /// The program's decision about relayed packets.
    hook: Option<RelayHook>,
    /// The client whose packet the session received last, until the outputs that follow from it are sent.
    source: Option<PeerKey>,
    /// What was sent because of that packet.
    sent: Sent,
    now: Duration,
    /// The number of packets sent, counted for each receiver.
    total_sends: usize,
    /// That number when the poll began.
    sends_before: usize,
    /// The clients whose send queues had no room for a packet.
    slow_peers: Vec<PeerKey>,
}

/// The kind of event that was passed to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Pumped {
    /// A connection has ended. The others can be informed of several of these together.
    Left,
    Other,
}

impl Relay {
    /// Creates the relay of a server with this
    /// [`slow_reader_timeout`](crate::options::ServerOptions::slow_reader_timeout).
    pub(in super::super) fn new(session: &Session, slow_reader_timeout: Duration) -> Self {
        Self {
            flow: FlowControl::new(session.options().max_relayed_bytes_per_second, slow_reader_timeout),
            hook: None,
            source: None,
            sent: Sent::default(),
            now: Duration::ZERO,
            total_sends: 0,
            sends_before: 0,
            slow_peers: Vec::new(),
        }
    }

    /// Sets the hook that decides about relayed packets.
    pub(super) fn set_hook(&mut self, hook: Box<Hook>) {
        self.hook = Some(RelayHook::new(hook));
    }

    /// Passes the next event to the session. Returns its kind.
    pub(super) fn pump_event(
        &mut self,
        side: &mut ServerSide,
        session: &mut Session,
        now: Duration,
    ) -> Option<Pumped> {
        // The event stays where it is: a packet takes longer to move than to relay.
        let mut next = side.next_event();
        let (key, event) = next.as_mut()?;
        let mut hook = self.hook.take();
        let pumped = match &mut hook {
            Some(hook) => {
                self.handle_event(side, session, *key, event, now, Some(&mut |packet| hook.decide(packet)))
            }
            None => self.handle_event(side, session, *key, event, now, None),
        };
        self.hook = hook;
        Some(pumped)
    }

    /// Passes an event of a client's connection to the session. `decide` decides about packets to relay. Returns the
    /// kind of the event.
    pub(in super::super) fn handle_event(
        &mut self,
        side: &mut ServerSide,
        session: &mut Session,
        key: PeerKey,
        event: &mut PeerEvent,
        now: Duration,
        decide: Option<&mut dyn FnMut(&RelayedPacket<'_>) -> RelayDecision>,
    ) -> Pumped {
        self.now = now;
        match event {
            PeerEvent::Connected(id) => session.peer_joined(*id, now),
            PeerEvent::Packet(id, packet) => {
                self.source = Some(key);
                session.set_memory_scarce(side.server.is_memory_scarce_for(key));
                let relayed_to = session.receive_from(*id, packet, now, decide);
                if let Some(bytes) = session.take_changed_memory_usage(*id) {
                    side.server.set_external_memory(key, bytes);
                }
                if let Some(to) = relayed_to {
                    self.send_to_one(side, to, packet);
                    self.drop_slow_peers(side);
                }
            }
            PeerEvent::Disconnected(id, info) => {
                self.flow.forget(&mut side.server, key);
                session.peer_left(*id, info.clone());
                return Pumped::Left;
            }
            PeerEvent::ConnectionFailed(_) => debug_assert!(false, "only a client fails to connect"),
        }
        Pumped::Other
    }

    /// Executes the session's outputs.
    pub(in super::super) fn apply_outputs(&mut self, side: &mut ServerSide, session: &mut Session) {
        session.execute_outputs(|output| {
            match output {
                Output::Send { to, packet, .. } => match to {
                    Recipients::One(id) => self.send_to_one(side, *id, packet),
                    Recipients::Many(ids) => self.send_to_many(side, ids, std::slice::from_ref(packet)),
                },
                Output::SendAll { to, packets } => {
                    self.send_to_many(side, to.as_slice(), packets);
                }
                Output::Disconnect { peer, code, reason } => {
                    if let Some(key) = side.key(*peer) {
                        self.flow.release(&mut side.server, key);
                    }
                    if let Err(error) = side.disconnect(*peer, *code, reason) {
                        debug_assert_eq!(error, Error::UnknownPeer);
                    }
                }
            }
            self.drop_slow_peers(side);
        });
        if self.sent.receivers >= DELAYED_FROM {
            side.server.yield_to_other_peers();
        }
        if let Some(source) = self.source.take() {
            self.flow.count(&mut side.server, source, &self.sent, self.now);
        }
        self.sent = Sent::default();
    }

    /// Ends the wait of a client that leaves the session, and keeps its connection.
    pub(in super::super) fn forget(&mut self, side: &mut ServerSide, client: PeerKey) {
        self.flow.forget(&mut side.server, client);
    }

    /// Returns the number of packets sent so far, counted for each receiver.
    pub(in super::super) fn total_sends(&self) -> usize {
        self.total_sends
    }

    /// Returns `true` if the send budget of this poll is not used up.
    pub(in super::super) fn may_send(&self) -> bool {
        self.total_sends - self.sends_before < MAX_SENDS
    }

    /// Ends the waits of clients that are over, and disconnects receivers that were congested for too long.
    pub(in super::super) fn advance(&mut self, side: &mut ServerSide, now: Duration) {
        self.now = now;
        self.sends_before = self.total_sends;
        self.slow_peers.extend(self.flow.advance(&mut side.server, now));
        self.drop_slow_peers(side);
    }

    /// Returns the time at which [`advance`](Self::advance) has work, if nothing happens before.
    pub(in super::super) fn next_deadline(&self) -> Option<Duration> {
        self.flow.next_deadline()
    }

    /// Returns `true` if no client waits, so that [`advance`](Self::advance) has nothing to do.
    pub(in super::super) fn is_idle(&self) -> bool {
        self.flow.is_idle()
    }

    /// Ends all waits, after the session has ended.
    pub(in super::super) fn release_all(&mut self, side: &mut ServerSide) {
        self.flow.release_all(&mut side.server);
    }

    #[inline]
    fn send_to_one(&mut self, side: &mut ServerSide, id: PeerId, packet: &Packet) {
        self.send(side, id, packet.len(), |server, key| server.must_send(key, packet));
    }

    fn send_to_many(&mut self, side: &mut ServerSide, ids: &[PeerId], packets: &[Packet]) {
        let encoded = EncodedPackets::new(packets);
        let can_wait = ids.len() >= DELAYED_FROM && packets.iter().all(|packet| is_membership(packet));
        let urgency = if can_wait {
            Urgency::Within(DELAY_PER_RECEIVER * (ids.len().min(MAX_DELAY_FACTOR)) as u32)
        } else {
            Urgency::Now
        };
        for id in ids {
            let send = |server: &mut WebSocketServer, key| server.must_send_encoded(key, &encoded, urgency);
            self.send(side, *id, encoded.payload(), send);
        }
    }

    fn send(
        &mut self,
        side: &mut ServerSide,
        to: PeerId,
        len: usize,
        send: impl FnOnce(&mut WebSocketServer, PeerKey) -> Result<(), Error>,
    ) {
        let Some(key) = side.key(to) else { return };
        match send(&mut side.server, key) {
            Ok(()) => {
                self.sent.bytes += len;
                self.sent.receivers += 1;
                self.total_sends += 1;
                if side.server.is_congested_after_flush(key) {
                    self.flow.congest(&side.server, key, self.now);
                    self.sent.congested = Some(key);
                }
            }
            // It is closing. Its end is reported soon.
            Err(Error::NotOpen { .. } | Error::UnknownPeer) => {}
            Err(_) => self.slow_peers.push(key),
        }
    }

    /// Disconnects the clients that had no room for a packet.
    fn drop_slow_peers(&mut self, side: &mut ServerSide) {
        while let Some(key) = self.slow_peers.pop() {
            self.flow.release(&mut side.server, key);
            side.expel(key);
        }
    }
}
