//! Counters of a session.

/// Counters of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionStats {
    /// Calls sent. A call to several peers counts once.
    pub calls_sent: u64,
    /// Calls received from other peers and reported to the program.
    pub calls_received: u64,
    /// Packets of clients that the server relayed. A packet to several peers counts once.
    pub relayed: u64,
    /// Packets, or parts of them, that were dropped. [`Event::PacketRejected`](super::Event::PacketRejected) has the
    /// reason.
    pub rejected_packets: u64,
}
