//! The statistics of a connection in replicon's form.

use std::time::Duration;

use bevy_replicon::prelude::ClientStats;
use websocket_peer::Stats;

/// The interval between two measurements.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// The counters of a connection at the last measurement.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    at: Duration,
    sent: u64,
    received: u64,
}

impl Traffic {
    /// Returns the statistics of the time since the last measurement. If the counters belong to another connection
    /// than before, the rates are zero.
    pub(super) fn measure(&mut self, stats: Stats, now: Duration) -> ClientStats {
        let seconds = now.saturating_sub(self.at).as_secs_f64();
        let rate = |before: u64, now: u64| match now.checked_sub(before) {
            Some(bytes) if seconds > 0.0 => bytes as f64 / seconds,
            _ => 0.0,
        };
        let measured = ClientStats {
            rtt: stats.rtt.unwrap_or_default().as_secs_f64(),
            packet_loss: 0.0,
            sent_bps: rate(self.sent, stats.bytes_sent),
            received_bps: rate(self.received, stats.bytes_received),
        };
        *self = Self { at: now, sent: stats.bytes_sent, received: stats.bytes_received };
        measured
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(sent: u64, received: u64) -> Stats {
        let mut stats = Stats::default();
        (stats.bytes_sent, stats.bytes_received) = (sent, received);
        stats.rtt = Some(Duration::from_millis(250));
        stats
    }

    #[test]
    fn rates_are_those_since_the_last_measurement() {
        let mut traffic = Traffic::default();
        traffic.measure(counters(100, 1000), Duration::from_secs(1));
        let measured = traffic.measure(counters(300, 1600), Duration::from_secs(3));
        assert_eq!((measured.rtt, measured.sent_bps, measured.received_bps), (0.25, 100.0, 300.0));
        let same_time = traffic.measure(counters(400, 1700), Duration::from_secs(3));
        assert_eq!((same_time.sent_bps, same_time.received_bps), (0.0, 0.0));
        let next_connection = traffic.measure(counters(4, 17), Duration::from_secs(4));
        assert_eq!((next_connection.sent_bps, next_connection.received_bps), (0.0, 0.0));
    }
}
