//! A deadline that forgives a hidden tab.

use std::time::Duration;

use super::time::now;
use crate::{clock::PatientClock, close::Timeout};

/// One time timeout, running. A connection has at most one at a time, and none while it is open: so that an idle poll
/// need not ask the browser for the time.
pub(super) struct RunningTimeout {
    what: Timeout,
    clock: PatientClock,
    time: Duration,
}

impl RunningTimeout {
    pub(super) fn start(what: Timeout, time: Duration) -> Self {
        Self { what, clock: PatientClock::start(now()), time }
    }

    /// That time was slept away on purpose: it counts in full.
    pub(super) fn slept_until(&mut self, wall: Duration) {
        self.clock.sleep(wall);
    }

    /// Returns when it is over, by the browser's clock, if no pause follows.
    pub(super) fn due(&mut self) -> Duration {
        let now = now();
        now + self.time.saturating_sub(self.clock.advance(now))
    }

    /// Which timeout it was, once it is over.
    pub(super) fn expired(&mut self) -> Option<Timeout> {
        (self.clock.advance(now()) >= self.time).then_some(self.what)
    }
}
