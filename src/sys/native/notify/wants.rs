//! What a connection waits for.

use std::time::Duration;

use mio::Interest;

use super::super::resolve::Pending;

/// What has to happen before a poll can move a connection on.
#[derive(Debug)]
pub(in super::super) struct Wants {
    /// Nothing: a poll can do something at once.
    pub(in super::super) now: bool,
    /// Its sockets can be read,
    pub(in super::super) read: bool,
    /// or written.
    pub(in super::super) write: bool,
    /// A name is looked up.
    pub(in super::super) lookup: Option<Pending>,
    /// This time has come, by the connection's clock.
    pub(in super::super) due: Duration,
}

impl Default for Wants {
    /// For ever.
    fn default() -> Self {
        Self { now: false, read: false, write: false, lookup: None, due: Duration::MAX }
    }
}

impl Wants {
    /// Returns `true` if a poll can do something at once.
    pub(super) fn is_now(&self) -> bool {
        self.now || self.lookup.as_ref().is_some_and(Pending::is_over)
    }

    /// Returns what to ask the system about its sockets.
    pub(in super::super) fn interest(&self) -> Option<Interest> {
        match (self.read, self.write) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        }
    }
}
