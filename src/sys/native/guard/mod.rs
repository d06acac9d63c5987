//! What a server watches over a stranger, beyond what every peer does: rates, the time that a message takes, the time for
//! which nothing can be sent to it. Times in, verdicts out.

mod limiter;
mod pausable_timer;

use std::time::Duration;

use self::{limiter::RateLimiter, pausable_timer::PausableTimer};
use crate::{
    close::{CloseCause, Limit, Timeout},
    options::RateLimits,
    rate::Arrival,
};

/// The watch over one peer; over one that is no stranger it lets everything pass.
#[derive(Debug, Default)]
pub(super) struct Guard(Option<Box<GuardState>>);

#[derive(Debug)]
struct GuardState {
    limiter: Option<RateLimiter>,
    max_message_time: Duration,
    slow_reader_timeout: Duration,
    /// Since when a frame or a message has begun and not ended,
    unfinished: PausableTimer,
    /// there has been no room for packets to the peer,
    full: PausableTimer,
    /// or no memory; beside it, how much of that the peer held itself then.
    denied: PausableTimer,
    held_when_denied: usize,
    /// How far this end reads what the peer sends, and since when.
    reading: ReadCoverage,
    reading_since: Duration,
}

/// How far a server reads what a peer has sent. No time limit of the peer's runs while it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadCoverage {
    /// Everything that has come is read.
    Complete,
    /// More has come than a turn may read: who has begun something may have ended it.
    Partial,
    /// Nothing is read, for there is no room for it.
    Paused,
}

impl Guard {
    /// A time of zero has no limit.
    pub(super) fn new(limits: &RateLimits, slow_reader_timeout: Duration) -> Self {
        Self(Some(Box::new(GuardState {
            limiter: RateLimiter::new(limits),
            max_message_time: limits.max_message_time,
            slow_reader_timeout,
            unfinished: PausableTimer::default(),
            full: PausableTimer::default(),
            denied: PausableTimer::default(),
            held_when_denied: 0,
            reading: ReadCoverage::Complete,
            reading_since: Duration::ZERO,
        })))
    }

    /// Bytes came, of whatever kind.
    pub(super) fn count_bytes(&mut self, len: usize, arrival: Arrival) -> Result<(), Limit> {
        self.limiter().map_or(Ok(()), |limiter| limiter.count_bytes(len, arrival))
    }

    /// A message came to its end.
    pub(super) fn count_packet(&mut self, arrival: Arrival) -> Result<(), Limit> {
        self.message_finished();
        self.limiter().map_or(Ok(()), |limiter| limiter.count_packet(arrival))
    }

    /// A ping, a pong, or a frame that carries nothing.
    pub(super) fn count_control_frame(&mut self, arrival: Arrival) -> Result<(), Limit> {
        self.limiter().map_or(Ok(()), |limiter| limiter.count_control_frame(arrival))
    }

    /// Nothing that has begun is still to end.
    pub(super) fn message_finished(&mut self) {
        if let Some(watch) = &mut self.0 {
            watch.unfinished.reset();
        }
    }

    /// A frame or a message has begun and not ended.
    pub(super) fn message_unfinished(&mut self, now: Duration) {
        if let Some(watch) = &mut self.0 {
            watch.unfinished.start(now);
        }
    }

    /// Says how far this end reads what the peer has sent.
    pub(super) fn set_read_coverage(&mut self, reading: ReadCoverage, now: Duration) {
        let Some(watch) = &mut self.0 else { return };
        if watch.reading == reading {
            return;
        }
        // What stood still until now goes on as if no time had passed.
        let pause = watch.reading_since..now;
        if !watch.runs_unfinished() {
            watch.unfinished.exclude(&pause);
        }
        if !watch.runs_full() {
            watch.full.exclude(&pause);
            watch.denied.exclude(&pause);
        }
        watch.reading = reading;
        watch.reading_since = now;
    }

    /// There was no room for a packet.
    pub(super) fn queue_full(&mut self, now: Duration) {
        if let Some(watch) = &mut self.0 {
            watch.full.start(now);
        }
    }

    /// There is plenty of room again.
    pub(super) fn queue_has_room(&mut self) {
        if let Some(watch) = &mut self.0 {
            watch.full.reset();
        }
    }

    /// There was no memory for a packet, of which this peer holds `held`.
    pub(super) fn memory_denied(&mut self, now: Duration, held: usize) {
        let Some(watch) = &mut self.0 else { return };
        if !watch.denied.is_running() {
            watch.denied.start(now);
            watch.held_when_denied = held;
        }
    }

    /// There was memory for a packet.
    pub(super) fn memory_granted(&mut self) {
        if let Some(watch) = &mut self.0 {
            watch.denied.reset();
        }
    }

    /// This peer holds only `held` any more.
    pub(super) fn memory_released(&mut self, held: usize) {
        if let Some(watch) = &mut self.0 {
            if held <= watch.held_when_denied / 2 {
                watch.denied.reset();
            }
        }
    }

    /// When the next limit runs out.
    pub(super) fn due(&self) -> Option<Duration> {
        let watch = self.0.as_ref()?;
        [watch.message_due(), watch.full_due()].into_iter().flatten().min()
    }

    /// The limit that has run out.
    pub(super) fn expired(&self, now: Duration) -> Option<CloseCause> {
        let watch = self.0.as_ref()?;
        let is_over = |due: Option<Duration>| due.is_some_and(|due| now >= due);
        if is_over(watch.message_due()) {
            return Some(CloseCause::TimedOut(Timeout::Message));
        }
        is_over(watch.full_due()).then_some(CloseCause::LimitExceeded(Limit::SlowReader))
    }

    fn limiter(&mut self) -> Option<&mut RateLimiter> {
        self.0.as_mut()?.limiter.as_mut()
    }
}

impl GuardState {
    /// Returns `true` while the time of a message runs.
    fn runs_unfinished(&self) -> bool {
        self.reading == ReadCoverage::Complete
    }

    /// Returns `true` while the time runs for which nothing can be sent. What the peer takes does not depend on how fast it is
    /// read, but on whether it is.
    fn runs_full(&self) -> bool {
        self.reading != ReadCoverage::Paused
    }

    fn message_due(&self) -> Option<Duration> {
        self.unfinished
            .0
            .filter(|_| self.runs_unfinished())
            .and_then(|since| due(since, self.max_message_time))
    }

    fn full_due(&self) -> Option<Duration> {
        let since = [self.full.0, self.denied.0].into_iter().flatten().min();
        since.filter(|_| self.runs_full()).and_then(|since| due(since, self.slow_reader_timeout))
    }
}

/// When a limit that began then runs out; a limit of zero never does.
fn due(since: Duration, limit: Duration) -> Option<Duration> {
    (!limit.is_zero()).then(|| since.saturating_add(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRIVAL: Arrival = Arrival { since: Duration::ZERO, at: Duration::ZERO };

    fn guard() -> Guard {
        let limits = RateLimits::default().max_message_time(at(10)).max_packets_per_second(1);
        Guard::new(&limits, at(5))
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_message_may_not_take_for_ever_however_often_a_part_of_it_comes() {
        let mut guard = guard();
        for second in 0..10 {
            guard.message_unfinished(at(second));
        }
        assert_eq!((guard.due(), guard.expired(at(9))), (Some(at(10)), None));
        assert_eq!(guard.expired(at(10)), Some(CloseCause::TimedOut(Timeout::Message)));
    }

    #[test]
    fn each_message_has_its_own_time() {
        let mut guard = guard();
        guard.message_unfinished(at(0));
        assert_eq!(guard.count_packet(ARRIVAL), Ok(()));
        guard.message_unfinished(at(9));
        assert_eq!(guard.due(), Some(at(19)));
    }

    #[test]
    fn no_time_limit_runs_while_the_server_does_not_read() {
        let mut guard = guard();
        guard.message_unfinished(at(0));
        guard.queue_full(at(0));
        guard.memory_denied(at(0), 1000);
        guard.set_read_coverage(ReadCoverage::Paused, at(4));
        assert_eq!((guard.due(), guard.expired(at(1000))), (None, None));
        // What begins meanwhile does not count either.
        guard.queue_has_room();
        guard.queue_full(at(500));
        guard.set_read_coverage(ReadCoverage::Complete, at(1000));
        assert_eq!(guard.due(), Some(at(1001)), "of the 5 s without memory 4 had passed");
        guard.memory_granted();
        assert_eq!(guard.due(), Some(at(1005)));
        guard.queue_has_room();
        assert_eq!(guard.due(), Some(at(1006)));
        assert_eq!(guard.expired(at(1006)), Some(CloseCause::TimedOut(Timeout::Message)));
    }

    #[test]
    fn a_peer_that_sends_more_than_a_turn_reads_is_slow_all_the_same_but_not_with_its_message() {
        let mut guard = guard();
        guard.message_unfinished(at(0));
        guard.queue_full(at(0));
        guard.set_read_coverage(ReadCoverage::Partial, at(1));
        assert_eq!(guard.expired(at(5)), Some(CloseCause::LimitExceeded(Limit::SlowReader)));
        guard.queue_has_room();
        assert_eq!((guard.due(), guard.expired(at(1000))), (None, None));
    }

    #[test]
    fn a_peer_that_stays_full_is_slow_and_one_that_catches_up_is_not() {
        let mut guard = guard();
        guard.queue_full(at(1));
        guard.queue_full(at(4));
        assert_eq!(guard.expired(at(6)), Some(CloseCause::LimitExceeded(Limit::SlowReader)));
        guard.queue_has_room();
        assert_eq!((guard.due(), guard.expired(at(100))), (None, None));
    }

    #[test]
    fn a_peer_that_gives_no_memory_back_while_there_is_none_is_slow() {
        const SLOW: Option<CloseCause> = Some(CloseCause::LimitExceeded(Limit::SlowReader));
        let mut guard = guard();
        guard.memory_denied(at(1), 1000);
        guard.memory_denied(at(4), 900);
        guard.memory_released(501);
        assert_eq!((guard.due(), guard.expired(at(6))), (Some(at(6)), SLOW));
        guard.memory_released(500);
        assert_eq!(guard.due(), None);
        guard.memory_denied(at(7), 1000);
        guard.memory_granted();
        assert_eq!(guard.due(), None);
    }

    #[test]
    fn over_one_that_is_no_stranger_nobody_watches() {
        let mut guard = Guard::default();
        guard.message_unfinished(at(0));
        guard.queue_full(at(0));
        assert_eq!(guard.count_bytes(usize::MAX, ARRIVAL), Ok(()));
        assert_eq!((guard.due(), guard.expired(at(1_000_000))), (None, None));
    }
}
