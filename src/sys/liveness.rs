//! Decides when to send the program's probe, and when a connection is given up. All platforms share it. It does no I/O
//! and has no clock.

use std::time::Duration;

use super::LIVENESS_STARTER;
use crate::{
    link::Link,
    options::{HasStarter, Liveness, Starter},
    packet::Packet,
    state::ReadyState,
};

/// If the calendar has advanced this much more than the monotonic clock, the machine has slept.
const MIN_SLEEP: Duration = Duration::from_secs(5);

impl HasStarter for Liveness {
    fn starter() -> Starter {
        Starter { value: &LIVENESS_STARTER }
    }
}

/// Measures the time without packets from the other end.
#[derive(Debug)]
pub(super) struct LivenessTimer {
    liveness: Liveness,
    /// The number of packets that had been received.
    packets: u64,
    /// When the last packet was received, by the monotonic clock: pauses of the program count in full.
    silent_since: Duration,
    /// When the answer to the probe is due, by the clock for deadlines: pauses count little, because an answer may wait
    /// to be read.
    due: Option<Duration>,
    last: ClockTimes,
}

/// The time of each clock.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClockTimes {
    /// The clock that deadlines are measured by.
    pub(super) now: Duration,
    /// The monotonic clock, which may stand still while the machine sleeps.
    pub(super) wall: Duration,
    /// The system clock, which does not stand still, but may be set.
    pub(super) calendar: Duration,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LivenessAction {
    None,
    SendProbe,
    GiveUp,
}

impl LivenessTimer {
    /// Begins when the connection opens.
    pub(super) fn start(liveness: Liveness, times: ClockTimes) -> Self {
        Self { liveness, packets: 0, silent_since: times.wall, due: None, last: times }
    }

    /// Returns the probe. It is queued even if the send queue is full, because a program that sends to a dead
    /// connection fills the queue. At most one probe waits for an answer.
    pub(super) fn probe(&self) -> Packet {
        self.liveness.probe.clone()
    }

    /// Checks a connection that has just been read. `has_received`: more data has arrived than whole packets.
    /// `is_doubtful`: an event has occurred after which connections are often dead.
    pub(super) fn check(
        &mut self,
        link: &Link,
        times: ClockTimes,
        has_received: bool,
        is_doubtful: bool,
    ) -> LivenessAction {
        let last = std::mem::replace(&mut self.last, times);
        if link.state() != ReadyState::Open {
            return LivenessAction::None;
        }
        let packets = std::mem::replace(&mut self.packets, link.stats.packets_received);
        if has_received || packets != self.packets {
            self.silent_since = times.wall;
            self.due = None;
        }
        let on_calendar = times.calendar.saturating_sub(last.calendar);
        let has_slept = on_calendar.saturating_sub(times.wall.saturating_sub(last.wall)) >= MIN_SLEEP;
        match self.due {
            Some(due) if times.now >= due => LivenessAction::GiveUp,
            Some(_) => LivenessAction::None,
            // Packets may have been received before the event.
            None if is_doubtful || has_slept || times.wall >= self.silent_since + self.liveness.silence => {
                self.due = Some(times.now + self.liveness.timeout);
                LivenessAction::SendProbe
            }
            None => LivenessAction::None,
        }
    }

    /// Returns when the next check is needed if nothing is received, by the clock for deadlines.
    pub(super) fn due(&self) -> Duration {
        let silence = self.silent_since + self.liveness.silence;
        self.due.unwrap_or_else(|| self.last.now + silence.saturating_sub(self.last.wall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::PeerOptions;

    const fn at(seconds: u64) -> ClockTimes {
        let time = Duration::from_secs(seconds);
        ClockTimes { now: time, wall: time, calendar: time }
    }

    fn timer() -> (LivenessTimer, Link) {
        let times = Duration::from_secs;
        let liveness = Liveness::new(Packet::text("?")).silence(times(20)).timeout(times(10));
        let mut link = Link::connecting(&PeerOptions::default(), None);
        link.set_open(None);
        (LivenessTimer::start(liveness, at(0)), link)
    }

    #[test]
    fn a_silence_leads_to_one_probe_and_then_to_the_end() {
        let (mut timer, link) = timer();
        let mut check = |seconds| timer.check(&link, at(seconds), false, false);
        assert_eq!(
            [check(19), check(20), check(29), check(30)],
            [LivenessAction::None, LivenessAction::SendProbe, LivenessAction::None, LivenessAction::GiveUp]
        );
    }

    #[test]
    fn any_packet_answers_the_probe() {
        let (mut timer, mut link) = timer();
        assert_eq!(timer.check(&link, at(20), false, false), LivenessAction::SendProbe);
        link.deliver(Packet::binary([]));
        assert_eq!(timer.check(&link, at(29), false, false), LivenessAction::None);
        assert_eq!(timer.due(), Duration::from_secs(49));
        assert_eq!(timer.check(&link, at(48), false, false), LivenessAction::None);
        assert_eq!(timer.check(&link, at(49), false, false), LivenessAction::SendProbe);
    }

    #[test]
    fn an_outside_event_leads_to_one_probe_at_once() {
        let (mut timer, mut link) = timer();
        link.deliver(Packet::binary([]));
        assert_eq!(timer.check(&link, at(1), false, true), LivenessAction::SendProbe);
        assert_eq!(timer.check(&link, at(2), false, true), LivenessAction::None);
        assert_eq!(timer.due(), Duration::from_secs(11));
    }

    #[test]
    fn a_sleep_of_the_machine_leads_to_a_probe_at_once() {
        let (mut timer, link) = timer();
        assert_eq!(timer.check(&link, at(1), false, false), LivenessAction::None);
        // The monotonic clock stood still meanwhile.
        let awake = ClockTimes { calendar: Duration::from_secs(3600), ..at(2) };
        assert_eq!(timer.check(&link, awake, false, false), LivenessAction::SendProbe);
    }

    #[test]
    fn a_calendar_that_is_set_a_little_or_back_leads_to_no_probe() {
        let (mut timer, link) = timer();
        for calendar in [3, 0, 4] {
            let times = ClockTimes { calendar: Duration::from_secs(calendar), ..at(0) };
            assert_eq!(timer.check(&link, times, false, false), LivenessAction::None);
        }
    }

    #[test]
    fn a_pause_of_the_program_leads_to_a_probe_and_does_not_shorten_the_time_to_answer() {
        let (mut timer, link) = timer();
        let times = |now, wall| ClockTimes { now: Duration::from_secs(now), ..at(wall) };
        assert_eq!(timer.check(&link, times(1, 600), false, false), LivenessAction::SendProbe);
        assert_eq!(timer.check(&link, times(2, 1200), false, false), LivenessAction::None);
        assert_eq!(timer.check(&link, times(11, 1209), false, false), LivenessAction::GiveUp);
    }
}
