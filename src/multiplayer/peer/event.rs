//! The events of a [`WebSocketMultiplayerPeer`](super::WebSocketMultiplayerPeer).

use crate::{close::CloseInfo, multiplayer::id::PeerId, packet::Packet};

/// An event of a [`WebSocketMultiplayerPeer`](super::WebSocketMultiplayerPeer).
///
/// Each peer has its events in this order: [`Connected`](Self::Connected), its packets, and exactly one
/// [`Disconnected`](Self::Disconnected). After the program has [closed](super::WebSocketMultiplayerPeer::close) a
/// server, no event follows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerEvent {
    /// A peer is connected, and packets can be sent to it. At a server it is a new client. At a client it is
    /// [`PeerId::SERVER`], which has assigned this end's [`id`](super::WebSocketMultiplayerPeer::id).
    ///
    /// Godot: the signal `peer_connected`.
    #[doc(alias = "peer_connected")]
    Connected(PeerId),
    /// A peer sent a packet: bytes or text, which may be empty.
    ///
    /// Godot: `get_packet`, `get_packet_peer`.
    #[doc(alias = "get_packet")]
    #[doc(alias = "get_packet_peer")]
    Packet(PeerId, Packet),
    /// A peer is gone, for this reason. At a client it is the server, and no event follows.
    ///
    /// Godot: the signal `peer_disconnected`.
    #[doc(alias = "peer_disconnected")]
    Disconnected(PeerId, CloseInfo),
    /// At a client: the connection ended before the server assigned an id. No event follows.
    ///
    /// The cause is [`CloseCause::HandshakeFailed`](crate::CloseCause::HandshakeFailed) if the server's first packet
    /// was not an id, and [`Timeout::Connect`](crate::Timeout::Connect) if the id did not arrive in time.
    ///
    /// Godot: the status becomes `CONNECTION_DISCONNECTED`.
    ConnectionFailed(CloseInfo),
}
