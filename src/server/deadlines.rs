//! The deadlines of all connections, in order.

use std::{collections::BTreeSet, time::Duration};

use super::{key::PeerKey, peer_entry::PeerEntry};
use crate::clock::CompactTime;

/// Deadlines in order. Each connection has at most one entry, its earliest. If a deadline has moved since, this is
/// noticed when the entry is due, so that traffic does not change the order.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(CompactTime, u32)>);

impl Deadlines {
    /// Adds a deadline of a connection.
    pub(super) fn add(&mut self, key: PeerKey, entry: &mut PeerEntry, due: Duration) {
        let due = CompactTime::at(due);
        if due < entry.due {
            self.remove(key, entry);
            entry.due = due;
            self.0.insert((due, key.slot()));
        }
    }

    /// Removes the deadline of a connection.
    pub(super) fn remove(&mut self, key: PeerKey, entry: &PeerEntry) {
        if entry.due != CompactTime::NONE {
            self.0.remove(&(entry.due, key.slot()));
        }
    }

    /// Returns the earliest deadline.
    pub(super) fn next(&self) -> Option<Duration> {
        self.0.first().and_then(|(due, _)| due.get())
    }

    /// Removes the earliest deadline if it is due. Returns the slot of its connection.
    pub(super) fn pop(&mut self, now: Duration) -> Option<u32> {
        self.next().filter(|due| *due <= now)?;
        self.0.pop_first().map(|(_, slot)| slot)
    }
}
