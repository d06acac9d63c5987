//! The start of an interval, without its pauses.

use std::{ops::Range, time::Duration};

/// When an interval began that has not ended. Each pause moves it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PausableTimer(pub(super) Option<Duration>);

impl PausableTimer {
    /// Starts the timer if it does not run.
    pub(super) fn start(&mut self, now: Duration) {
        self.0.get_or_insert(now);
    }

    /// Returns `true` if the timer has started.
    pub(super) fn is_running(self) -> bool {
        self.0.is_some()
    }

    /// Stops the timer.
    pub(super) fn reset(&mut self) {
        self.0 = None;
    }

    /// Excludes a pause, or the part of it after the start.
    pub(super) fn exclude(&mut self, pause: &Range<Duration>) {
        if let Some(since) = &mut self.0 {
            *since += pause.end.saturating_sub(pause.start.max(*since));
        }
    }
}
