//! A timeout that hardly advances while a tab is hidden.

use std::time::Duration;

use crate::{clock::PatientClock, close::Timeout, sys::now};

/// A timeout under way. A connection has at most one, and none while it is open, so that an idle poll does not read the
/// clock.
pub(super) struct RunningTimeout {
    kind: Timeout,
    clock: PatientClock,
    time: Duration,
}

impl RunningTimeout {
    pub(super) fn start(kind: Timeout, time: Duration) -> Self {
        Self { kind, clock: PatientClock::start(now()), time }
    }

    /// Notes that the program slept until this time, on purpose: the time counts in full.
    pub(super) fn slept_until(&mut self, wall: Duration) {
        self.clock.sleep(wall);
    }

    /// Returns when it expires if no pause follows, by the browser's clock.
    pub(super) fn due(&mut self) -> Duration {
        let now = now();
        now + self.time.saturating_sub(self.clock.advance(now))
    }

    /// Returns the kind of the timeout, if it has expired.
    pub(super) fn expired(&mut self) -> Option<Timeout> {
        (self.clock.advance(now()) >= self.time).then_some(self.kind)
    }
}
