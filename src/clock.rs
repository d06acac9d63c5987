//! The clock of a connection's deadlines.

use std::time::Duration;

/// The longest time that counts between two polls.
const LONGEST_STEP: Duration = Duration::from_secs(1);

/// A clock that counts at most one second between two polls.
///
/// A hidden tab, a loading screen or a debugger can stop the polling for minutes. Measured in real time, every deadline
/// would have passed by the next poll, before the answers in the socket are read.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct PatientClock {
    wall: Duration,
    now: Duration,
}

impl PatientClock {
    /// Starts the clock at `wall`, the real time since any fixed moment.
    pub(crate) fn start(wall: Duration) -> Self {
        Self { wall, now: Duration::ZERO }
    }

    /// Advances to the real time `wall`, and returns the counted time since the start.
    pub(crate) fn advance(&mut self, wall: Duration) -> Duration {
        self.now += wall.saturating_sub(self.wall).min(LONGEST_STEP);
        self.wall = self.wall.max(wall);
        self.now
    }

    /// Advances to `wall` after a deliberate sleep, which counts in full.
    pub(crate) fn sleep(&mut self, wall: Duration) {
        self.now += wall.saturating_sub(self.wall);
        self.wall = self.wall.max(wall);
    }

    /// Returns the counted time as of the last call.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_counts_as_one_second_and_time_never_runs_backwards() {
        let seconds = Duration::from_secs;
        let mut clock = PatientClock::start(seconds(100));
        assert_eq!(clock.advance(seconds(100) + Duration::from_millis(16)), Duration::from_millis(16));
        assert_eq!(clock.advance(seconds(700)), Duration::from_millis(1016));
        assert_eq!(clock.advance(seconds(600)), Duration::from_millis(1016));
    }
}
