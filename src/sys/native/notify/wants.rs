//! The events that a connection waits for.

use std::time::Duration;

use mio::Interest;

use super::super::resolve::Pending;

/// The events after which a poll of a connection can do something.
#[derive(Debug)]
pub(in super::super) struct Wants {
    /// `true` if a poll can do something at once.
    pub(in super::super) now: bool,
    /// `true` if it waits until its sockets can be read.
    pub(in super::super) read: bool,
    /// `true` if it waits until its sockets can be written.
    pub(in super::super) write: bool,
    /// The lookup of a name that it waits for.
    pub(in super::super) lookup: Option<Pending>,
    /// Its deadline, by the connection's clock.
    pub(in super::super) due: Duration,
}

impl Default for Wants {
    /// Waits for nothing.
    fn default() -> Self {
        Self { now: false, read: false, write: false, lookup: None, due: Duration::MAX }
    }
}

impl Wants {
    /// Returns `true` if a poll can do something at once.
    pub(super) fn is_now(&self) -> bool {
        self.now || self.lookup.as_ref().is_some_and(Pending::is_over)
    }

    /// Returns the events of its sockets to register for.
    pub(in super::super) fn interest(&self) -> Option<Interest> {
        match (self.read, self.write) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        }
    }
}
