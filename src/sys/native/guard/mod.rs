//! What a server watches over a stranger, beyond what every peer does: rates, the time that a message takes, the time for
//! which nothing can be sent to it. Times in, verdicts out.

mod limiter;
mod since;

use std::time::Duration;

use self::{limiter::Limiter, since::Since};
use crate::{
    close::{CloseCause, Limit, Timeout},
    options::RateLimits,
    rate::Arrival,
};

/// The watch over one peer; over one that is no stranger it lets everything pass.
#[derive(Debug, Default)]
pub(super) struct Guard(Option<Box<Watch>>);

#[derive(Debug)]
struct Watch {
    limiter: Option<Limiter>,
    max_message_time: Duration,
    slow_reader_timeout: Duration,
    /// Since when a frame or a message has begun and not ended,
    unfinished: Since,
    /// there has been no room for packets to the peer,
    full: Since,
    /// or no memory; beside it, how much of that the peer held itself then.
    scarce: Since,
    scarce_held: usize,
    /// How far this end reads what the peer sends, and since when.
    reading: Attention,
    reading_since: Duration,
}

/// How far a server reads what a peer has sent. No time limit of the peer's runs while it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attention {
    /// Everything that has come is read.
    Full,
    /// More has come than a turn may read: who has begun something may have ended it.
    Partial,
    /// Nothing is read, for there is no room for it.
    None,
}

impl Guard {
    /// A time of zero has no limit.
    pub(super) fn new(limits: &RateLimits, slow_reader_timeout: Duration) -> Self {
        Self(Some(Box::new(Watch {
            limiter: Limiter::new(limits),
            max_message_time: limits.max_message_time,
            slow_reader_timeout,
            unfinished: Since::default(),
            full: Since::default(),
            scarce: Since::default(),
            scarce_held: 0,
            reading: Attention::Full,
            reading_since: Duration::ZERO,
        })))
    }

    /// Bytes came, of whatever kind.
    pub(super) fn bytes(&mut self, len: usize, arrival: Arrival) -> Result<(), Limit> {
        self.limiter().map_or(Ok(()), |limiter| limiter.bytes(len, arrival))
    }

    /// A message came to its end.
    pub(super) fn packet(&mut self, arrival: Arrival) -> Result<(), Limit> {
        self.finished();
        self.limiter().map_or(Ok(()), |limiter| limiter.packet(arrival))
    }

    /// A ping, a pong, or a frame that carries nothing.
    pub(super) fn control_frame(&mut self, arrival: Arrival) -> Result<(), Limit> {
        self.limiter().map_or(Ok(()), |limiter| limiter.control_frame(arrival))
    }

    /// Nothing that has begun is still to end.
    pub(super) fn finished(&mut self) {
        if let Some(watch) = &mut self.0 {
            watch.unfinished.reset();
        }
    }

    /// A frame or a message has begun and not ended.
    pub(super) fn unfinished(&mut self, now: Duration) {
        if let Some(watch) = &mut self.0 {
            watch.unfinished.start(now);
        }
    }

    /// Says how far this end reads what the peer has sent.
    pub(super) fn reads(&mut self, reading: Attention, now: Duration) {
        let Some(watch) = &mut self.0 else { return };
        if watch.reading == reading {
            return;
        }
        // What stood still until now goes on as if no time had passed.
        let pause = watch.reading_since..now;
        if !watch.runs_unfinished() {
            watch.unfinished.skip(&pause);
        }
        if !watch.runs_full() {
            watch.full.skip(&pause);
            watch.scarce.skip(&pause);
        }
        watch.reading = reading;
        watch.reading_since = now;
    }

    /// There was no room for a packet.
    pub(super) fn was_full(&mut self, now: Duration) {
        if let Some(watch) = &mut self.0 {
            watch.full.start(now);
        }
    }

    /// There is plenty of room again.
    pub(super) fn has_room(&mut self) {
        if let Some(watch) = &mut self.0 {
            watch.full.reset();
        }
    }

    /// There was no memory for a packet, of which this peer holds `held`.
    pub(super) fn found_no_memory(&mut self, now: Duration, held: usize) {
        let Some(watch) = &mut self.0 else { return };
        if !watch.scarce.has_started() {
            watch.scarce.start(now);
            watch.scarce_held = held;
        }
    }

    /// There was memory for a packet.
    pub(super) fn found_memory(&mut self) {
        if let Some(watch) = &mut self.0 {
            watch.scarce.reset();
        }
    }

    /// This peer holds only `held` any more.
    pub(super) fn eased(&mut self, held: usize) {
        if let Some(watch) = &mut self.0 {
            if held <= watch.scarce_held / 2 {
                watch.scarce.reset();
            }
        }
    }

    /// When the next limit runs out.
    pub(super) fn due(&self) -> Option<Duration> {
        let watch = self.0.as_ref()?;
        [watch.message_due(), watch.full_due()].into_iter().flatten().min()
    }

    /// The limit that has run out.
    pub(super) fn overdue(&self, now: Duration) -> Option<CloseCause> {
        let watch = self.0.as_ref()?;
        let is_over = |due: Option<Duration>| due.is_some_and(|due| now >= due);
        if is_over(watch.message_due()) {
            return Some(CloseCause::TimedOut(Timeout::Message));
        }
        is_over(watch.full_due()).then_some(CloseCause::LimitExceeded(Limit::SlowReader))
    }

    fn limiter(&mut self) -> Option<&mut Limiter> {
        self.0.as_mut()?.limiter.as_mut()
    }
}

impl Watch {
    /// Returns `true` while the time of a message runs.
    fn runs_unfinished(&self) -> bool {
        self.reading == Attention::Full
    }

    /// Returns `true` while the time runs for which nothing can be sent. What the peer takes does not depend on how fast it is
    /// read, but on whether it is.
    fn runs_full(&self) -> bool {
        self.reading != Attention::None
    }

    fn message_due(&self) -> Option<Duration> {
        self.unfinished
            .0
            .filter(|_| self.runs_unfinished())
            .and_then(|since| due(since, self.max_message_time))
    }

    fn full_due(&self) -> Option<Duration> {
        let since = [self.full.0, self.scarce.0].into_iter().flatten().min();
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
            guard.unfinished(at(second));
        }
        assert_eq!((guard.due(), guard.overdue(at(9))), (Some(at(10)), None));
        assert_eq!(guard.overdue(at(10)), Some(CloseCause::TimedOut(Timeout::Message)));
    }

    #[test]
    fn each_message_has_its_own_time() {
        let mut guard = guard();
        guard.unfinished(at(0));
        assert_eq!(guard.packet(ARRIVAL), Ok(()));
        guard.unfinished(at(9));
        assert_eq!(guard.due(), Some(at(19)));
    }

    #[test]
    fn no_time_limit_runs_while_the_server_does_not_read() {
        let mut guard = guard();
        guard.unfinished(at(0));
        guard.was_full(at(0));
        guard.found_no_memory(at(0), 1000);
        guard.reads(Attention::None, at(4));
        assert_eq!((guard.due(), guard.overdue(at(1000))), (None, None));
        // What begins meanwhile does not count either.
        guard.has_room();
        guard.was_full(at(500));
        guard.reads(Attention::Full, at(1000));
        assert_eq!(guard.due(), Some(at(1001)), "of the 5 s without memory 4 had passed");
        guard.found_memory();
        assert_eq!(guard.due(), Some(at(1005)));
        guard.has_room();
        assert_eq!(guard.due(), Some(at(1006)));
        assert_eq!(guard.overdue(at(1006)), Some(CloseCause::TimedOut(Timeout::Message)));
    }

    #[test]
    fn a_peer_that_sends_more_than_a_turn_reads_is_slow_all_the_same_but_not_with_its_message() {
        let mut guard = guard();
        guard.unfinished(at(0));
        guard.was_full(at(0));
        guard.reads(Attention::Partial, at(1));
        assert_eq!(guard.overdue(at(5)), Some(CloseCause::LimitExceeded(Limit::SlowReader)));
        guard.has_room();
        assert_eq!((guard.due(), guard.overdue(at(1000))), (None, None));
    }

    #[test]
    fn a_peer_that_stays_full_is_slow_and_one_that_catches_up_is_not() {
        let mut guard = guard();
        guard.was_full(at(1));
        guard.was_full(at(4));
        assert_eq!(guard.overdue(at(6)), Some(CloseCause::LimitExceeded(Limit::SlowReader)));
        guard.has_room();
        assert_eq!((guard.due(), guard.overdue(at(100))), (None, None));
    }

    #[test]
    fn a_peer_that_gives_no_memory_back_while_there_is_none_is_slow() {
        const SLOW: Option<CloseCause> = Some(CloseCause::LimitExceeded(Limit::SlowReader));
        let mut guard = guard();
        guard.found_no_memory(at(1), 1000);
        guard.found_no_memory(at(4), 900);
        guard.eased(501);
        assert_eq!((guard.due(), guard.overdue(at(6))), (Some(at(6)), SLOW));
        guard.eased(500);
        assert_eq!(guard.due(), None);
        guard.found_no_memory(at(7), 1000);
        guard.found_memory();
        assert_eq!(guard.due(), None);
    }

    #[test]
    fn over_one_that_is_no_stranger_nobody_watches() {
        let mut guard = Guard::default();
        guard.unfinished(at(0));
        guard.was_full(at(0));
        assert_eq!(guard.bytes(usize::MAX, ARRIVAL), Ok(()));
        assert_eq!((guard.due(), guard.overdue(at(1_000_000))), (None, None));
    }
}
