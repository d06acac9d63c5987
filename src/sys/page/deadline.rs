//! The time at which a timer of the browser wakes the program.

use std::{cell::Cell, time::Duration};

use crate::sys::now;

/// A time that every browser can count in milliseconds.
const LONGEST_TIMER: Duration = Duration::from_secs(60 * 60);

/// Has one deadline, by the browser's clock. A deadline often moves and seldom expires, so a running browser timer is
/// kept, and set again if it fires too early.
pub(crate) struct WakeDeadline {
    due: Cell<Duration>,
    /// When the running timer of the browser fires.
    timer: Cell<Option<Duration>>,
}

/// The consequence of a timer that has fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// There is no deadline.
    None,
    /// Start the timer again, with this time.
    Early(Duration),
    /// Wake the program.
    Due,
}

impl WakeDeadline {
    pub(crate) fn new() -> Self {
        Self { due: Cell::new(Duration::MAX), timer: Cell::default() }
    }

    /// Returns the deadline.
    pub(super) fn due(&self) -> Duration {
        self.due.get()
    }

    /// Replaces the deadline. Returns the time for a new timer, if the running one would fire too late.
    pub(super) fn set(&self, due: Duration) -> Option<Duration> {
        self.due.set(due);
        (due < self.timer.get().unwrap_or(Duration::MAX)).then(|| self.next_timer())
    }

    /// Notes that the timer has fired.
    pub(crate) fn expire(&self) -> Expiry {
        self.timer.set(None);
        match self.due.get() {
            Duration::MAX => Expiry::None,
            due if now() < due => Expiry::Early(self.next_timer()),
            _ => Expiry::Due,
        }
    }

    fn next_timer(&self) -> Duration {
        let now = now();
        let wait = self.due.get().saturating_sub(now).min(LONGEST_TIMER);
        self.timer.set(Some(now + wait));
        wait
    }
}
