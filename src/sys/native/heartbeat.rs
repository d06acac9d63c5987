//! The heartbeat: when to send a ping, and when to give up the other end. It uses no socket and no clock.

use std::{sync::Arc, time::Duration};

use crate::{clock::CompactTime, options::PeerOptions};

/// The times of a heartbeat, which the connections of a server share.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HeartbeatTimes {
    /// Zero: no pings.
    interval: Duration,
    timeout: Duration,
}

/// Schedules pings, and measures the silence of the other end.
///
/// A ping is due an interval after the last one, whatever else is received, so that round-trip times are measured on
/// busy connections, too. While a ping is unanswered, the next one follows only after an interval of silence.
#[derive(Debug)]
pub(super) struct Heartbeat {
    times: Arc<HeartbeatTimes>,
    last_received: CompactTime,
    /// An interval after the last ping.
    next_ping: CompactTime,
    count: u32,
    /// `true` while the last ping is unanswered. Its payload is the count.
    is_unanswered: bool,
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

impl HeartbeatTimes {
    pub(super) fn new(options: &PeerOptions) -> Self {
        Self { interval: options.heartbeat_interval, timeout: options.heartbeat_timeout }
    }

    /// Returns the time until the first ping of the connection with this number, between a quarter of the interval and
    /// the whole. So connections that opened together do not send their pings together.
    pub(super) fn first_delay(&self, number: u32) -> Duration {
        // The fractions of multiples of the golden ratio are spread evenly, however many there are.
        const GOLDEN_RATIO: u32 = 0x9e37_79b9;
        let fraction = u128::from(number.wrapping_mul(GOLDEN_RATIO));
        let early = (self.interval.as_nanos() * 3 * fraction) >> 34;
        self.interval.saturating_sub(Duration::from_nanos(u64::try_from(early).unwrap_or_default()))
    }
}

impl Heartbeat {
    /// Starts the schedule of a connection that opens, with the first ping after this time.
    pub(super) fn start(times: Arc<HeartbeatTimes>, now: Duration, first_delay: Duration) -> Self {
        Self {
            times,
            last_received: CompactTime::at(now),
            next_ping: CompactTime::at(now + first_delay),
            count: 0,
            is_unanswered: false,
        }
    }

    /// Notes that bytes of any kind were received.
    pub(super) fn received(&mut self, now: Duration) {
        self.last_received = CompactTime::at(now);
    }

    /// Handles a pong. Returns the round-trip time if it answers the last ping.
    pub(super) fn pong(&mut self, payload: &[u8], now: Duration) -> Option<Duration> {
        if !self.is_unanswered || payload != self.count.to_be_bytes() {
            return None;
        }
        self.is_unanswered = false;
        Some(now.saturating_sub(self.last_ping()))
    }

    /// Returns the next time at which [`poll`](Self::poll) has something to do, unless bytes are received before.
    pub(super) fn due(&self) -> Option<Duration> {
        let HeartbeatTimes { interval, timeout } = *self.times;
        if interval.is_zero() {
            return None;
        }
        if !self.is_unanswered {
            return self.next_ping.get();
        }
        let silent_until = self.last_received() + interval;
        // A silence may have begun just before the ping. It must still last an interval and a timeout.
        Some(if self.is_silent() { self.last_ping().max(silent_until) + timeout } else { silent_until })
    }

    /// Returns what to do now.
    pub(super) fn poll(&mut self, now: Duration) -> HeartbeatAction {
        if self.due().is_none_or(|due| now < due) {
            return HeartbeatAction::None;
        }
        if self.is_unanswered && self.is_silent() {
            return HeartbeatAction::TimedOut;
        }
        self.count = self.count.wrapping_add(1);
        self.next_ping = CompactTime::at(now + self.times.interval);
        self.is_unanswered = true;
        HeartbeatAction::Ping(self.count.to_be_bytes())
    }

    fn last_received(&self) -> Duration {
        self.last_received.get().unwrap_or_default()
    }

    /// Returns when the last ping was sent, if there was one.
    fn last_ping(&self) -> Duration {
        self.next_ping.get().unwrap_or_default().saturating_sub(self.times.interval)
    }

    /// Returns `true` if nothing was received since the last ping. Any bytes count, because the pong of a busy server
    /// may come after a megabyte of data.
    fn is_silent(&self) -> bool {
        self.last_received() <= self.last_ping()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heartbeat(interval: u64, timeout: u64) -> Heartbeat {
        let options = PeerOptions::default()
            .heartbeat_interval(Duration::from_secs(interval))
            .heartbeat_timeout(Duration::from_secs(timeout));
        let times = HeartbeatTimes::new(&options);
        let first_delay = times.first_delay(0);
        Heartbeat::start(Arc::new(times), Duration::ZERO, first_delay)
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
    fn the_first_pings_of_many_connections_are_spread_over_three_quarters_of_the_interval() {
        let options = PeerOptions::default().heartbeat_interval(at(20));
        let times = HeartbeatTimes::new(&options);
        assert_eq!(times.first_delay(0), at(20));
        for first in [0, 1000, u32::MAX - 3000] {
            let mut in_second = [0; 20];
            for number in first..first + 3000 {
                let delay = times.first_delay(number);
                assert!((at(5)..=at(20)).contains(&delay), "{delay:?}");
                in_second[delay.as_secs().min(19) as usize] += 1;
            }
            assert!(in_second[5..].iter().all(|pings| (190..=210).contains(pings)), "{in_second:?}");
        }
    }

    #[test]
    fn a_first_ping_before_the_interval_has_passed_makes_no_timeout_earlier() {
        let options = PeerOptions::default().heartbeat_interval(at(20)).heartbeat_timeout(at(5));
        let mut heartbeat = Heartbeat::start(Arc::new(HeartbeatTimes::new(&options)), at(0), at(6));
        assert_eq!((heartbeat.due(), heartbeat.poll(at(5))), (Some(at(6)), HeartbeatAction::None));
        let HeartbeatAction::Ping(payload) = heartbeat.poll(at(6)) else { panic!("no ping") };
        assert_eq!((heartbeat.due(), heartbeat.poll(at(24))), (Some(at(25)), HeartbeatAction::None));
        assert_eq!(heartbeat.pong(&payload, at(24)), Some(at(18)));
        assert_eq!(heartbeat.due(), Some(at(26)), "an interval after the first");
        assert!(size_of::<Heartbeat>() <= 32);
    }

    #[test]
    fn an_interval_of_zero_sends_no_pings() {
        assert_eq!(heartbeat(0, 5).poll(at(1_000_000)), HeartbeatAction::None);
    }
}
