//! Counters of connections and servers.

mod counts;
mod histogram;

use std::time::Duration;

pub use self::{
    counts::{CloseCounts, RejectCounts},
    histogram::Histogram,
};
use crate::clock::CompactTime;

/// Counters of one connection. They start at zero with each `connect` or `accept`, and can be read after the close.
///
/// Bytes are payload bytes, without frame headers, handshakes and pings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Packets accepted for sending.
    pub packets_sent: u64,
    /// Packets that entered the inbox.
    pub packets_received: u64,
    /// Payload bytes of the packets sent.
    pub bytes_sent: u64,
    /// Payload bytes of the packets received.
    pub bytes_received: u64,
    /// The smoothed round-trip time of the heartbeat's pings, to which each measurement contributes an eighth (RFC
    /// 6298, section 2). It includes the time until a poll reads the answer. `None` before the first pong.
    ///
    /// Pings are sent every [`heartbeat_interval`](crate::PeerOptions::heartbeat_interval).
    ///
    /// Platform: always `None` in a browser, which does not report pongs.
    pub rtt: Option<Duration>,
    /// The mean deviation of single round trips from `rtt` (`RTTVAR` in RFC 6298, section 2). `None` if `rtt` is.
    pub rtt_variation: Option<Duration>,
}

/// The counters of a connection as they are kept: in less memory than [`Stats`], because a server has thousands.
#[derive(Debug, Default)]
pub(crate) struct ConnectionCounters {
    pub(crate) packets_sent: u64,
    pub(crate) packets_received: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    rtt: CompactTime,
    rtt_variation: CompactTime,
}

impl ConnectionCounters {
    pub(crate) fn get(&self) -> Stats {
        Stats {
            packets_sent: self.packets_sent,
            packets_received: self.packets_received,
            bytes_sent: self.bytes_sent,
            bytes_received: self.bytes_received,
            rtt: self.rtt.get(),
            rtt_variation: self.rtt_variation.get(),
        }
    }

    /// Adds a measured round trip, as in RFC 6298, section 2.
    #[allow(dead_code, reason = "browsers do not report pongs")]
    pub(crate) fn add_round_trip(&mut self, measured: Duration) {
        let (rtt, variation) = match (self.rtt.get(), self.rtt_variation.get()) {
            (Some(rtt), Some(variation)) => {
                ((rtt * 7 + measured) / 8, (variation * 3 + rtt.abs_diff(measured)) / 4)
            }
            _ => (measured, measured / 2),
        };
        (self.rtt, self.rtt_variation) = (CompactTime::at(rtt), CompactTime::at(variation));
    }
}

/// Counters of a whole [server](crate::WebSocketServer). Packets and bytes are the sums over all its peers so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerStats {
    /// Accepted TCP connections.
    pub accepted: u64,
    /// Connections that ended before they opened: rejected, timed out or lost.
    pub rejected: u64,
    /// Requests that the program answered with [`Admission::respond`](crate::Admission::respond).
    pub answered: u64,
    /// Peers that have opened.
    pub opened: u64,
    /// Peers that have opened and closed.
    pub closed: u64,
    /// Peers that are now open or closing.
    pub peers: usize,
    /// Handshakes that are now under way.
    pub pending: usize,
    /// The memory now in use, in bytes, as counted by [`max_buffered_bytes`](crate::ServerOptions::max_buffered_bytes).
    /// It exceeds that by at most one read of 256 KiB.
    pub memory: usize,
    /// Packets accepted for sending. A broadcast counts once for each peer.
    pub packets_sent: u64,
    /// Packets that entered an inbox.
    pub packets_received: u64,
    /// Payload bytes of the packets sent.
    pub bytes_sent: u64,
    /// Payload bytes of the packets received.
    pub bytes_received: u64,
    /// The peers in [`closed`](Self::closed), by cause.
    pub closes: CloseCounts,
    /// The connections in [`rejected`](Self::rejected) whose request was rejected, by HTTP status. A status counts even
    /// if the client got no answer, because it was gone or TLS was not established.
    pub rejections: RejectCounts,
    /// The times of all polls, each from the end of its sleep to its end. Work of the program between polls is not
    /// included.
    pub poll_times: Histogram,
}

impl ServerStats {
    /// Adds the counters of a peer.
    pub(crate) fn add(&mut self, peer: &ConnectionCounters) {
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
    fn round_trips_are_smoothed_as_in_rfc_6298() {
        let ms = Duration::from_millis;
        let mut counters = ConnectionCounters::default();
        assert_eq!(counters.get(), Stats::default());
        let mut after = |measured| {
            counters.add_round_trip(ms(measured));
            (counters.get().rtt, counters.get().rtt_variation)
        };
        assert_eq!(after(80), (Some(ms(80)), Some(ms(40))));
        assert_eq!(after(160), (Some(ms(90)), Some(ms(50))));
        assert_eq!(after(10), (Some(ms(80)), Some(Duration::from_micros(57_500))));
    }
}
