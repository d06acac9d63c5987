//! A deadline that forgives a hidden tab.

use std::time::Duration;

use super::time::now;
use crate::{clock::PatientClock, close::Deadline};

/// One time limit, running. A connection has at most one at a time, and none while it is open: so that an idle poll
/// need not ask the browser for the time.
pub(super) struct Limit {
    what: Deadline,
    clock: PatientClock,
    time: Duration,
}

impl Limit {
    pub(super) fn start(what: Deadline, time: Duration) -> Self {
        Self { what, clock: PatientClock::start(now()), time }
    }

    /// Which limit it was, once it is over.
    pub(super) fn passed(&mut self) -> Option<Deadline> {
        (self.clock.advance(now()) >= self.time).then_some(self.what)
    }
}
