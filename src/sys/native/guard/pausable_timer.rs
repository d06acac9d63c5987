//! Since when something has lasted, less the pauses.

use std::{ops::Range, time::Duration};

/// When something began that has not ended, moved on by each pause.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PausableTimer(pub(super) Option<Duration>);

impl PausableTimer {
    /// Begins; what has begun goes on as it is.
    pub(super) fn start(&mut self, now: Duration) {
        self.0.get_or_insert(now);
    }

    pub(super) fn is_running(self) -> bool {
        self.0.is_some()
    }

    pub(super) fn reset(&mut self) {
        self.0 = None;
    }

    /// Does not count a pause, or the part of it that came after the beginning.
    pub(super) fn exclude(&mut self, pause: &Range<Duration>) {
        if let Some(since) = &mut self.0 {
            *since += pause.end.saturating_sub(pause.start.max(*since));
        }
    }
}
