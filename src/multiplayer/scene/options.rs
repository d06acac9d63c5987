//! The options of a [`SceneMultiplayer`](super::SceneMultiplayer).

use crate::{
    multiplayer::options::SessionOptions,
    options::{PeerOptions, ServerOptions, setters},
};

/// Options of a [`SceneMultiplayer`](super::SceneMultiplayer). A client uses `client` and `session`, a server `server`
/// and `session`.
///
/// ```
/// use websocket_peer::multiplayer::{MultiplayerOptions, SessionOptions};
///
/// let options = MultiplayerOptions::default()
///     .session(SessionOptions::default().authenticate(true))
///     .protocols(["ludus"]);
/// assert_eq!(options.client.protocols, options.server.connection.protocols);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct MultiplayerOptions {
    /// The connection of a client. Default: [`PeerOptions::default`].
    pub client: PeerOptions,
    /// The server, and the connections that it accepts. Default: [`ServerOptions::default`].
    ///
    /// A Godot engine without `supported_protocols` connects only to a server that chooses none, and an engine with
    /// them only to a server that chooses one of them. See [`protocols`](Self::protocols).
    pub server: ServerOptions,
    /// The session. Default: [`SessionOptions::default`].
    pub session: SessionOptions,
}

impl MultiplayerOptions {
    setters! {
        client: PeerOptions,
        server: ServerOptions,
        session: SessionOptions,
    }

    /// Sets the sub-protocols of both roles: a client offers them, and a server requires one of them. It changes
    /// [`client`](Self::client) and [`server`](Self::server), so call it after their setters.
    ///
    /// A server rejects clients that offer none of them, unless [`PeerOptions::require_protocol`] of its connections is
    /// off. Without sub-protocols it accepts every client.
    ///
    /// Godot: `WebSocketMultiplayerPeer.supported_protocols`.
    #[doc(alias = "supported_protocols")]
    #[must_use]
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        let protocols: Vec<String> = protocols.into_iter().map(Into::into).collect();
        self.client.protocols.clone_from(&protocols);
        self.server.connection.protocols = protocols;
        self
    }
}
