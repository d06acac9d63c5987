//! FlowControl control of a server: a client that makes the server send much is slowed down. Its packets wait in its inbox, and when
//! that is full TCP holds it up.
//!
//! A client waits when it has used up its budget for what it has relayed. A client that relays much also waits while one that
//! its packets go to is congested: more than half of that one's send queue is full. Clients that relay little never wait for
//! others: a client that reads nothing must not be able to stop the game. A client that stays congested, and takes next to
//! nothing of what waits for it, is disconnected.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    rate::{Arrival, Rate},
    server::{PeerKey, SendProgress, WebSocketServer},
};

/// What it costs to send a packet to one client, beside the packet's bytes: a system call takes as long as a few thousand bytes.
const COST_PER_RECEIVER: usize = 1024;

/// How much longer than it must a client waits whose budget is used up: what it sends meanwhile leaves in one piece to each
/// receiver.
const BATCH_DELAY: Duration = Duration::from_millis(50);

/// How many times as much as one client all clients together may make the server send.
const TOTAL_FACTOR: u32 = 4;

/// What a client may relay in a second, each packet counted once, before it relays much: two hundred small packets, or fewer
/// large ones.
const LIGHT_RELAY_RATE: u32 = 64 * 1024;
/// And what a packet counts beside its bytes.
const PACKET_OVERHEAD: usize = 256;

/// What a congested client must take to be given more time: bytes,
const MIN_PROGRESS_BYTES: u64 = 64 * 1024;
/// or packets.
const MIN_PROGRESS_PACKETS: u64 = 64;

/// Which clients wait, and for what.
#[derive(Debug)]
pub(super) struct FlowControl {
    /// Bytes times receivers that each client may have sent in a second.
    limit: u32,
    /// For how long a client may stay congested; zero: for ever.
    slow_reader_timeout: Duration,
    /// What all clients have relayed.
    all: Rate,
    /// What each client has relayed, by the slots of the connections.
    sources: Vec<Option<(PeerKey, Source)>>,
    waiting: BTreeMap<PeerKey, Wait>,
    congested: BTreeMap<PeerKey, Congestion>,
}

/// What a client has relayed.
#[derive(Debug, Clone, Copy)]
struct Source {
    /// In bytes times receivers,
    budget: Rate,
    /// and in bytes.
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
    /// What it had taken when its time began.
    taken: SendProgress,
    /// When it is given up.
    due: Duration,
}

/// What one client's packet made the server send.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Payload bytes, for each receiver.
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
            sources: Vec::new(),
            waiting: BTreeMap::new(),
            congested: BTreeMap::new(),
        }
    }

    /// A client's send queue is more than half full.
    pub(super) fn congest(&mut self, server: &WebSocketServer, receiver: PeerKey, now: Duration) {
        let due = self.due(now);
        self.congested
            .entry(receiver)
            .or_insert_with(|| Congestion { taken: server.progress(receiver), due });
    }

    /// Counts what a client's packet made the server send, and lets the client wait if that is too much.
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
        let arrival = Arrival { since: now, at: now };
        let limit = self.limit;
        let slot = source.slot() as usize;
        if slot >= self.sources.len() {
            self.sources.resize(slot + 1, None);
        }
        let relayed = match &mut self.sources[slot] {
            Some((key, relayed)) if *key == source => relayed,
            other => {
                let new = Source { budget: Rate::new(limit), volume: Rate::new(LIGHT_RELAY_RATE) };
                &mut other.insert((source, new)).1
            }
        };
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

    /// Lets clients go on that need not wait any more. Returns those that have been congested for too long.
    pub(super) fn advance(&mut self, server: &mut WebSocketServer, now: Duration) -> Vec<PeerKey> {
        let mut given_up = Vec::new();
        let due = self.due(now);
        self.congested.retain(|receiver, congestion| {
            if !server.is_congested(*receiver) {
                return false;
            }
            if now >= congestion.due {
                // A socket that takes a little is not reported while it could take more.
                server.retry(*receiver);
            }
            let taken = server.progress(*receiver);
            if taken.bytes >= congestion.taken.bytes + MIN_PROGRESS_BYTES
                || taken.packets >= congestion.taken.packets + MIN_PROGRESS_PACKETS
            {
                *congestion = Congestion { taken, due };
            }
            let is_over = now >= congestion.due;
            if is_over {
                given_up.push(*receiver);
            }
            !is_over
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
        given_up
    }

    /// Lets a client go on, whatever it waits for: it is to be disconnected.
    pub(super) fn release(&mut self, server: &mut WebSocketServer, source: PeerKey) {
        if self.waiting.remove(&source).is_some() {
            server.resume(source);
        }
    }

    /// Lets all go on.
    pub(super) fn release_all(&mut self, server: &mut WebSocketServer) {
        self.congested.clear();
        std::mem::take(&mut self.waiting).into_keys().for_each(|source| server.resume(source));
    }

    /// Returns when [`advance`](Self::advance) has something to do, if nothing happens before.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let waits = self.waiting.values().filter_map(|wait| match wait {
            Wait::Until(time) => Some(*time),
            Wait::For(_) => None,
        });
        waits.chain(self.congested.values().map(|congestion| congestion.due)).min()
    }

    /// Returns when a client is given up that is found congested, or has taken something, now.
    fn due(&self, now: Duration) -> Duration {
        if self.slow_reader_timeout.is_zero() {
            Duration::MAX
        } else {
            now.saturating_add(self.slow_reader_timeout)
        }
    }
}
