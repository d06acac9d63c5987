//! When to ask whether the other end is still there, and when to believe that it is not. Times in, verdicts out.

use std::time::Duration;

use crate::options::Options;

/// Watches the silence of the other end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    last_heard: Duration,
    asked: Option<Asked>,
    count: u32,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    at: Duration,
    payload: [u8; 4],
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
    pub(super) fn new(options: &Options) -> Self {
        Self {
            interval: options.heartbeat_interval,
            timeout: options.heartbeat_timeout,
            last_heard: Duration::ZERO,
            asked: None,
            count: 0,
        }
    }

    /// The connection is open: the silence begins.
    pub(super) fn start(self, now: Duration) -> Self {
        Self { last_heard: now, ..self }
    }

    /// Bytes arrived, of whatever kind: it lives.
    pub(super) fn heard(&mut self, now: Duration) {
        self.last_heard = now;
    }

    /// A pong arrived. If it answers the last ping: how long that took.
    pub(super) fn pong(&mut self, payload: &[u8], now: Duration) -> Option<Duration> {
        let asked = self.asked.take_if(|asked| asked.payload == payload)?;
        Some(now.saturating_sub(asked.at))
    }

    /// When [`beat`](Self::beat) will have something to say, if nothing is heard before.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.interval.is_zero() {
            return None;
        }
        match &self.asked {
            Some(asked) if self.last_heard <= asked.at => Some(asked.at + self.timeout),
            _ => Some(self.last_heard + self.interval),
        }
    }

    pub(super) fn beat(&mut self, now: Duration) -> Beat {
        if self.interval.is_zero() {
            return Beat::Nothing;
        }
        match &self.asked {
            // Any sign of life since the ping counts: a busy server's pong may stand behind a megabyte of data.
            Some(asked) if self.last_heard <= asked.at => {
                if now.saturating_sub(asked.at) >= self.timeout {
                    Beat::Dead
                } else {
                    Beat::Nothing
                }
            }
            _ if now.saturating_sub(self.last_heard) >= self.interval => {
                self.count = self.count.wrapping_add(1);
                let payload = self.count.to_be_bytes();
                self.asked = Some(Asked { at: now, payload });
                Beat::Ping(payload)
            }
            _ => Beat::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heartbeat(interval: u64, timeout: u64) -> Heartbeat {
        let options = Options::default()
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
    fn whoever_talks_is_not_asked() {
        let mut heartbeat = heartbeat(20, 5);
        for second in 0..100 {
            heartbeat.heard(at(second));
            assert_eq!(heartbeat.beat(at(second)), Beat::Nothing);
        }
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
        assert_eq!(heartbeat.pong(&payload, at(31)), Some(at(11)));
        assert_eq!(heartbeat.pong(&payload, at(31)), None);
        assert!(matches!(heartbeat.beat(at(42)), Beat::Ping(_)));
    }

    #[test]
    fn an_interval_of_zero_never_asks() {
        assert_eq!(heartbeat(0, 5).beat(at(1_000_000)), Beat::Nothing);
    }
}
