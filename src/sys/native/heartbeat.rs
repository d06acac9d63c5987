//! When to ask whether the other end is still there, and when to believe that it is not. Times in, verdicts out.

use std::time::Duration;

use crate::options::PeerOptions;

/// Sends pings on a schedule, and watches for the silence of the other end.
///
/// A ping is due an interval after the last, whatever else is received, so that round trips are measured on busy
/// connections, too. While one is unanswered no other follows, until an interval of silence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    last_heard: Duration,
    /// When the last ping was sent, or the connection was opened.
    last_asked: Duration,
    /// The payload of that ping, while it is unanswered.
    unanswered: Option<[u8; 4]>,
    count: u32,
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    /// Send a ping with this payload.
    Ping([u8; 4]),
    /// The other end is gone.
    Dead,
}

impl Heartbeat {
    pub(super) fn new(options: &PeerOptions) -> Self {
        Self {
            interval: options.heartbeat_interval,
            timeout: options.heartbeat_timeout,
            last_heard: Duration::ZERO,
            last_asked: Duration::ZERO,
            unanswered: None,
            count: 0,
        }
    }

    /// The connection is open: the silence begins.
    pub(super) fn start(self, now: Duration) -> Self {
        Self { last_heard: now, last_asked: now, ..self }
    }

    /// Bytes arrived, of whatever kind: it lives.
    pub(super) fn heard(&mut self, now: Duration) {
        self.last_heard = now;
    }

    /// A pong arrived. If it answers the last ping: how long that took.
    pub(super) fn pong(&mut self, payload: &[u8], now: Duration) -> Option<Duration> {
        self.unanswered.take_if(|unanswered| unanswered == payload)?;
        Some(now.saturating_sub(self.last_asked))
    }

    /// When [`beat`](Self::beat) will have something to say, if nothing is heard before.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.interval.is_zero() {
            return None;
        }
        Some(match self.unanswered {
            None => self.last_asked + self.interval,
            // A ping may be due just after a silence has begun: it has an interval and a timeout all the same.
            Some(_) if self.is_silent() => {
                self.last_asked.max(self.last_heard + self.interval) + self.timeout
            }
            Some(_) => self.last_heard + self.interval,
        })
    }

    pub(super) fn beat(&mut self, now: Duration) -> Beat {
        if self.due().is_none_or(|due| now < due) {
            return Beat::Nothing;
        }
        if self.unanswered.is_some() && self.is_silent() {
            return Beat::Dead;
        }
        self.count = self.count.wrapping_add(1);
        let payload = self.count.to_be_bytes();
        self.last_asked = now;
        self.unanswered = Some(payload);
        Beat::Ping(payload)
    }

    /// Nothing has come since the last ping. Any bytes count, not only the pong: a busy server's pong may stand behind a
    /// megabyte of data.
    fn is_silent(&self) -> bool {
        self.last_heard <= self.last_asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heartbeat(interval: u64, timeout: u64) -> Heartbeat {
        let options = PeerOptions::default()
            .heartbeat_interval(Duration::from_secs(interval))
            .heartbeat_timeout(Duration::from_secs(timeout));
        Heartbeat::new(&options).start(Duration::ZERO)
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn silence_is_asked_about_and_then_believed() {
        let mut heartbeat = heartbeat(20, 5);
        assert_eq!(heartbeat.beat(at(19)), Beat::Nothing);
        assert!(matches!(heartbeat.beat(at(20)), Beat::Ping(_)));
        assert_eq!(heartbeat.beat(at(24)), Beat::Nothing);
        assert_eq!(heartbeat.beat(at(25)), Beat::Dead);
    }

    #[test]
    fn pings_keep_to_their_schedule_whatever_else_is_heard() {
        let mut heartbeat = heartbeat(20, 5);
        let mut pings = Vec::new();
        for second in 0..100 {
            heartbeat.heard(at(second));
            if let Beat::Ping(payload) = heartbeat.beat(at(second)) {
                pings.push(second);
                assert_eq!(heartbeat.pong(&payload, at(second)), Some(Duration::ZERO));
            }
        }
        assert_eq!(pings, [20, 40, 60, 80]);
    }

    #[test]
    fn a_silence_lasts_an_interval_and_a_timeout_whenever_a_ping_was_sent() {
        for begins in [1, 10, 19] {
            let mut heartbeat = heartbeat(20, 5);
            heartbeat.heard(at(begins));
            assert!(matches!(heartbeat.beat(at(20)), Beat::Ping(_)));
            assert_eq!(heartbeat.due(), Some(at(begins + 25)));
            assert_eq!(heartbeat.beat(at(begins + 24)), Beat::Nothing);
            assert_eq!(heartbeat.beat(at(begins + 25)), Beat::Dead);
        }
    }

    #[test]
    fn a_talker_that_answers_no_ping_is_not_asked_again_before_it_is_silent() {
        let mut heartbeat = heartbeat(20, 5);
        let mut pings = 0;
        for second in 0..100 {
            heartbeat.heard(at(second));
            pings += u32::from(heartbeat.beat(at(second)) != Beat::Nothing);
        }
        assert_eq!(pings, 1);
        assert_eq!(heartbeat.due(), Some(at(119)));
        assert!(matches!(heartbeat.beat(at(119)), Beat::Ping(_)));
        assert_eq!(heartbeat.beat(at(124)), Beat::Dead);
    }

    #[test]
    fn any_sign_of_life_answers_and_a_pong_tells_the_round_trip() {
        let mut heartbeat = heartbeat(20, 5);
        let Beat::Ping(payload) = heartbeat.beat(at(20)) else { panic!("no ping") };
        assert_eq!(heartbeat.due(), Some(at(25)));
        heartbeat.heard(at(22));
        assert_eq!(heartbeat.due(), Some(at(42)));
        assert_eq!(heartbeat.beat(at(30)), Beat::Nothing);
        assert_eq!(heartbeat.pong(b"other", at(30)), None);
        heartbeat.heard(at(31));
        assert_eq!(heartbeat.pong(&payload, at(31)), Some(at(11)));
        assert_eq!(heartbeat.pong(&payload, at(31)), None);
        assert_eq!(heartbeat.due(), Some(at(40)));
        assert!(matches!(heartbeat.beat(at(40)), Beat::Ping(_)));
    }

    #[test]
    fn an_interval_of_zero_never_asks() {
        assert_eq!(heartbeat(0, 5).beat(at(1_000_000)), Beat::Nothing);
    }
}
