//! How fast people type. It uses no clock.

use std::time::Duration;

/// The time after which one more packet may follow.
const INTERVAL: Duration = Duration::from_millis(500);

/// Limits packets to the speed of a person who types: some at once, and then two per second. A leaky bucket.
#[derive(Debug)]
pub struct Pace {
    /// The packets that may be sent at once after a silence.
    burst: u32,
    /// The packets that may follow at once.
    left: u32,
    /// The time up to which `left` was counted.
    counted: Duration,
}

impl Pace {
    /// Creates a limit. Times are those since any fixed moment.
    pub fn new(burst: u32, now: Duration) -> Self {
        Self { burst, left: burst, counted: now }
    }

    /// Counts a packet. Returns `false` if it came too fast.
    pub fn allows(&mut self, now: Duration) -> bool {
        let is_allowed = self.is_ready(now);
        self.left = self.left.saturating_sub(1);
        is_allowed
    }

    /// Returns `true` if a packet may be sent now. It counts none.
    pub fn is_ready(&mut self, now: Duration) -> bool {
        let intervals = now.saturating_sub(self.counted).as_millis() / INTERVAL.as_millis();
        let intervals = u32::try_from(intervals).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(intervals).min(self.burst);
        self.counted =
            if self.left == self.burst { now.max(self.counted) } else { self.counted + INTERVAL * intervals };
        self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pace: &mut Pace, now: Duration) -> usize {
        (0..100).take_while(|_| pace.allows(now)).count()
    }

    #[test]
    fn a_burst_is_allowed_and_then_two_packets_per_second() {
        let mut pace = Pace::new(10, Duration::ZERO);
        assert_eq!(allowed(&mut pace, Duration::ZERO), 10);
        assert_eq!(allowed(&mut pace, Duration::from_millis(499)), 0);
        assert_eq!(allowed(&mut pace, Duration::from_millis(500)), 1);
        assert_eq!(allowed(&mut pace, Duration::from_millis(1999)), 2, "parts of an interval are kept");
        assert_eq!(allowed(&mut pace, Duration::from_millis(2000)), 1);
    }

    #[test]
    fn a_silence_saves_up_no_more_than_a_burst() {
        let mut pace = Pace::new(10, Duration::ZERO);
        assert_eq!(allowed(&mut pace, Duration::from_secs(3600)), 10);
        assert_eq!(allowed(&mut pace, Duration::MAX), 10);
    }

    #[test]
    fn a_clock_that_goes_back_is_no_time() {
        let mut pace = Pace::new(10, Duration::from_secs(10));
        assert_eq!(allowed(&mut pace, Duration::from_secs(5)), 10);
        assert_eq!(allowed(&mut pace, Duration::from_secs(10)), 0);
    }
}
