//! A histogram of times, with fixed buckets.

use std::time::Duration;

/// The upper bounds of the buckets, in microseconds. One more bucket has everything above.
const BOUNDS: [u64; 14] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000];

/// A histogram of times, with buckets from 50 µs to 1 s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Histogram {
    /// By bucket. The last one has the times above all bounds.
    counts: [u64; BOUNDS.len() + 1],
    sum: Duration,
}

impl Histogram {
    /// Returns the upper bound of each bucket, in seconds, and the number of times up to this bound: those of all
    /// smaller buckets are included, as in the buckets of Prometheus (`le`). The last bound is infinite.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let bounds = BOUNDS.iter().map(|micros| Duration::from_micros(*micros).as_secs_f64());
        bounds.chain([f64::INFINITY]).zip(self.counts).scan(0, |total, (bound, count)| {
            *total += count;
            Some((bound, *total))
        })
    }

    /// Returns the number of times.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the sum of the times.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// Adds a time.
    pub(crate) fn record(&mut self, time: Duration) {
        let bucket = BOUNDS.partition_point(|bound| Duration::from_micros(*bound) < time);
        self.counts[bucket] += 1;
        self.sum = self.sum.saturating_add(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_smallest_bucket_that_holds_it() {
        let mut histogram = Histogram::default();
        for micros in [0, 50, 51, 1_000, 1_001, 1_000_000, 1_000_001, 7_000_000] {
            histogram.record(Duration::from_micros(micros));
        }
        let up_to =
            |seconds: f64| histogram.buckets().find(|(bound, _)| *bound == seconds).map(|(_, count)| count);
        assert_eq!(
            [0.00005, 0.0001, 0.0005, 0.001, 0.0025, 0.5, 1.0, f64::INFINITY].map(up_to),
            [2, 3, 3, 4, 5, 5, 6, 8].map(Some)
        );
        assert_eq!((histogram.count(), histogram.buckets().count()), (8, 15));
        assert_eq!(histogram.sum(), Duration::from_micros(9_002_103));
    }

    #[test]
    fn bounds_increase_and_sums_do_not_overflow() {
        assert!(BOUNDS.windows(2).all(|pair| pair[0] < pair[1]));
        let mut histogram = Histogram::default();
        histogram.record(Duration::MAX);
        histogram.record(Duration::MAX);
        assert_eq!((histogram.count(), histogram.sum()), (2, Duration::MAX));
    }
}
