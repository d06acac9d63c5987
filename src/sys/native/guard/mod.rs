//! What a server watches over a stranger, beyond what every peer does: rates, the time that a message takes, the time for
//! which nothing can be sent to it. Times in, verdicts out.

mod limiter;

use std::time::Duration;

pub(crate) use self::limiter::Arrival;
use self::limiter::Limiter;
use crate::{
    close::{CloseCause, Deadline, Excess},
    options::PeerLimits,
};

/// The watch over one peer; over one that is no stranger it lets everything pass.
#[derive(Debug, Default)]
pub(super) struct Guard(Option<Box<Watch>>);

#[derive(Debug)]
struct Watch {
    limiter: Option<Limiter>,
    max_message_time: Duration,
    /// Since when a message has been under way.
    message_since: Option<Duration>,
    max_time_full: Duration,
    /// Since when there has been no room for packets to it,
    full_since: Option<Duration>,
    /// or no memory, and how much of that it held itself then.
    scarce_since: Option<(Duration, usize)>,
}

impl Guard {
    /// A time of zero has no limit.
    pub(super) fn new(limits: &PeerLimits, max_time_full: Duration) -> Self {
        Self(Some(Box::new(Watch {
            limiter: Limiter::new(limits),
            max_message_time: limits.max_message_time,
            message_since: None,
            max_time_full,
            full_since: None,
            scarce_since: None,
        })))
    }

    /// Bytes came, of whatever kind.
    pub(super) fn bytes(&mut self, len: usize, arrival: Arrival) -> Result<(), Excess> {
        self.limiter().map_or(Ok(()), |limiter| limiter.bytes(len, arrival))
    }

    /// A message came to its end.
    pub(super) fn packet(&mut self, arrival: Arrival) -> Result<(), Excess> {
        if let Some(watch) = &mut self.0 {
            watch.message_since = None;
        }
        self.limiter().map_or(Ok(()), |limiter| limiter.packet(arrival))
    }

    /// A ping, a pong, or a frame that carries nothing.
    pub(super) fn control_frame(&mut self, arrival: Arrival) -> Result<(), Excess> {
        self.limiter().map_or(Ok(()), |limiter| limiter.control_frame(arrival))
    }

    /// A message is under way.
    pub(super) fn within_message(&mut self, now: Duration) {
        if let Some(watch) = &mut self.0 {
            watch.message_since.get_or_insert(now);
        }
    }

    /// There was no room for a packet.
    pub(super) fn was_full(&mut self, now: Duration) {
        if let Some(watch) = &mut self.0 {
            watch.full_since.get_or_insert(now);
        }
    }

    /// There is plenty of room again.
    pub(super) fn has_room(&mut self) {
        if let Some(watch) = &mut self.0 {
            watch.full_since = None;
        }
    }

    /// There was no memory for a packet, of which this peer holds `held`.
    pub(super) fn found_no_memory(&mut self, now: Duration, held: usize) {
        if let Some(watch) = &mut self.0 {
            watch.scarce_since.get_or_insert((now, held));
        }
    }

    /// There was memory for a packet.
    pub(super) fn found_memory(&mut self) {
        if let Some(watch) = &mut self.0 {
            watch.scarce_since = None;
        }
    }

    /// This peer holds only `held` any more.
    pub(super) fn eased(&mut self, held: usize) {
        if let Some(watch) = &mut self.0 {
            watch.scarce_since.take_if(|(_, then)| held <= *then / 2);
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
            return Some(CloseCause::TimedOut { what: Deadline::Message });
        }
        is_over(watch.full_due()).then_some(CloseCause::Excess { what: Excess::Slow })
    }

    fn limiter(&mut self) -> Option<&mut Limiter> {
        self.0.as_mut()?.limiter.as_mut()
    }
}

impl Watch {
    fn message_due(&self) -> Option<Duration> {
        let since = self.message_since.filter(|_| !self.max_message_time.is_zero())?;
        Some(since + self.max_message_time)
    }

    fn full_due(&self) -> Option<Duration> {
        let since = [self.full_since, self.scarce_since.map(|(since, _)| since)].into_iter().flatten().min();
        Some(since.filter(|_| !self.max_time_full.is_zero())? + self.max_time_full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRIVAL: Arrival = Arrival { since: Duration::ZERO, at: Duration::ZERO };

    fn guard() -> Guard {
        let limits = PeerLimits::default().max_message_time(at(10)).max_packets_per_second(1);
        Guard::new(&limits, at(5))
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_message_may_not_take_for_ever_however_often_a_part_of_it_comes() {
        let mut guard = guard();
        for second in 0..10 {
            guard.within_message(at(second));
        }
        assert_eq!((guard.due(), guard.overdue(at(9))), (Some(at(10)), None));
        assert_eq!(guard.overdue(at(10)), Some(CloseCause::TimedOut { what: Deadline::Message }));
    }

    #[test]
    fn each_message_has_its_own_time() {
        let mut guard = guard();
        guard.within_message(at(0));
        assert_eq!(guard.packet(ARRIVAL), Ok(()));
        guard.within_message(at(9));
        assert_eq!(guard.due(), Some(at(19)));
    }

    #[test]
    fn a_peer_that_stays_full_is_slow_and_one_that_catches_up_is_not() {
        let mut guard = guard();
        guard.was_full(at(1));
        guard.was_full(at(4));
        assert_eq!(guard.overdue(at(6)), Some(CloseCause::Excess { what: Excess::Slow }));
        guard.has_room();
        assert_eq!((guard.due(), guard.overdue(at(100))), (None, None));
    }

    #[test]
    fn a_peer_that_gives_no_memory_back_while_there_is_none_is_slow() {
        const SLOW: Option<CloseCause> = Some(CloseCause::Excess { what: Excess::Slow });
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
        guard.within_message(at(0));
        guard.was_full(at(0));
        assert_eq!(guard.bytes(usize::MAX, ARRIVAL), Ok(()));
        assert_eq!((guard.due(), guard.overdue(at(1_000_000))), (None, None));
    }
}
