//! What has gone through a connection so far.

use std::time::Duration;

/// Counters of one connection; they start at zero with each `connect` or `accept` and stay readable after the close.
///
/// Bytes are payload bytes: no frame headers, no handshake, no pings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Packets that `send` and its siblings took.
    pub packets_sent: u64,
    /// Packets that reached the inbox.
    pub packets_received: u64,
    /// Payload bytes of the packets sent.
    pub bytes_sent: u64,
    /// Payload bytes of the packets received.
    pub bytes_received: u64,
    /// The smoothed round-trip time of the heartbeat's pings: each measurement counts for an eighth (RFC 6298, section 2).
    /// `None` before the first pong. It includes the time until the answer is polled for.
    ///
    /// Pings are sent every [`heartbeat_interval`](crate::PeerOptions::heartbeat_interval).
    ///
    /// Platform: a browser shows no pongs, so this stays `None` there.
    pub rtt: Option<Duration>,
    /// The mean deviation of the round-trip time: how much single round trips differ from `rtt` (`RTTVAR` in RFC 6298,
    /// section 2). `None` where `rtt` is.
    pub rtt_variation: Option<Duration>,
}

impl Stats {
    /// Counts in a round trip, as RFC 6298, section 2 does.
    #[allow(dead_code, reason = "a browser shows no pongs")]
    pub(crate) fn add_round_trip(&mut self, measured: Duration) {
        let (rtt, variation) = match (self.rtt, self.rtt_variation) {
            (Some(rtt), Some(variation)) => {
                ((rtt * 7 + measured) / 8, (variation * 3 + rtt.abs_diff(measured)) / 4)
            }
            _ => (measured, measured / 2),
        };
        (self.rtt, self.rtt_variation) = (Some(rtt), Some(variation));
    }
}

/// Counters of a whole [server](crate::WebSocketServer). Those of peers add up over all that there have been.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerStats {
    /// Connections that came in.
    pub accepted: u64,
    /// Connections that ended without having been open: refused, timed out, broken.
    pub refused: u64,
    /// Requests that the program answered over HTTP, by [`Admission::respond`](crate::Admission::respond).
    pub answered: u64,
    /// Peers that were open.
    pub opened: u64,
    /// Peers that were open and are over.
    pub closed: u64,
    /// Peers that are open or closing now.
    pub peers: usize,
    /// Handshakes that are under way now.
    pub pending: usize,
    /// The memory in bytes that is held now, as [`max_buffered_bytes`](crate::ServerOptions::max_buffered_bytes) counts it: never more than that
    /// and one turn, 256 KiB.
    pub memory: usize,
    /// Packets that the send calls took, for each peer.
    pub packets_sent: u64,
    /// Packets that reached an inbox.
    pub packets_received: u64,
    /// Payload bytes of the packets sent.
    pub bytes_sent: u64,
    /// Payload bytes of the packets received.
    pub bytes_received: u64,
}

impl ServerStats {
    /// Counts in what has gone through a peer.
    pub(crate) fn add(&mut self, peer: &Stats) {
        self.packets_sent += peer.packets_sent;
        self.packets_received += peer.packets_received;
        self.bytes_sent += peer.bytes_sent;
        self.bytes_received += peer.bytes_received;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_are_smoothed_as_rfc_6298_says() {
        let ms = Duration::from_millis;
        let mut stats = Stats::default();
        let mut after = |measured| {
            stats.add_round_trip(ms(measured));
            (stats.rtt, stats.rtt_variation)
        };
        assert_eq!(after(80), (Some(ms(80)), Some(ms(40))));
        assert_eq!(after(160), (Some(ms(90)), Some(ms(50))));
        assert_eq!(after(10), (Some(ms(80)), Some(Duration::from_micros(57_500))));
    }
}
