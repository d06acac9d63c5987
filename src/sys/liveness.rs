//! When to send the program's probe, and when to believe that the other end is gone: the same on every platform. Times in,
//! verdicts out.

use std::time::Duration;

use crate::{link::Link, options::Liveness, packet::Packet, state::ReadyState};

/// By how much the calendar must run ahead of the clock for the machine to have slept in between.
const JUMP: Duration = Duration::from_secs(5);

/// Watches for the packets of the other end.
#[derive(Debug)]
pub(super) struct Watch {
    liveness: Liveness,
    /// How many packets had been received.
    packets: u64,
    /// Since when none has been, by the wall's time: pauses of the program count in full.
    silent_since: Duration,
    /// When the probe's answer is due, by the time of deadlines: pauses count little, for an answer may wait to be read.
    due: Option<Duration>,
    last: Times,
}

/// The time, by each clock.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times {
    /// By which deadlines are measured,
    pub(super) now: Duration,
    /// which may stand still while the machine sleeps,
    pub(super) wall: Duration,
    /// and which does not, but may be set.
    pub(super) calendar: Duration,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vital {
    Fine,
    Probe,
    Dead,
}

impl Watch {
    /// The connection is open.
    pub(super) fn start(liveness: Liveness, times: Times) -> Self {
        Self { liveness, packets: 0, silent_since: times.wall, due: None, last: times }
    }

    /// Returns the probe. It is queued whether the outbox has room or not: a program that goes on sending to a dead
    /// connection must find out, too. No other follows while it is unanswered, so there is one at most.
    pub(super) fn probe(&self) -> Packet {
        self.liveness.probe.clone()
    }

    /// Looks at a connection that has just been read. `is_heard` says that more has come than packets were received;
    /// `is_doubtful` that something has happened after which connections are often dead.
    pub(super) fn look(&mut self, link: &Link, times: Times, is_heard: bool, is_doubtful: bool) -> Vital {
        let last = std::mem::replace(&mut self.last, times);
        if link.state() != ReadyState::Open {
            return Vital::Fine;
        }
        let packets = std::mem::replace(&mut self.packets, link.stats.packets_received);
        if is_heard || packets != self.packets {
            self.silent_since = times.wall;
            self.due = None;
        }
        let on_calendar = times.calendar.saturating_sub(last.calendar);
        let has_slept = on_calendar.saturating_sub(times.wall.saturating_sub(last.wall)) >= JUMP;
        match self.due {
            Some(due) if times.now >= due => Vital::Dead,
            Some(_) => Vital::Fine,
            // What was received may have been received before.
            None if is_doubtful || has_slept || times.wall >= self.silent_since + self.liveness.silence => {
                self.due = Some(times.now + self.liveness.timeout);
                Vital::Probe
            }
            None => Vital::Fine,
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

    const fn at(seconds: u64) -> Times {
        let time = Duration::from_secs(seconds);
        Times { now: time, wall: time, calendar: time }
    }

    fn watch() -> (Watch, Link) {
        let times = Duration::from_secs;
        let liveness = Liveness::new(Packet::text("?")).silence(times(20)).timeout(times(10));
        let mut link = Link::connecting(&PeerOptions::default(), None);
        link.set_open(None);
        (Watch::start(liveness, at(0)), link)
    }

    #[test]
    fn a_silence_is_asked_about_once_and_then_believed() {
        let (mut watch, link) = watch();
        let mut look = |seconds| watch.look(&link, at(seconds), false, false);
        assert_eq!(
            [look(19), look(20), look(29), look(30)],
            [Vital::Fine, Vital::Probe, Vital::Fine, Vital::Dead]
        );
    }

    #[test]
    fn any_packet_answers() {
        let (mut watch, mut link) = watch();
        assert_eq!(watch.look(&link, at(20), false, false), Vital::Probe);
        link.deliver(Packet::binary([]));
        assert_eq!(watch.look(&link, at(29), false, false), Vital::Fine);
        assert_eq!(watch.due(), Duration::from_secs(49));
        assert_eq!(watch.look(&link, at(48), false, false), Vital::Fine);
        assert_eq!(watch.look(&link, at(49), false, false), Vital::Probe);
    }

    #[test]
    fn what_happens_outside_asks_at_once_but_not_twice() {
        let (mut watch, mut link) = watch();
        link.deliver(Packet::binary([]));
        assert_eq!(watch.look(&link, at(1), false, true), Vital::Probe);
        assert_eq!(watch.look(&link, at(2), false, true), Vital::Fine);
        assert_eq!(watch.due(), Duration::from_secs(11));
    }

    #[test]
    fn a_sleep_of_the_machine_asks_at_once() {
        let (mut watch, link) = watch();
        assert_eq!(watch.look(&link, at(1), false, false), Vital::Fine);
        // The clock stood still meanwhile.
        let awake = Times { calendar: Duration::from_secs(3600), ..at(2) };
        assert_eq!(watch.look(&link, awake, false, false), Vital::Probe);
    }

    #[test]
    fn a_calendar_that_is_set_a_little_or_back_asks_nothing() {
        let (mut watch, link) = watch();
        for calendar in [3, 0, 4] {
            let times = Times { calendar: Duration::from_secs(calendar), ..at(0) };
            assert_eq!(watch.look(&link, times, false, false), Vital::Fine);
        }
    }

    #[test]
    fn a_pause_of_the_program_asks_and_does_not_count_against_the_answer() {
        let (mut watch, link) = watch();
        let times = |now, wall| Times { now: Duration::from_secs(now), ..at(wall) };
        assert_eq!(watch.look(&link, times(1, 600), false, false), Vital::Probe);
        assert_eq!(watch.look(&link, times(2, 1200), false, false), Vital::Fine);
        assert_eq!(watch.look(&link, times(11, 1209), false, false), Vital::Dead);
    }
}
