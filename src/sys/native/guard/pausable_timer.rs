//! The start of an interval, without its pauses.

use std::{ops::Range, time::Duration};

use crate::clock::CompactTime;

/// When an interval began that has not ended. Each pause moves it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PausableTimer(CompactTime);

impl PausableTimer {
    /// Returns when the interval began, if the timer runs.
    pub(super) fn since(self) -> Option<Duration> {
        self.0.get()
    }

    /// Starts the timer if it does not run.
    pub(super) fn start(&mut self, now: Duration) {
        if !self.is_running() {
            self.0 = CompactTime::at(now);
        }
    }

    /// Returns `true` if the timer has started.
    pub(super) fn is_running(self) -> bool {
        self.0 != CompactTime::NONE
    }

    /// Stops the timer.
    pub(super) fn reset(&mut self) {
        self.0 = CompactTime::NONE;
    }

    /// Excludes a pause, or the part of it after the start.
    pub(super) fn exclude(&mut self, pause: &Range<Duration>) {
        if let Some(since) = self.since() {
            self.0 = CompactTime::at(since + pause.end.saturating_sub(pause.start.max(since)));
        }
    }
}
