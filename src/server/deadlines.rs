//! The deadlines of all connections, in order.

use std::{collections::BTreeSet, time::Duration};

use super::{key::PeerKey, peer_entry::PeerEntry};

/// Deadlines in order. Each connection has at most one entry, its earliest. If a deadline has moved since, this is
/// noticed when the entry is due, so that traffic does not change the order.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Due, u32)>);

/// A time in nanoseconds, to save memory: each connection has one. The maximum means never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due(u64);

impl Due {
    pub(super) const NEVER: Self = Self(u64::MAX);

    fn at(time: Duration) -> Self {
        u64::try_from(time.as_nanos()).map_or(Self::NEVER, Self)
    }
}

impl Deadlines {
    /// Adds a deadline of a connection.
    pub(super) fn add(&mut self, key: PeerKey, entry: &mut PeerEntry, due: Duration) {
        let due = Due::at(due);
        if due < entry.due {
            self.remove(key, entry);
            entry.due = due;
            self.0.insert((due, key.slot()));
        }
    }

    /// Removes the deadline of a connection.
    pub(super) fn remove(&mut self, key: PeerKey, entry: &PeerEntry) {
        if entry.due != Due::NEVER {
            self.0.remove(&(entry.due, key.slot()));
        }
    }

    /// Returns the earliest deadline.
    pub(super) fn next(&self) -> Option<Duration> {
        self.0.first().map(|(due, _)| Duration::from_nanos(due.0))
    }

    /// Removes the earliest deadline if it is due. Returns the slot of its connection.
    pub(super) fn pop(&mut self, now: Duration) -> Option<u32> {
        self.next().filter(|due| *due <= now)?;
        self.0.pop_first().map(|(_, slot)| slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_exact_to_the_nanosecond_and_the_maximum_is_never() {
        let time = Duration::new(3, 141_592_653);
        assert_eq!(Due::at(time), Due(3_141_592_653));
        assert_eq!(Due::at(Duration::MAX), Due::NEVER);
    }
}
