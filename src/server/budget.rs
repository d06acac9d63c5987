//! The limits on the work of one poll. The next poll does the rest.

use std::time::Duration;

use crate::sys::server::Timestamps;

/// The number of bytes that a poll reads.
const FRAME_BYTES: usize = 16 * 1024 * 1024;
/// The number of bytes that a poll reads if it may sleep. The program handles their packets while they are in the processor's
/// cache, and polls again: only a program with frames needs all of them at once.
pub(super) const TURN_BYTES: usize = 64 * 1024;
/// The number of bytes that a poll reads from closed connections, whose data is dropped.
const LINGERING: usize = 1024 * 1024;

/// The time that a poll spends on TLS handshakes. A step takes 0.05 to 1 ms, depending on the kind of key.
const HANDSHAKES: Duration = Duration::from_millis(8);

/// The number of deadlines that every poll may check. Thousands of peers that connected together become silent
/// together, and to ping all of them in one poll would take too long for a frame.
const DEADLINES: usize = 256;
/// The number of deadlines that the polls of a second may check together, so that a server that polls seldom keeps up.
const DEADLINES_PER_SECOND: f64 = 16_384.0;

/// What a step of a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorkKind {
    /// A step of a TLS handshake.
    Handshake,
    /// The last bytes of a closed connection.
    Lingering,
    Other,
}

/// The work that a poll may still do.
#[derive(Debug)]
pub(super) struct PollBudget {
    bytes: usize,
    lingering: usize,
    handshakes: Duration,
    deadlines: usize,
}

impl PollBudget {
    /// Returns the budget of a poll that sleeps, or does not, until there is something to do.
    pub(super) fn new(sleeps: bool, times: Timestamps) -> Self {
        let since_last = times.wall.saturating_sub(times.last).min(Duration::from_secs(1));
        let deadlines = (since_last.as_secs_f64() * DEADLINES_PER_SECOND) as usize;
        Self {
            bytes: if sleeps { TURN_BYTES } else { FRAME_BYTES },
            lingering: LINGERING,
            handshakes: HANDSHAKES,
            deadlines: deadlines.max(DEADLINES),
        }
    }

    /// Returns `true` while more bytes may be read.
    pub(super) fn may_read(&self) -> bool {
        self.bytes > 0
    }

    /// Returns `true` while a closed connection may be read from.
    pub(super) fn may_linger(&self) -> bool {
        self.lingering > 0
    }

    /// Returns `true` while a step of a TLS handshake may be taken.
    pub(super) fn may_handshake(&self) -> bool {
        !self.handshakes.is_zero()
    }

    /// Returns `true` if one more deadline may be checked, and counts it.
    pub(super) fn take_deadline(&mut self) -> bool {
        let may = self.deadlines > 0;
        self.deadlines -= usize::from(may);
        may
    }

    /// Counts a step that read this number of bytes. `took` returns the time of the step, and is called only for
    /// handshakes.
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
        PollBudget::new(false, Timestamps { now: wall, wall, last: Duration::ZERO })
    }

    #[test]
    fn the_time_for_handshake_steps_in_a_poll_is_limited() {
        let mut budget = budget(16);
        let mut steps = 0;
        while budget.may_handshake() {
            budget.count(WorkKind::Handshake, 500, || Duration::from_micros(300));
            steps += 1;
        }
        assert_eq!(steps, 27);
    }

    #[test]
    fn a_poll_after_a_longer_time_checks_more_deadlines() {
        for (millis, expected) in [(0, 256), (1, 256), (50, 819), (200, 3276), (60_000, 16_384)] {
            let mut budget = budget(millis);
            let checked = (0..100_000).filter(|_| budget.take_deadline()).count();
            assert_eq!(checked, expected, "{millis} ms");
        }
    }

    #[test]
    fn bytes_of_closed_connections_count_for_both_limits() {
        let mut budget = budget(16);
        budget.count(WorkKind::Lingering, LINGERING, || Duration::ZERO);
        assert!(!budget.may_linger() && budget.may_read());
        budget.count(WorkKind::Other, FRAME_BYTES - LINGERING, || Duration::ZERO);
        assert!(!budget.may_read());
    }
}
