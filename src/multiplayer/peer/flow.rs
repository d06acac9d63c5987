//! Flow control of a server: a client that makes the server send much is slowed down. Its packets wait, and then TCP holds it
//! up.
//!
//! There are two reasons to make a client wait. It has used up its budget for what it has relayed; or a client that its
//! packets go to is congested: more than half of that one's outbound queue is full. A client that stays congested for long is
//! disconnected, so that nobody waits for it without end.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    rate::{Arrival, Rate},
    server::{PeerKey, WebSocketServer},
};

/// What it costs to send a packet to one client, beside the packet's bytes.
const EACH: usize = 256;

/// Who waits, and for what.
#[derive(Debug)]
pub(super) struct Flow {
    /// Bytes times receivers that each client may have sent in a second.
    limit: u32,
    /// How long a client may stay congested; zero: for ever.
    patience: Duration,
    /// By the slots of the connections.
    budgets: Vec<Option<(PeerKey, Rate)>>,
    waiting: BTreeMap<PeerKey, Wait>,
    /// When each congested client is given up.
    congested: BTreeMap<PeerKey, Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Until(Duration),
    For(PeerKey),
}

impl Flow {
    pub(super) fn new(limit: u32, patience: Duration) -> Self {
        Self { limit, patience, budgets: Vec::new(), waiting: BTreeMap::new(), congested: BTreeMap::new() }
    }

    /// Counts what a client's packet made the server send: `bytes` in all, to `receivers`. One of these may be congested.
    pub(super) fn count(
        &mut self,
        server: &mut WebSocketServer,
        source: PeerKey,
        sent: &Sent,
        now: Duration,
    ) {
        if let Some(receiver) = sent.congested {
            let due = if self.patience.is_zero() { Duration::MAX } else { now.saturating_add(self.patience) };
            self.congested.entry(receiver).or_insert(due);
            self.wait(server, source, Wait::For(receiver));
        }
        if sent.receivers == 0 {
            return;
        }
        let slot = source.slot() as usize;
        if slot >= self.budgets.len() {
            self.budgets.resize(slot + 1, None);
        }
        let budget = match &mut self.budgets[slot] {
            Some((key, budget)) if *key == source => budget,
            other => &mut other.insert((source, Rate::new(self.limit))).1,
        };
        let cost = (sent.bytes + sent.receivers * EACH) as u64;
        if !budget.take(cost, Arrival { since: now, at: now }) {
            let until = budget.within_limit_at();
            self.wait(server, source, Wait::Until(until));
        }
    }

    fn wait(&mut self, server: &mut WebSocketServer, source: PeerKey, wait: Wait) {
        self.waiting.insert(source, wait);
        server.pause(source);
    }

    /// Lets clients go on that need not wait any more. Returns those that have been congested for too long.
    pub(super) fn advance(&mut self, server: &mut WebSocketServer, now: Duration) -> Vec<PeerKey> {
        let mut given_up = Vec::new();
        self.congested.retain(|receiver, due| {
            let is_congested = server.is_congested(*receiver);
            if is_congested && now >= *due {
                given_up.push(*receiver);
            }
            is_congested && now < *due
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
        waits.chain(self.congested.values().copied()).min()
    }
}

/// What one client's packet made the server send.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Payload bytes, for each receiver.
    pub(super) bytes: usize,
    pub(super) receivers: usize,
    /// A receiver whose queue is more than half full.
    pub(super) congested: Option<PeerKey>,
}
