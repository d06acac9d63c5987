//! How fast a member may send: as fast as people type. It uses no clock.

use std::time::Duration;

/// The number of packets that a member may send at once, after a silence.
pub(super) const BURST: u32 = 10;

/// The time after which one more packet may follow.
pub(super) const INTERVAL: Duration = Duration::from_millis(500);

/// The pace of a member: a leaky bucket.
#[derive(Debug)]
pub(super) struct Pace {
    /// The packets that may follow at once.
    left: u32,
    /// The time up to which `left` was counted.
    counted: Duration,
}

impl Pace {
    pub(super) fn new(now: Duration) -> Self {
        Self { left: BURST, counted: now }
    }

    /// Counts a packet. Returns `false` if it came too fast.
    pub(super) fn allows(&mut self, now: Duration) -> bool {
        let intervals = now.saturating_sub(self.counted).as_millis() / INTERVAL.as_millis();
        let intervals = u32::try_from(intervals).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(intervals).min(BURST);
        self.counted =
            if self.left == BURST { now.max(self.counted) } else { self.counted + INTERVAL * intervals };
        let is_allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_allowed
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
        let mut pace = Pace::new(Duration::ZERO);
        assert_eq!(allowed(&mut pace, Duration::ZERO), 10);
        assert_eq!(allowed(&mut pace, Duration::from_millis(499)), 0);
        assert_eq!(allowed(&mut pace, Duration::from_millis(500)), 1);
        assert_eq!(allowed(&mut pace, Duration::from_millis(1999)), 2, "parts of an interval are kept");
        assert_eq!(allowed(&mut pace, Duration::from_millis(2000)), 1);
    }

    #[test]
    fn a_silence_saves_up_no_more_than_a_burst() {
        let mut pace = Pace::new(Duration::ZERO);
        assert_eq!(allowed(&mut pace, Duration::from_secs(3600)), 10);
        assert_eq!(allowed(&mut pace, Duration::MAX), 10);
    }

    #[test]
    fn a_clock_that_goes_back_is_no_time() {
        let mut pace = Pace::new(Duration::from_secs(10));
        assert_eq!(allowed(&mut pace, Duration::from_secs(5)), 10);
        assert_eq!(allowed(&mut pace, Duration::from_secs(10)), 0);
    }
}
