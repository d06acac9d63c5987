//! Rate limits, independent of any clock.

use std::time::Duration;

/// The size of a burst, as time: this many seconds' worth of units may arrive at once.
const BURST: Duration = Duration::from_secs(2);

/// When something was received, in nanoseconds: between the previous poll and this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    since: u64,
    at: u64,
    /// The latest time at which a bucket within its limit is empty.
    last_empty: u64,
}

impl Arrival {
    pub(crate) fn between(since: Duration, at: Duration) -> Self {
        Self { since: nanos(since), ..Self::at(at) }
    }

    pub(crate) fn at(now: Duration) -> Self {
        let at = nanos(now);
        Self { since: at, at, last_empty: at.saturating_add(BURST.as_nanos() as u64) }
    }

    #[allow(dead_code, reason = "a page limits no rates of a connection")]
    pub(crate) fn since(self) -> Duration {
        Duration::from_nanos(self.since)
    }

    /// Returns the same arrival, begun at another time.
    #[allow(dead_code, reason = "a page limits no rates of a connection")]
    pub(crate) fn begun_at(self, since: Duration) -> Self {
        Self { since: nanos(since), ..self }
    }
}

/// Returns what `amount` units cost under a limit in units per second, in nanoseconds. Zero: no limit.
pub(crate) fn cost(per_second: u32, amount: u64) -> u64 {
    amount.saturating_mul(1_000_000_000).checked_div(u64::from(per_second)).unwrap_or_default()
}

/// A leaky bucket, without its rate: connections with the same limits share these.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bucket {
    /// The time at which it will be empty, in nanoseconds, which takes less memory than a `Duration`: a server has
    /// several buckets for each connection.
    empty_at: u64,
}

impl Bucket {
    /// Counts what has this [`cost`]. Returns `true` if it is within the limit.
    #[inline]
    pub(crate) fn take(&mut self, cost: u64, arrival: Arrival) -> bool {
        self.empty_at = self.empty_at.max(arrival.since).saturating_add(cost);
        self.empty_at <= arrival.last_empty
    }
}

/// A rate limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// Zero: no limit.
    per_second: u32,
    bucket: Bucket,
}

impl Rate {
    /// Creates a limit in units per second. Zero: no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second, bucket: Bucket::default() }
    }

    /// Returns `true` if the bucket is empty.
    pub(crate) fn is_empty(&self, arrival: Arrival) -> bool {
        self.bucket.empty_at <= arrival.at
    }

    /// Returns when the counted amount is within the limit again.
    pub(crate) fn within_limit_at(&self) -> Duration {
        Duration::from_nanos(self.bucket.empty_at).saturating_sub(BURST)
    }

    /// Counts `amount`. Returns `true` if it is within the limit.
    pub(crate) fn take(&mut self, amount: u64, arrival: Arrival) -> bool {
        self.bucket.take(cost(self.per_second, amount), arrival)
    }
}

/// Converts a time to nanoseconds, capped at about 584 years.
fn nanos(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_time_does_not_overflow() {
        let arrival = Arrival::at(Duration::MAX);
        let mut rate = Rate::new(1);
        assert!(rate.take(u64::MAX, arrival) && rate.take(u64::MAX, arrival));
    }
}
