//! The options of a [`MultiplayerPeer`](super::MultiplayerPeer): those of its session, and of what carries it.

use crate::{
    multiplayer::options::SessionOptions,
    options::{PeerOptions, ServerOptions, setters},
};

/// What a [`MultiplayerPeer`](super::MultiplayerPeer) goes by. A client needs `client` and `session`, a server `server` and
/// `session`.
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
pub struct MultiplayerOptions {
    /// The connection of a client. Default: [`PeerOptions::default`].
    pub client: PeerOptions,
    /// The server, and the connections that it accepts. Default: [`ServerOptions::default`].
    ///
    /// A Godot engine with no `supported_protocols` accepts only a server that chooses none, and the other way round. See
    /// [`protocols`](Self::protocols).
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

    /// Sets the sub-protocols of both roles: those that a client offers, and those that a server requires one of. It changes the
    /// options that [`client`](Self::client) and [`server`](Self::server) have set, so call it after these.
    ///
    /// A server refuses clients that offer none of them, unless [`PeerOptions::require_protocol`] of its peers is off. It accepts
    /// every client if there are none.
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
