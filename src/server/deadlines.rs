//! When to look at which connection.

use std::{collections::BTreeSet, time::Duration};

use super::{key::PeerKey, member::Member};

/// Deadlines in order. Each connection has one entry at most, its earliest. A deadline that has moved on since is found to
/// have done so when its time comes, so that traffic costs nothing here.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Duration, PeerKey)>);

impl Deadlines {
    /// Something is due then.
    pub(super) fn note(&mut self, key: PeerKey, member: &mut Member, due: Duration) {
        if due < member.deadline {
            self.forget(key, member);
            member.deadline = due;
            self.0.insert((due, key));
        }
    }

    /// The connection is gone.
    pub(super) fn forget(&mut self, key: PeerKey, member: &Member) {
        if member.deadline != Duration::MAX {
            self.0.remove(&(member.deadline, key));
        }
    }

    /// Returns when the first is due.
    pub(super) fn next(&self) -> Option<Duration> {
        self.0.first().map(|(due, _)| *due)
    }

    /// Takes the first, if its time has come.
    pub(super) fn pop(&mut self, now: Duration) -> Option<PeerKey> {
        self.next().filter(|due| *due <= now)?;
        self.0.pop_first().map(|(_, key)| key)
    }
}
