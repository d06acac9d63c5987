//! Flow control of a server: clients that have too much relayed are slowed down. The server stops reading their
//! packets, and when their inboxes are full, TCP applies backpressure.
//!
//! A client waits when it has used up its budget for relayed bytes. A client that relays much also waits while a
//! receiver of its packets is congested: more than half of the receiver's send queue is full. Clients that relay little
//! never wait for others: a client that reads nothing must not stop the game. A client that stays congested, and reads
//! almost nothing, is disconnected.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    rate::{Arrival, Rate},
    server::{PeerKey, PeerKeyMap, SendProgress, WebSocketServer},
};

/// The cost of sending a packet to one client beside the packet's bytes: a system call takes as long as a few thousand
/// bytes.
const COST_PER_RECEIVER: usize = 1024;

/// The extra time that a client waits whose budget is used up, so that its next packets leave in one write to each
/// receiver.
const BATCH_DELAY: Duration = Duration::from_millis(50);

/// The budget of all clients together, as a multiple of that of one.
const TOTAL_FACTOR: u32 = 4;

/// The bytes per second up to which a client relays little, where each packet counts once: two hundred small packets,
/// or fewer large ones.
const LIGHT_RELAY_RATE: u32 = 64 * 1024;
/// The bytes that each packet counts beside its own.
const PACKET_OVERHEAD: usize = 256;

/// The bytes that a congested client must read to get more time. Alternatively:
const MIN_PROGRESS_BYTES: u64 = 64 * 1024;
/// The packets that a congested client must read to get more time.
const MIN_PROGRESS_PACKETS: u64 = 64;

/// The clients that wait, and the clients that they wait for.
#[derive(Debug)]
pub(super) struct FlowControl {
    /// The budget of each client, in bytes times receivers per second.
    limit: u32,
    /// The time after which a congested client that reads almost nothing is disconnected. Zero: no limit.
    slow_reader_timeout: Duration,
    /// The rate of all clients together.
    all: Rate,
    /// The rates of each client that has had packets relayed.
    sources: PeerKeyMap<Source>,
    waiting: BTreeMap<PeerKey, Wait>,
    congested: BTreeMap<PeerKey, Congestion>,
}

/// The rates at which a client has packets relayed.
#[derive(Debug, Clone, Copy)]
struct Source {
    /// In bytes times receivers.
    budget: Rate,
    /// In bytes.
    volume: Rate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Until(Duration),
    For(PeerKey),
}

/// A client whose send queue is more than half full.
#[derive(Debug, Clone, Copy)]
struct Congestion {
    /// Its progress when its time began.
    taken: SendProgress,
    /// The time at which it is disconnected.
    due: Duration,
}

/// The amount that the server sent because of one client's packet.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Payload bytes, summed over the receivers.
    pub(super) bytes: usize,
    pub(super) receivers: usize,
    /// The last receiver that was found congested.
    pub(super) congested: Option<PeerKey>,
}

impl FlowControl {
    pub(super) fn new(limit: u32, slow_reader_timeout: Duration) -> Self {
        Self {
            limit,
            slow_reader_timeout,
            all: Rate::new(limit.saturating_mul(TOTAL_FACTOR)),
            sources: PeerKeyMap::default(),
            waiting: BTreeMap::new(),
            congested: BTreeMap::new(),
        }
    }

    /// Starts the time of a client whose send queue is more than half full.
    pub(super) fn congest(&mut self, server: &WebSocketServer, receiver: PeerKey, now: Duration) {
        let due = self.due(now);
        self.congested
            .entry(receiver)
            .or_insert_with(|| Congestion { taken: server.progress(receiver), due });
    }

    /// Counts the packets that were sent because of a client's packet. If they are too many, the client waits.
    pub(super) fn count(
        &mut self,
        server: &mut WebSocketServer,
        source: PeerKey,
        sent: &Sent,
        now: Duration,
    ) {
        if sent.receivers == 0 {
            return;
        }
        let arrival = Arrival::at(now);
        let limit = self.limit;
        let relayed = self
            .sources
            .entry(source)
            .or_insert_with(|| Source { budget: Rate::new(limit), volume: Rate::new(LIGHT_RELAY_RATE) });
        let cost = (sent.bytes + sent.receivers * COST_PER_RECEIVER) as u64;
        let relays_lightly =
            relayed.volume.take((sent.bytes / sent.receivers + PACKET_OVERHEAD) as u64, arrival);
        let is_within_budget = relayed.budget.take(cost, arrival);
        let until = relayed.budget.within_limit_at();
        let are_all_within = self.all.take(cost, arrival);
        let wait = match sent.congested {
            _ if !is_within_budget => Wait::Until(until + BATCH_DELAY),
            _ if relays_lightly => return,
            Some(receiver) => Wait::For(receiver),
            None if !are_all_within => Wait::Until(self.all.within_limit_at() + BATCH_DELAY),
            None => return,
        };
        self.waiting.insert(source, wait);
        server.pause(source);
    }

    /// Ends the waits that are over. Returns the clients that have been congested for too long.
    pub(super) fn advance(&mut self, server: &mut WebSocketServer, now: Duration) -> Vec<PeerKey> {
        let mut slow = Vec::new();
        let due = self.due(now);
        self.congested.retain(|receiver, congestion| {
            if !server.is_congested(*receiver) {
                return false;
            }
            if now >= congestion.due {
                // While a socket accepts a little at a time, it is not reported as writable.
                server.retry(*receiver);
            }
            let taken = server.progress(*receiver);
            if taken.bytes >= congestion.taken.bytes + MIN_PROGRESS_BYTES
                || taken.packets >= congestion.taken.packets + MIN_PROGRESS_PACKETS
            {
                *congestion = Congestion { taken, due };
            }
            let is_due = now >= congestion.due;
            if is_due {
                slow.push(*receiver);
            }
            !is_due
        });
        let congested = &self.congested;
        self.waiting.retain(|source, wait| {
            let waits = match wait {
                Wait::Until(time) => now < *time,
                Wait::For(receiver) => congested.contains_key(receiver),
            };
            if !waits {
                server.resume(*source);
            }
            waits
        });
        slow
    }

    /// Ends the wait of a client that is to be disconnected.
    pub(super) fn release(&mut self, server: &mut WebSocketServer, source: PeerKey) {
        if self.waiting.remove(&source).is_some() {
            server.resume(source);
        }
    }

    /// Forgets a client that has left. If it waits, its wait ends, and so do the waits of others for it.
    pub(super) fn forget(&mut self, server: &mut WebSocketServer, source: PeerKey) {
        self.release(server, source);
        if self.congested.remove(&source).is_some() {
            self.waiting.retain(|waiting, wait| {
                let waits = *wait != Wait::For(source);
                if !waits {
                    server.resume(*waiting);
                }
                waits
            });
        }
        self.sources.remove(&source);
        if self.sources.is_empty() {
            // So an empty room holds no memory.
            self.sources = PeerKeyMap::default();
        }
    }

    /// Ends all waits.
    pub(super) fn release_all(&mut self, server: &mut WebSocketServer) {
        self.congested.clear();
        std::mem::take(&mut self.waiting).into_keys().for_each(|source| server.resume(source));
    }

    /// Returns `true` if no client waits, and no receiver is congested.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.congested.is_empty()
    }

    /// Returns the time at which [`advance`](Self::advance) has work, if nothing happens before.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let waits = self.waiting.values().filter_map(|wait| match wait {
            Wait::Until(time) => Some(*time),
            Wait::For(_) => None,
        });
        waits.chain(self.congested.values().map(|congestion| congestion.due)).min()
    }

    /// Returns the time at which a client is disconnected whose time begins now.
    fn due(&self, now: Duration) -> Duration {
        if self.slow_reader_timeout.is_zero() {
            Duration::MAX
        } else {
            now.saturating_add(self.slow_reader_timeout)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ServerEvent, ServerOptions, WebSocketPeer};

    /// Returns a server with connected clients, which a test keeps, and their keys.
    fn connected(count: usize) -> (WebSocketServer, Vec<WebSocketPeer>, Vec<PeerKey>) {
        let mut server = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default()).expect("a free port");
        let url = format!("ws://{}/", server.local_addr().expect("it listens"));
        let mut clients: Vec<WebSocketPeer> = (0..count).map(|_| WebSocketPeer::new()).collect();
        clients.iter_mut().for_each(|client| client.connect(&url).expect("a valid URL"));
        let mut keys = Vec::new();
        let start = std::time::Instant::now();
        while keys.len() < count {
            assert!(start.elapsed() < Duration::from_secs(60), "the clients do not connect");
            server.poll();
            clients.iter_mut().for_each(|client| _ = client.poll());
            while let Some(event) = server.next_event() {
                let ServerEvent::Opened(key) = event else { panic!("{event:?}") };
                keys.push(key);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        (server, clients, keys)
    }

    const LIMIT: u32 = 1_000_000;

    fn flood(congested: Option<PeerKey>) -> Sent {
        Sent { bytes: 10 * LIMIT as usize, receivers: 1, congested }
    }

    #[test]
    fn a_client_that_has_left_leaves_nothing_behind() {
        let (mut server, _clients, keys) = connected(2);
        let mut flow = FlowControl::new(LIMIT, Duration::ZERO);
        let now = Duration::from_secs(1);
        assert!(flow.is_idle());
        for key in &keys {
            flow.count(&mut server, *key, &flood(None), now);
        }
        assert_eq!((flow.sources.len(), flow.waiting.len(), flow.is_idle()), (2, 2, false));
        flow.congest(&server, keys[0], now);
        for key in &keys {
            flow.forget(&mut server, *key);
        }
        assert!(flow.is_idle() && flow.next_deadline().is_none());
        assert_eq!(flow.sources.capacity(), 0, "an empty room holds no memory");
    }

    #[test]
    fn a_client_that_has_left_ends_the_waits_for_it() {
        let (mut server, mut clients, keys) = connected(3);
        let [receiver, waiting, over_budget] = keys[..] else { panic!("three clients") };
        let mut flow = FlowControl::new(LIMIT, Duration::ZERO);
        let now = Duration::from_secs(1);
        flow.congest(&server, receiver, now);
        flow.waiting.insert(waiting, Wait::For(receiver));
        server.pause(waiting);
        flow.count(&mut server, over_budget, &flood(Some(receiver)), now);
        flow.forget(&mut server, receiver);
        assert_eq!(flow.waiting.keys().copied().collect::<Vec<_>>(), [over_budget]);
        // The client that waited is read again, and the other one is not.
        for client in &mut clients {
            client.send_text("hello").expect("it is open");
        }
        let mut read = Vec::new();
        let start = std::time::Instant::now();
        while server.stats().packets_received < 3 || read.len() < 2 {
            assert!(start.elapsed() < Duration::from_secs(60), "read of {read:?} only");
            server.poll();
            while let Some(ServerEvent::Packet(key, _)) = server.next_event() {
                read.push(key);
            }
        }
        read.sort_unstable();
        let mut expected = [receiver, waiting];
        expected.sort_unstable();
        assert_eq!(read, expected);
        flow.release_all(&mut server);
        let next = server.next_event();
        assert!(matches!(next, Some(ServerEvent::Packet(key, _)) if key == over_budget), "{next:?}");
    }

    #[test]
    fn a_client_that_was_forgotten_begins_with_a_whole_budget() {
        let (mut server, _clients, keys) = connected(1);
        let mut flow = FlowControl::new(LIMIT, Duration::ZERO);
        let now = Duration::from_secs(1);
        let little = Sent { bytes: 10, receivers: 1, congested: None };
        flow.count(&mut server, keys[0], &flood(None), now);
        flow.release_all(&mut server);
        flow.count(&mut server, keys[0], &little, now);
        assert!(!flow.is_idle(), "its budget is used up");
        flow.forget(&mut server, keys[0]);
        flow.count(&mut server, keys[0], &little, now);
        assert!(flow.is_idle());
    }
}
