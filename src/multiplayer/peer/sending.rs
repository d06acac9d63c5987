//! Sending packets to a target.

use std::borrow::Borrow;

use super::{Side, WebSocketMultiplayerPeer};
use crate::{
    error::Error,
    multiplayer::id::Target,
    packet::{Outgoing, Packet},
    variant::Variant,
};

impl WebSocketMultiplayerPeer {
    /// Sends bytes to a peer, to all, or to all but one. At a client they go to the server, whatever the target is.
    ///
    /// A packet to several clients is encoded once, and no client can miss it: one that has no room for it is
    /// disconnected, as [`Limit::SessionBacklog`](crate::Limit::SessionBacklog). A packet to a single peer that has no
    /// room is an error instead. Each client has memory for a packet of
    /// [`max_message_size`](crate::PeerOptions::max_message_size); larger ones depend on what the others hold.
    ///
    /// There is no flow control between clients. If the program relays what a client sends, a fast client can fill the
    /// send queues of slow ones, which are then disconnected: limit what clients may send, by
    /// [`ServerOptions::rate_limits`](crate::ServerOptions::rate_limits).
    /// [`SceneMultiplayer`](crate::multiplayer::SceneMultiplayer) slows the sender down instead.
    ///
    /// An empty packet is not sent, which is not an error: engines drop it. A packet to a peer that is gone, and whose
    /// [`Disconnected`](super::PeerEvent::Disconnected) the program has not read, is not an error either. A target that
    /// excepts an unknown peer means all.
    ///
    /// # Errors
    /// After an error nothing was sent to any peer.
    /// - [`Error::UnknownPeer`] at a server, for one peer that is not among [`peers`](Self::peers).
    /// - [`Error::NotOpen`] at a client before [`Connected`](super::PeerEvent::Connected) and after
    ///   [`Disconnected`](super::PeerEvent::Disconnected) were read, and after [`close`](Self::close).
    /// - [`Error::PacketTooBig`] for more than
    ///   [`PeerOptions::outbound_buffer_size`](crate::PeerOptions::outbound_buffer_size), unless the only receiver is
    ///   gone.
    /// - [`Error::SendQueueFull`] for one peer that has no room for the packet.
    ///
    /// Godot: `set_target_peer`, `put_packet`.
    #[doc(alias = "set_target_peer")]
    #[doc(alias = "put_packet")]
    pub fn send(&mut self, to: impl Into<Target>, data: &[u8]) -> Result<(), Error> {
        self.send_any(to.into(), Outgoing::Binary(data))
    }

    /// Sends a packet, binary or text, without copying its bytes for each peer. Otherwise like [`send`](Self::send).
    ///
    /// # Errors
    /// The errors of [`send`](Self::send).
    pub fn send_packet(&mut self, to: impl Into<Target>, packet: impl Borrow<Packet>) -> Result<(), Error> {
        self.send_any(to.into(), Outgoing::Shared(packet.borrow()))
    }

    /// Sends a value, which [`Packet::to_variant`] or an engine's `get_var` reads. Otherwise like [`send`](Self::send).
    ///
    /// Whole objects are not sent. [`Variant::encode_into`] encodes them.
    ///
    /// # Errors
    /// The errors of [`send`](Self::send), and [`Error::InvalidVariant`] for a value that has no binary form.
    ///
    /// Godot: `put_var`.
    #[doc(alias = "put_var")]
    pub fn send_variant(&mut self, to: impl Into<Target>, value: &Variant) -> Result<(), Error> {
        self.send_packet(to, Packet::variant(value)?)
    }

    /// Hands gathered packets to the network. Rarely needed: packets that are sent while events wait to be read leave
    /// when [`next_event`](Self::next_event) returns `None`, or at the next [`poll`](Self::poll).
    pub fn flush(&mut self) {
        match &mut self.side {
            Side::Server(side) => side.server.flush(),
            Side::Client(side) => side.peer.flush(),
        }
    }

    fn send_any(&mut self, to: Target, packet: Outgoing<'_>) -> Result<(), Error> {
        match &mut self.side {
            Side::Server(side) => side.send(to, packet),
            Side::Client(side) => side.send(packet),
        }
    }
}
