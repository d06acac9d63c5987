//! Rate limits: amounts and times in, verdicts out.

use std::time::Duration;

/// The time whose worth may come at once.
const BURST: Duration = Duration::from_secs(2);

/// When something was received: at `at`, or up to as early as `since`, the time of the poll before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) since: Duration,
    pub(crate) at: Duration,
}

/// A leaky bucket, stored as the time at which it will be empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// Zero: no limit.
    per_second: u32,
    /// In nanoseconds: a server has several of these for each connection.
    empty_at: u64,
}

impl Rate {
    /// Creates a limit in units per second; zero is no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second, empty_at: 0 }
    }

    /// Returns `true` if there is a limit.
    pub(crate) fn is_limited(&self) -> bool {
        self.per_second > 0
    }

    /// Returns `true` if nothing is left in it of what was counted.
    pub(crate) fn is_empty(&self, now: Duration) -> bool {
        self.empty_at <= nanos(now)
    }

    /// Returns when what was counted is within the limit again.
    pub(crate) fn within_limit_at(&self) -> Duration {
        Duration::from_nanos(self.empty_at).saturating_sub(BURST)
    }

    /// Counts `amount`. Returns `true` if it is within the limit.
    pub(crate) fn take(&mut self, amount: u64, Arrival { since, at }: Arrival) -> bool {
        if !self.is_limited() {
            return true;
        }
        let cost = amount.saturating_mul(1_000_000_000) / u64::from(self.per_second);
        self.empty_at = self.empty_at.max(nanos(since)).saturating_add(cost);
        self.empty_at <= nanos(at.saturating_add(BURST))
    }
}

/// A time in nanoseconds, for some hundred years.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_time_overflows_nothing() {
        let arrival = Arrival { since: Duration::MAX, at: Duration::MAX };
        let mut rate = Rate::new(1);
        assert!(rate.take(u64::MAX, arrival) && rate.take(u64::MAX, arrival));
    }
}
