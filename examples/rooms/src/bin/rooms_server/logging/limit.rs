//! Limits lines that repeat, by their place in the source: some at once, and then few.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The lines of one place that are logged in each [`PERIOD`].
const BURST: u32 = 10;
const PERIOD: Duration = Duration::from_secs(30);

/// Counts the lines of each place. Places are lines of source code, so their number is bounded.
#[derive(Debug, Default)]
pub struct Limit {
    places: Mutex<HashMap<(String, u32), Count>>,
}

/// What to do with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Log it.
    Log,
    /// Log it, after a line about this number of suppressed ones.
    LogAfter(u64),
    /// Suppress it.
    Suppress,
}

#[derive(Debug)]
struct Count {
    since: Instant,
    lines: u32,
    suppressed: u64,
}

impl Limit {
    /// Counts a line of this place.
    pub fn count(&self, file: &str, line: u32, now: Instant) -> Verdict {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let count =
            places.entry((file.to_owned(), line)).or_insert(Count { since: now, lines: 0, suppressed: 0 });
        if now.saturating_duration_since(count.since) >= PERIOD {
            (count.since, count.lines) = (now, 0);
        }
        if count.lines == BURST {
            count.suppressed += 1;
            return Verdict::Suppress;
        }
        count.lines += 1;
        match std::mem::take(&mut count.suppressed) {
            0 => Verdict::Log,
            suppressed => Verdict::LogAfter(suppressed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_repeats_is_logged_some_times_and_then_counted() {
        let (limit, start) = (Limit::default(), Instant::now());
        for _ in 0..BURST {
            assert_eq!(limit.count("a.rs", 1, start), Verdict::Log);
        }
        for _ in 0..500 {
            assert_eq!(limit.count("a.rs", 1, start), Verdict::Suppress);
        }
        assert_eq!(limit.count("a.rs", 2, start), Verdict::Log, "other places are not affected");
        assert_eq!(limit.count("b.rs", 1, start), Verdict::Log);
        assert_eq!(limit.count("a.rs", 1, start + PERIOD), Verdict::LogAfter(500));
        assert_eq!(limit.count("a.rs", 1, start + PERIOD), Verdict::Log);
    }
}
