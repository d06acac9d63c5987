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
    /// The memory in bytes that is held now, as [`max_memory`](crate::ServerOptions::max_memory) counts it: never more than that
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
