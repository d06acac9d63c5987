//! When to look at which connection.

use std::{collections::BTreeSet, time::Duration};

use super::{key::PeerKey, peer_entry::PeerEntry};

/// Deadlines in order. Each connection has one entry at most, its earliest. A deadline that has moved on since is found to
/// have done so when its time comes, so that traffic costs nothing here.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Due, u32)>);

/// A time in nanoseconds: there is one for each connection. It never comes at the end of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due(u64);

impl Due {
    pub(super) const NEVER: Self = Self(u64::MAX);

    fn at(time: Duration) -> Self {
        u64::try_from(time.as_nanos()).map_or(Self::NEVER, Self)
    }
}

impl Deadlines {
    /// Something is due then.
    pub(super) fn note(&mut self, key: PeerKey, entry: &mut PeerEntry, due: Duration) {
        let due = Due::at(due);
        if due < entry.due {
            self.forget(key, entry);
            entry.due = due;
            self.0.insert((due, key.slot()));
        }
    }

    /// The connection is gone.
    pub(super) fn forget(&mut self, key: PeerKey, entry: &PeerEntry) {
        if entry.due != Due::NEVER {
            self.0.remove(&(entry.due, key.slot()));
        }
    }

    /// Returns when the first is due.
    pub(super) fn next(&self) -> Option<Duration> {
        self.0.first().map(|(due, _)| Duration::from_nanos(due.0))
    }

    /// Takes the first, if its time has come. Returns the slot of its connection.
    pub(super) fn pop(&mut self, now: Duration) -> Option<u32> {
        self.next().filter(|due| *due <= now)?;
        self.0.pop_first().map(|(_, slot)| slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_to_the_nanosecond_and_the_last_is_never() {
        let time = Duration::new(3, 141_592_653);
        assert_eq!(Due::at(time), Due(3_141_592_653));
        assert_eq!(Due::at(Duration::MAX), Due::NEVER);
    }
}
