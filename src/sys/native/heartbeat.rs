//! The heartbeat: when to send a ping, and when to give up the other end. It uses no socket and no clock.

use std::time::Duration;

use crate::options::PeerOptions;

/// Schedules pings, and measures the silence of the other end.
///
/// A ping is due an interval after the last one, whatever else is received, so that round-trip times are measured on
/// busy connections, too. While a ping is unanswered, the next one follows only after an interval of silence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    last_received: Duration,
    /// When the last ping was sent, or the connection was opened.
    last_ping: Duration,
    /// The payload of that ping, while it is unanswered.
    unanswered: Option<[u8; 4]>,
    count: u32,
}

/// What the caller must do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeartbeatAction {
    None,
    /// Send a ping with this payload.
    Ping([u8; 4]),
    /// Close the connection: the other end does not answer.
    TimedOut,
}

impl Heartbeat {
    pub(super) fn new(options: &PeerOptions) -> Self {
        Self {
            interval: options.heartbeat_interval,
            timeout: options.heartbeat_timeout,
            last_received: Duration::ZERO,
            last_ping: Duration::ZERO,
            unanswered: None,
            count: 0,
        }
    }

    /// Starts the schedule of a connection that opens.
    pub(super) fn start(self, now: Duration) -> Self {
        Self { last_received: now, last_ping: now, ..self }
    }

    /// Notes that bytes of any kind were received.
    pub(super) fn received(&mut self, now: Duration) {
        self.last_received = now;
    }

    /// Handles a pong. Returns the round-trip time if it answers the last ping.
    pub(super) fn pong(&mut self, payload: &[u8], now: Duration) -> Option<Duration> {
        self.unanswered.take_if(|unanswered| unanswered == payload)?;
        Some(now.saturating_sub(self.last_ping))
    }

    /// Returns the next time at which [`poll`](Self::poll) has something to do, unless bytes are received before.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.interval.is_zero() {
            return None;
        }
        Some(match self.unanswered {
            None => self.last_ping + self.interval,
            // A silence may have begun just before the ping. It must still last an interval and a timeout.
            Some(_) if self.is_silent() => {
                self.last_ping.max(self.last_received + self.interval) + self.timeout
            }
            Some(_) => self.last_received + self.interval,
        })
    }

    /// Returns what to do now.
    pub(super) fn poll(&mut self, now: Duration) -> HeartbeatAction {
        if self.due().is_none_or(|due| now < due) {
            return HeartbeatAction::None;
        }
        if self.unanswered.is_some() && self.is_silent() {
            return HeartbeatAction::TimedOut;
        }
        self.count = self.count.wrapping_add(1);
        let payload = self.count.to_be_bytes();
        self.last_ping = now;
        self.unanswered = Some(payload);
        HeartbeatAction::Ping(payload)
    }

    /// Returns `true` if nothing was received since the last ping. Any bytes count, because the pong of a busy server
    /// may come after a megabyte of data.
    fn is_silent(&self) -> bool {
        self.last_received <= self.last_ping
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
    fn a_silent_connection_gets_a_ping_and_then_times_out() {
        let mut heartbeat = heartbeat(20, 5);
        assert_eq!(heartbeat.poll(at(19)), HeartbeatAction::None);
        assert!(matches!(heartbeat.poll(at(20)), HeartbeatAction::Ping(_)));
        assert_eq!(heartbeat.poll(at(24)), HeartbeatAction::None);
        assert_eq!(heartbeat.poll(at(25)), HeartbeatAction::TimedOut);
    }

    #[test]
    fn pings_keep_to_their_schedule_whatever_else_is_received() {
        let mut heartbeat = heartbeat(20, 5);
        let mut pings = Vec::new();
        for second in 0..100 {
            heartbeat.received(at(second));
            if let HeartbeatAction::Ping(payload) = heartbeat.poll(at(second)) {
                pings.push(second);
                assert_eq!(heartbeat.pong(&payload, at(second)), Some(Duration::ZERO));
            }
        }
        assert_eq!(pings, [20, 40, 60, 80]);
    }

    #[test]
    fn a_silence_times_out_after_an_interval_and_a_timeout_whenever_the_ping_was_sent() {
        for begins in [1, 10, 19] {
            let mut heartbeat = heartbeat(20, 5);
            heartbeat.received(at(begins));
            assert!(matches!(heartbeat.poll(at(20)), HeartbeatAction::Ping(_)));
            assert_eq!(heartbeat.due(), Some(at(begins + 25)));
            assert_eq!(heartbeat.poll(at(begins + 24)), HeartbeatAction::None);
            assert_eq!(heartbeat.poll(at(begins + 25)), HeartbeatAction::TimedOut);
        }
    }

    #[test]
    fn no_ping_follows_an_unanswered_one_while_bytes_are_received() {
        let mut heartbeat = heartbeat(20, 5);
        let mut pings = 0;
        for second in 0..100 {
            heartbeat.received(at(second));
            pings += u32::from(heartbeat.poll(at(second)) != HeartbeatAction::None);
        }
        assert_eq!(pings, 1);
        assert_eq!(heartbeat.due(), Some(at(119)));
        assert!(matches!(heartbeat.poll(at(119)), HeartbeatAction::Ping(_)));
        assert_eq!(heartbeat.poll(at(124)), HeartbeatAction::TimedOut);
    }

    #[test]
    fn any_bytes_prevent_the_timeout_and_a_pong_gives_the_round_trip_time() {
        let mut heartbeat = heartbeat(20, 5);
        let HeartbeatAction::Ping(payload) = heartbeat.poll(at(20)) else { panic!("no ping") };
        assert_eq!(heartbeat.due(), Some(at(25)));
        heartbeat.received(at(22));
        assert_eq!(heartbeat.due(), Some(at(42)));
        assert_eq!(heartbeat.poll(at(30)), HeartbeatAction::None);
        assert_eq!(heartbeat.pong(b"other", at(30)), None);
        heartbeat.received(at(31));
        assert_eq!(heartbeat.pong(&payload, at(31)), Some(at(11)));
        assert_eq!(heartbeat.pong(&payload, at(31)), None);
        assert_eq!(heartbeat.due(), Some(at(40)));
        assert!(matches!(heartbeat.poll(at(40)), HeartbeatAction::Ping(_)));
    }

    #[test]
    fn an_interval_of_zero_sends_no_pings() {
        assert_eq!(heartbeat(0, 5).poll(at(1_000_000)), HeartbeatAction::None);
    }
}
