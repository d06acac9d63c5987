//! When to send the program's probe, and when to believe that the other end is gone: the same on every platform. ClockTimes in,
//! verdicts out.

use std::time::Duration;

use crate::{link::Link, options::Liveness, packet::Packet, state::ReadyState};

/// By how much the calendar must run ahead of the clock for the machine to have slept in between.
const MIN_SLEEP: Duration = Duration::from_secs(5);

/// Watches for the packets of the other end.
#[derive(Debug)]
pub(super) struct LivenessTimer {
    liveness: Liveness,
    /// How many packets had been received.
    packets: u64,
    /// Since when none has been, by the wall's time: pauses of the program count in full.
    silent_since: Duration,
    /// When the probe's answer is due, by the time of deadlines: pauses count little, for an answer may wait to be read.
    due: Option<Duration>,
    last: ClockTimes,
}

/// The time, by each clock.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClockTimes {
    /// By which deadlines are measured,
    pub(super) now: Duration,
    /// which may stand still while the machine sleeps,
    pub(super) wall: Duration,
    /// and which does not, but may be set.
    pub(super) calendar: Duration,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LivenessAction {
    None,
    SendProbe,
    GiveUp,
}

impl LivenessTimer {
    /// The connection is open.
    pub(super) fn start(liveness: Liveness, times: ClockTimes) -> Self {
        Self { liveness, packets: 0, silent_since: times.wall, due: None, last: times }
    }

    /// Returns the probe. It is queued whether the outbox has room or not: a program that goes on sending to a dead
    /// connection must find out, too. No other follows while it is unanswered, so there is one at most.
    pub(super) fn probe(&self) -> Packet {
        self.liveness.probe.clone()
    }

    /// Looks at a connection that has just been read. `has_received` says that more has come than packets were received;
    /// `is_doubtful` that something has happened after which connections are often dead.
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
            // What was received may have been received before.
            None if is_doubtful || has_slept || times.wall >= self.silent_since + self.liveness.silence => {
                self.due = Some(times.now + self.liveness.timeout);
                LivenessAction::SendProbe
            }
            None => LivenessAction::None,
        }
    }

    /// Returns when it will have something to say, by the time of deadlines, if nothing is received.
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
    fn a_silence_is_asked_about_once_and_then_believed() {
        let (mut timer, link) = timer();
        let mut check = |seconds| timer.check(&link, at(seconds), false, false);
        assert_eq!(
            [check(19), check(20), check(29), check(30)],
            [LivenessAction::None, LivenessAction::SendProbe, LivenessAction::None, LivenessAction::GiveUp]
        );
    }

    #[test]
    fn any_packet_answers() {
        let (mut timer, mut link) = timer();
        assert_eq!(timer.check(&link, at(20), false, false), LivenessAction::SendProbe);
        link.deliver(Packet::binary([]));
        assert_eq!(timer.check(&link, at(29), false, false), LivenessAction::None);
        assert_eq!(timer.due(), Duration::from_secs(49));
        assert_eq!(timer.check(&link, at(48), false, false), LivenessAction::None);
        assert_eq!(timer.check(&link, at(49), false, false), LivenessAction::SendProbe);
    }

    #[test]
    fn what_happens_outside_asks_at_once_but_not_twice() {
        let (mut timer, mut link) = timer();
        link.deliver(Packet::binary([]));
        assert_eq!(timer.check(&link, at(1), false, true), LivenessAction::SendProbe);
        assert_eq!(timer.check(&link, at(2), false, true), LivenessAction::None);
        assert_eq!(timer.due(), Duration::from_secs(11));
    }

    #[test]
    fn a_sleep_of_the_machine_asks_at_once() {
        let (mut timer, link) = timer();
        assert_eq!(timer.check(&link, at(1), false, false), LivenessAction::None);
        // The clock stood still meanwhile.
        let awake = ClockTimes { calendar: Duration::from_secs(3600), ..at(2) };
        assert_eq!(timer.check(&link, awake, false, false), LivenessAction::SendProbe);
    }

    #[test]
    fn a_calendar_that_is_set_a_little_or_back_asks_nothing() {
        let (mut timer, link) = timer();
        for calendar in [3, 0, 4] {
            let times = ClockTimes { calendar: Duration::from_secs(calendar), ..at(0) };
            assert_eq!(timer.check(&link, times, false, false), LivenessAction::None);
        }
    }

    #[test]
    fn a_pause_of_the_program_asks_and_does_not_count_against_the_answer() {
        let (mut timer, link) = timer();
        let times = |now, wall| ClockTimes { now: Duration::from_secs(now), ..at(wall) };
        assert_eq!(timer.check(&link, times(1, 600), false, false), LivenessAction::SendProbe);
        assert_eq!(timer.check(&link, times(2, 1200), false, false), LivenessAction::None);
        assert_eq!(timer.check(&link, times(11, 1209), false, false), LivenessAction::GiveUp);
    }
}
