//! The limits that a server imposes on its clients, in addition to those of every peer: rates, the time of a message,
//! and the time without room to send. It uses no socket and no clock.

mod limiter;
mod pausable_timer;

use std::{sync::Arc, time::Duration};

use self::{limiter::RateLimiter, pausable_timer::PausableTimer};
use crate::{
    clock::CompactTime,
    close::{CloseCause, Limit, Timeout},
    options::RateLimits,
    rate::{self, Arrival},
};

/// The limits of a server, which its connections share. A time of zero is no limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GuardLimits {
    pub(super) rates: RateLimits,
    slow_reader_timeout: Duration,
    /// What a packet costs under its rate limit: for each packet, a division would take longer than all else here.
    packet_cost: u64,
}

impl GuardLimits {
    pub(super) fn new(rates: RateLimits, slow_reader_timeout: Duration) -> Self {
        let packet_cost = rate::cost(rates.max_packets_per_second, 1);
        Self { rates, slow_reader_timeout, packet_cost }
    }
}

/// Enforces the limits on one connection. The default has none.
#[derive(Debug, Default)]
pub(super) struct Guard {
    limits: Option<Arc<GuardLimits>>,
    limiter: RateLimiter,
    /// The time since which a frame or a message is incomplete.
    incomplete: PausableTimer,
    /// The time since which the send queue is full.
    full: PausableTimer,
    /// The time since which there is no memory for packets to the peer.
    denied: PausableTimer,
    /// How much memory the peer used when that began.
    usage_when_denied: usize,
    coverage: ReadCoverage,
    /// The time since which the coverage has its value. None means since the start.
    coverage_since: CompactTime,
}

/// How much of the received data a server reads. While it does not read, the peer's time limits are paused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ReadCoverage {
    /// All bytes that have arrived are read.
    #[default]
    Complete,
    /// More bytes have arrived than a poll may read. An incomplete message may be complete among them.
    Partial,
    /// Nothing is read, because there is no room for it.
    Paused,
}

impl Guard {
    pub(super) fn new(limits: Option<Arc<GuardLimits>>) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Counts received bytes.
    pub(super) fn count_bytes(&mut self, len: usize, arrival: Arrival) -> Result<(), Limit> {
        let Some(limits) = &self.limits else { return Ok(()) };
        self.limiter.count_bytes(&limits.rates, len, arrival)
    }

    /// Counts a complete message.
    pub(super) fn count_packet(&mut self, arrival: Arrival) -> Result<(), Limit> {
        self.message_finished();
        let Some(limits) = &self.limits else { return Ok(()) };
        self.limiter.count_packet(limits.packet_cost, arrival)
    }

    /// Counts a ping, a pong, or an empty fragment.
    pub(super) fn count_control_frame(&mut self, arrival: Arrival) -> Result<(), Limit> {
        let Some(limits) = &self.limits else { return Ok(()) };
        self.limiter.count_control_frame(&limits.rates, arrival)
    }

    /// Notes that no frame or message is incomplete.
    pub(super) fn message_finished(&mut self) {
        self.incomplete.reset();
    }

    /// Notes that a frame or a message is incomplete.
    pub(super) fn message_incomplete(&mut self, now: Duration) {
        self.incomplete.start(now);
    }

    /// Notes how much of the received data is read.
    pub(super) fn set_read_coverage(&mut self, coverage: ReadCoverage, now: Duration) {
        if self.coverage == coverage {
            return;
        }
        // Paused timers continue as if no time had passed.
        let pause = self.coverage_since.get().unwrap_or_default()..now;
        if !self.runs_message_timer() {
            self.incomplete.exclude(&pause);
        }
        if !self.runs_send_timers() {
            self.full.exclude(&pause);
            self.denied.exclude(&pause);
        }
        self.coverage = coverage;
        self.coverage_since = CompactTime::at(now);
    }

    /// Notes that the send queue had no room for a packet.
    pub(super) fn queue_full(&mut self, now: Duration) {
        self.full.start(now);
    }

    /// Notes that less than half of the send queue is used.
    pub(super) fn queue_has_room(&mut self) {
        self.full.reset();
    }

    /// Notes that there was no memory for a packet, while this peer used `usage` bytes.
    pub(super) fn memory_denied(&mut self, now: Duration, usage: usize) {
        if !self.denied.is_running() {
            self.denied.start(now);
            self.usage_when_denied = usage;
        }
    }

    /// Notes that there was memory for a packet.
    pub(super) fn memory_granted(&mut self) {
        self.denied.reset();
    }

    /// Notes that this peer uses `usage` bytes now. If that is at most half of its usage when memory was denied, the
    /// time limit no longer runs.
    pub(super) fn memory_released(&mut self, usage: usize) {
        if usage <= self.usage_when_denied / 2 {
            self.denied.reset();
        }
    }

    /// Returns when the next time limit runs out.
    pub(super) fn due(&self) -> Option<Duration> {
        let limits = self.limits.as_ref()?;
        [self.message_due(limits), self.full_due(limits)].into_iter().flatten().min()
    }

    /// Returns the time limit that has run out.
    pub(super) fn expired(&self, now: Duration) -> Option<CloseCause> {
        let limits = self.limits.as_ref()?;
        let is_over = |due: Option<Duration>| due.is_some_and(|due| now >= due);
        if is_over(self.message_due(limits)) {
            return Some(CloseCause::TimedOut(Timeout::Message));
        }
        is_over(self.full_due(limits)).then_some(CloseCause::LimitExceeded(Limit::SlowReader))
    }

    /// Returns `true` if the time limit of a message runs.
    fn runs_message_timer(&self) -> bool {
        self.coverage == ReadCoverage::Complete
    }

    /// Returns `true` if the time limits for sending run. They are paused only while nothing is read from the peer.
    fn runs_send_timers(&self) -> bool {
        self.coverage != ReadCoverage::Paused
    }

    fn message_due(&self, limits: &GuardLimits) -> Option<Duration> {
        let since = self.incomplete.since().filter(|_| self.runs_message_timer());
        since.and_then(|since| due(since, limits.rates.max_message_time))
    }

    fn full_due(&self, limits: &GuardLimits) -> Option<Duration> {
        let since = [self.full.since(), self.denied.since()].into_iter().flatten().min();
        let since = since.filter(|_| self.runs_send_timers());
        since.and_then(|since| due(since, limits.slow_reader_timeout))
    }
}

/// Returns when a time limit ends that began at `since`. A limit of zero does not end.
fn due(since: Duration, limit: Duration) -> Option<Duration> {
    (!limit.is_zero()).then(|| since.saturating_add(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival() -> Arrival {
        Arrival::at(Duration::ZERO)
    }

    fn guard() -> Guard {
        let rates = RateLimits::default().max_message_time(at(10)).max_packets_per_second(1);
        Guard::new(Some(Arc::new(GuardLimits::new(rates, at(5)))))
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
        assert_eq!(guard.count_packet(arrival()), Ok(()));
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
        assert_eq!(guard.count_bytes(usize::MAX, arrival()), Ok(()));
        assert_eq!((guard.due(), guard.expired(at(1_000_000))), (None, None));
    }
}
