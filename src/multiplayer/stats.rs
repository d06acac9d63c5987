//! What has gone through a session so far.

/// Counters of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionStats {
    /// Calls that were sent, one for each call of a method, however many peers it went to.
    pub calls_sent: u64,
    /// Calls from other peers that the program was told of.
    pub calls_received: u64,
    /// Packets of clients that the server carried on, one each, however many peers they went to.
    pub relayed: u64,
    /// Packets that were dropped. [`Event::PacketRejected`](super::Event::PacketRejected) says why.
    pub rejected_packets: u64,
}
