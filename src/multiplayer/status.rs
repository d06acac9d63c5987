//! The status of a peer or a session.

/// The status of a [`WebSocketMultiplayerPeer`](super::WebSocketMultiplayerPeer) or a
/// [`Session`](super::Session).
///
/// Godot: `MultiplayerPeer.ConnectionStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionStatus {
    /// The connection has ended, or the program has closed it.
    ///
    /// Godot: `CONNECTION_DISCONNECTED`.
    #[doc(alias = "CONNECTION_DISCONNECTED")]
    Disconnected,
    /// At a client: it has no id yet.
    ///
    /// Godot: `CONNECTION_CONNECTING`.
    #[doc(alias = "CONNECTION_CONNECTING")]
    Connecting,
    /// It has an id. A server always has one.
    ///
    /// Godot: `CONNECTION_CONNECTED`.
    #[doc(alias = "CONNECTION_CONNECTED")]
    Connected,
}
