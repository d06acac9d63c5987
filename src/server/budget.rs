//! How much work a poll does at most; the rest is left to the next.

use std::time::Duration;

use crate::sys::Timestamps;

/// How many bytes all polling of a poll may read,
const BYTES: usize = 16 * 1024 * 1024;
/// and how many of them from connections that are over: what these send is of no use.
const LINGERING: usize = 1024 * 1024;

/// For how long a poll takes steps of TLS handshakes. One costs 0.05 to 1 ms, by the kind of the key.
const HANDSHAKES: Duration = Duration::from_millis(8);

/// How many deadlines a poll looks at, at least: thousands that connected together fall silent together, and to ping all of
/// them at once would cost a frame.
const DEADLINES: usize = 256;
/// And how many in a second: where polls are few, more are due in each.
const DEADLINES_PER_SECOND: f64 = 16_384.0;

/// What a turn is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorkKind {
    /// A step of a TLS handshake.
    Handshake,
    /// The last bytes of a connection that is over.
    Lingering,
    Other,
}

/// What is left of a poll's work.
#[derive(Debug)]
pub(super) struct PollBudget {
    bytes: usize,
    lingering: usize,
    handshakes: Duration,
    deadlines: usize,
}

impl PollBudget {
    pub(super) fn new(times: Timestamps) -> Self {
        let since_last = times.wall.saturating_sub(times.last).min(Duration::from_secs(1));
        let deadlines = (since_last.as_secs_f64() * DEADLINES_PER_SECOND) as usize;
        Self {
            bytes: BYTES,
            lingering: LINGERING,
            handshakes: HANDSHAKES,
            deadlines: deadlines.max(DEADLINES),
        }
    }

    /// Returns `true` while connections may be given polling.
    pub(super) fn has_turns(&self) -> bool {
        self.bytes > 0
    }

    /// Returns `true` if one more connection that is over may be read from.
    pub(super) fn may_linger(&self) -> bool {
        self.lingering > 0
    }

    /// Returns `true` if one more step of a TLS handshake may be taken.
    pub(super) fn may_handshake(&self) -> bool {
        !self.handshakes.is_zero()
    }

    /// Returns `true` if one more deadline may be looked at, and counts it.
    pub(super) fn may_look_at_deadline(&mut self) -> bool {
        let may = self.deadlines > 0;
        self.deadlines -= usize::from(may);
        may
    }

    /// Counts a turn that read `bytes`. `took` gives its time, and is called only where time counts.
    pub(super) fn count(&mut self, kind: WorkKind, bytes: usize, took: impl FnOnce() -> Duration) {
        self.bytes = self.bytes.saturating_sub(bytes);
        match kind {
            WorkKind::Lingering => self.lingering = self.lingering.saturating_sub(bytes),
            WorkKind::Handshake => self.handshakes = self.handshakes.saturating_sub(took()),
            WorkKind::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(millis: u64) -> PollBudget {
        let wall = Duration::from_millis(millis);
        PollBudget::new(Timestamps { now: wall, wall, last: Duration::ZERO })
    }

    #[test]
    fn a_poll_takes_handshake_steps_for_a_bounded_time() {
        let mut budget = budget(16);
        let mut steps = 0;
        while budget.may_handshake() {
            budget.count(WorkKind::Handshake, 500, || Duration::from_micros(300));
            steps += 1;
        }
        assert_eq!(steps, 27);
    }

    #[test]
    fn where_polls_are_few_each_looks_at_more_deadlines() {
        for (millis, expected) in [(0, 256), (1, 256), (50, 819), (200, 3276), (60_000, 16_384)] {
            let mut budget = budget(millis);
            let looks = (0..100_000).filter(|_| budget.may_look_at_deadline()).count();
            assert_eq!(looks, expected, "{millis} ms");
        }
    }

    #[test]
    fn bytes_of_connections_that_are_over_count_twice() {
        let mut budget = budget(16);
        budget.count(WorkKind::Lingering, LINGERING, || Duration::ZERO);
        assert!(!budget.may_linger() && budget.has_turns());
        budget.count(WorkKind::Other, BYTES - LINGERING, || Duration::ZERO);
        assert!(!budget.has_turns());
    }
}
