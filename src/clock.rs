//! The time that a connection's deadlines are measured by.

use std::time::Duration;

/// How much of a pause between two polls counts.
const LONGEST_STEP: Duration = Duration::from_secs(1);

/// A clock that runs only while somebody polls.
///
/// A hidden tab, a loading screen or a debugger stops the polling for minutes. Measured by the clock on the wall,
/// every deadline would have passed by the next poll, before the answers that wait in the socket were even read. So a
/// pause counts for one second at most.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct PatientClock {
    wall: Duration,
    now: Duration,
}

impl PatientClock {
    /// Starts at `wall`, the time since any fixed moment.
    pub(crate) fn start(wall: Duration) -> Self {
        Self { wall, now: Duration::ZERO }
    }

    /// Moves on to `wall` and tells the time since the start.
    pub(crate) fn advance(&mut self, wall: Duration) -> Duration {
        self.now += wall.saturating_sub(self.wall).min(LONGEST_STEP);
        self.wall = self.wall.max(wall);
        self.now
    }

    /// Moves on to `wall` after a time that was slept away on purpose: it counts in full.
    pub(crate) fn sleep(&mut self, wall: Duration) {
        self.now += wall.saturating_sub(self.wall);
        self.wall = self.wall.max(wall);
    }

    /// The time that was last told.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_counts_for_a_second_and_time_never_runs_back() {
        let seconds = Duration::from_secs;
        let mut clock = PatientClock::start(seconds(100));
        assert_eq!(clock.advance(seconds(100) + Duration::from_millis(16)), Duration::from_millis(16));
        assert_eq!(clock.advance(seconds(700)), Duration::from_millis(1016));
        assert_eq!(clock.advance(seconds(600)), Duration::from_millis(1016));
    }
}
