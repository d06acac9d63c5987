//! The limits that a server imposes on its clients, in addition to those of every peer: rates, the time of a message,
//! and the time without room to send. It uses no socket and no clock.

mod limiter;
mod pausable_timer;

use std::time::Duration;

use self::{limiter::RateLimiter, pausable_timer::PausableTimer};
use crate::{
    close::{CloseCause, Limit, Timeout},
    options::RateLimits,
    rate::Arrival,
};

/// The limits of one connection. The default has none.
#[derive(Debug, Default)]
pub(super) struct Guard(Option<Box<GuardState>>);

#[derive(Debug)]
struct GuardState {
    limiter: Option<RateLimiter>,
    max_message_time: Duration,
    slow_reader_timeout: Duration,
    /// The time since which a frame or a message is incomplete.
    incomplete: PausableTimer,
    /// The time since which the send queue is full.
    full: PausableTimer,
    /// The time since which there is no memory for packets to the peer.
    denied: PausableTimer,
    /// How much memory the peer used when that began.
    usage_when_denied: usize,
    coverage: ReadCoverage,
    /// The time since which the coverage has its value.
    coverage_since: Duration,
}

/// How much of the received data a server reads. While it does not read, the peer's time limits are paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadCoverage {
    /// All bytes that have arrived are read.
    Complete,
    /// More bytes have arrived than a poll may read. An incomplete message may be complete among them.
    Partial,
    /// Nothing is read, because there is no room for it.
    Paused,
}

impl Guard {
    /// Returns a guard with these limits. A time of zero is no limit.
    pub(super) fn new(limits: &RateLimits, slow_reader_timeout: Duration) -> Self {
        Self(Some(Box::new(GuardState {
            limiter: RateLimiter::new(limits),
            max_message_time: limits.max_message_time,
            slow_reader_timeout,
            incomplete: PausableTimer::default(),
            full: PausableTimer::default(),
            denied: PausableTimer::default(),
            usage_when_denied: 0,
            coverage: ReadCoverage::Complete,
            coverage_since: Duration::ZERO,
        })))
    }

    /// Counts received bytes.
    pub(super) fn count_bytes(&mut self, len: usize, arrival: Arrival) -> Result<(), Limit> {
        self.limiter().map_or(Ok(()), |limiter| limiter.count_bytes(len, arrival))
    }

    /// Counts a complete message.
    pub(super) fn count_packet(&mut self, arrival: Arrival) -> Result<(), Limit> {
        self.message_finished();
        self.limiter().map_or(Ok(()), |limiter| limiter.count_packet(arrival))
    }

    /// Counts a ping, a pong, or an empty fragment.
    pub(super) fn count_control_frame(&mut self, arrival: Arrival) -> Result<(), Limit> {
        self.limiter().map_or(Ok(()), |limiter| limiter.count_control_frame(arrival))
    }

    /// Notes that no frame or message is incomplete.
    pub(super) fn message_finished(&mut self) {
        if let Some(state) = &mut self.0 {
            state.incomplete.reset();
        }
    }

    /// Notes that a frame or a message is incomplete.
    pub(super) fn message_incomplete(&mut self, now: Duration) {
        if let Some(state) = &mut self.0 {
            state.incomplete.start(now);
        }
    }

    /// Notes how much of the received data is read.
    pub(super) fn set_read_coverage(&mut self, coverage: ReadCoverage, now: Duration) {
        let Some(state) = &mut self.0 else { return };
        if state.coverage == coverage {
            return;
        }
        // Paused timers continue as if no time had passed.
        let pause = state.coverage_since..now;
        if !state.runs_message_timer() {
            state.incomplete.exclude(&pause);
        }
        if !state.runs_send_timers() {
            state.full.exclude(&pause);
            state.denied.exclude(&pause);
        }
        state.coverage = coverage;
        state.coverage_since = now;
    }

    /// Notes that the send queue had no room for a packet.
    pub(super) fn queue_full(&mut self, now: Duration) {
        if let Some(state) = &mut self.0 {
            state.full.start(now);
        }
    }

    /// Notes that less than half of the send queue is used.
    pub(super) fn queue_has_room(&mut self) {
        if let Some(state) = &mut self.0 {
            state.full.reset();
        }
    }

    /// Notes that there was no memory for a packet, while this peer used `usage` bytes.
    pub(super) fn memory_denied(&mut self, now: Duration, usage: usize) {
        let Some(state) = &mut self.0 else { return };
        if !state.denied.is_running() {
            state.denied.start(now);
            state.usage_when_denied = usage;
        }
    }

    /// Notes that there was memory for a packet.
    pub(super) fn memory_granted(&mut self) {
        if let Some(state) = &mut self.0 {
            state.denied.reset();
        }
    }

    /// Notes that this peer uses `usage` bytes now. If that is at most half of its usage when memory was denied, the
    /// time limit no longer runs.
    pub(super) fn memory_released(&mut self, usage: usize) {
        if let Some(state) = &mut self.0 {
            if usage <= state.usage_when_denied / 2 {
                state.denied.reset();
            }
        }
    }

    /// Returns when the next time limit runs out.
    pub(super) fn due(&self) -> Option<Duration> {
        let state = self.0.as_ref()?;
        [state.message_due(), state.full_due()].into_iter().flatten().min()
    }

    /// Returns the time limit that has run out.
    pub(super) fn expired(&self, now: Duration) -> Option<CloseCause> {
        let state = self.0.as_ref()?;
        let is_over = |due: Option<Duration>| due.is_some_and(|due| now >= due);
        if is_over(state.message_due()) {
            return Some(CloseCause::TimedOut(Timeout::Message));
        }
        is_over(state.full_due()).then_some(CloseCause::LimitExceeded(Limit::SlowReader))
    }

    fn limiter(&mut self) -> Option<&mut RateLimiter> {
        self.0.as_mut()?.limiter.as_mut()
    }
}

impl GuardState {
    /// Returns `true` if the time limit of a message runs.
    fn runs_message_timer(&self) -> bool {
        self.coverage == ReadCoverage::Complete
    }

    /// Returns `true` if the time limits for sending run. They are paused only while nothing is read from the peer.
    fn runs_send_timers(&self) -> bool {
        self.coverage != ReadCoverage::Paused
    }

    fn message_due(&self) -> Option<Duration> {
        self.incomplete
            .0
            .filter(|_| self.runs_message_timer())
            .and_then(|since| due(since, self.max_message_time))
    }

    fn full_due(&self) -> Option<Duration> {
        let since = [self.full.0, self.denied.0].into_iter().flatten().min();
        since.filter(|_| self.runs_send_timers()).and_then(|since| due(since, self.slow_reader_timeout))
    }
}

/// Returns when a time limit ends that began at `since`. A limit of zero does not end.
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
    fn a_message_has_a_time_limit_however_often_a_part_of_it_arrives() {
        let mut guard = guard();
        for second in 0..10 {
            guard.message_incomplete(at(second));
        }
        assert_eq!((guard.due(), guard.expired(at(9))), (Some(at(10)), None));
        assert_eq!(guard.expired(at(10)), Some(CloseCause::TimedOut(Timeout::Message)));
    }

    #[test]
    fn each_message_has_its_own_time_limit() {
        let mut guard = guard();
        guard.message_incomplete(at(0));
        assert_eq!(guard.count_packet(ARRIVAL), Ok(()));
        guard.message_incomplete(at(9));
        assert_eq!(guard.due(), Some(at(19)));
    }

    #[test]
    fn no_time_limit_runs_while_the_server_does_not_read() {
        let mut guard = guard();
        guard.message_incomplete(at(0));
        guard.queue_full(at(0));
        guard.memory_denied(at(0), 1000);
        guard.set_read_coverage(ReadCoverage::Paused, at(4));
        assert_eq!((guard.due(), guard.expired(at(1000))), (None, None));
        // A limit that begins meanwhile is paused, too.
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
    fn a_peer_that_sends_more_than_a_poll_reads_can_be_a_slow_reader_but_not_a_slow_sender() {
        let mut guard = guard();
        guard.message_incomplete(at(0));
        guard.queue_full(at(0));
        guard.set_read_coverage(ReadCoverage::Partial, at(1));
        assert_eq!(guard.expired(at(5)), Some(CloseCause::LimitExceeded(Limit::SlowReader)));
        guard.queue_has_room();
        assert_eq!((guard.due(), guard.expired(at(1000))), (None, None));
    }

    #[test]
    fn a_peer_whose_queue_stays_full_is_a_slow_reader_and_one_that_catches_up_is_not() {
        let mut guard = guard();
        guard.queue_full(at(1));
        guard.queue_full(at(4));
        assert_eq!(guard.expired(at(6)), Some(CloseCause::LimitExceeded(Limit::SlowReader)));
        guard.queue_has_room();
        assert_eq!((guard.due(), guard.expired(at(100))), (None, None));
    }

    #[test]
    fn a_peer_that_frees_no_memory_while_there_is_none_is_a_slow_reader() {
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
    fn the_default_guard_has_no_limits() {
        let mut guard = Guard::default();
        guard.message_incomplete(at(0));
        guard.queue_full(at(0));
        assert_eq!(guard.count_bytes(usize::MAX, ARRIVAL), Ok(()));
        assert_eq!((guard.due(), guard.expired(at(1_000_000))), (None, None));
    }
}
