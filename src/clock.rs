//! The clock of a connection's deadlines, and a compact form of its times.

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

/// A time of a clock, or none. It takes half the memory of a `Duration`: a server has several for each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(dead_code, reason = "a page has one connection, or few")]
pub(crate) struct CompactTime {
    /// The maximum means none. So none is later than every time.
    nanos: u64,
}

#[allow(dead_code, reason = "a page has one connection, or few")]
impl CompactTime {
    pub(crate) const NONE: Self = Self { nanos: u64::MAX };

    /// Returns none for times after about 584 years.
    pub(crate) fn at(time: Duration) -> Self {
        u64::try_from(time.as_nanos()).map_or(Self::NONE, |nanos| Self { nanos })
    }

    pub(crate) fn get(self) -> Option<Duration> {
        (self != Self::NONE).then(|| Duration::from_nanos(self.nanos))
    }
}

impl Default for CompactTime {
    fn default() -> Self {
        Self::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compact_time_is_exact_to_the_nanosecond_and_none_is_later_than_every_time() {
        let time = Duration::new(3, 141_592_653);
        assert_eq!(CompactTime::at(time).get(), Some(time));
        assert_eq!(CompactTime::at(Duration::MAX).get(), None);
        assert!(CompactTime::at(time) < CompactTime::NONE);
        assert_eq!(size_of::<CompactTime>(), 8);
    }

    #[test]
    fn a_pause_counts_as_one_second_and_time_never_runs_backwards() {
        let seconds = Duration::from_secs;
        let mut clock = PatientClock::start(seconds(100));
        assert_eq!(clock.advance(seconds(100) + Duration::from_millis(16)), Duration::from_millis(16));
        assert_eq!(clock.advance(seconds(700)), Duration::from_millis(1016));
        assert_eq!(clock.advance(seconds(600)), Duration::from_millis(1016));
    }
}
