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
    /// Packets of clients that the program did not let the server relay: [`RelayDecision::Drop`]. A packet to several
    /// peers counts once.
    ///
    /// [`RelayDecision::Drop`]: super::RelayDecision::Drop
    pub dropped_relays: u64,
    /// Packets, or parts of them, that were dropped. [`Event::PacketRejected`](super::Event::PacketRejected) has the
    /// reason.
    pub rejected_packets: u64,
    /// At a server: packets, or parts of them, that were sent before the sender knew of a departure or a
    /// [move](super::Session::adopt_peer): packets for a client that has left within the last minute, and packets about
    /// nodes of the sender's former session. They are dropped, without an event, and do not count as rejected.
    pub outdated_packets: u64,
}
