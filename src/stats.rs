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
    /// The last round trip that a heartbeat ping measured, as fine as the polling is frequent.
    ///
    /// Platform: a browser shows no pongs, so this stays `None` there.
    pub rtt: Option<Duration>,
}
