//! The options of a [`MultiplayerPeer`](super::MultiplayerPeer): those of its session, and of what carries it.

use crate::{
    multiplayer::options::SessionOptions,
    options::{Options, ServerOptions, setters},
};

/// What a [`MultiplayerPeer`](super::MultiplayerPeer) goes by. A client needs `client` and `session`, a server `server` and
/// `session`.
///
/// ```
/// use websocket_peer::{Options, multiplayer::{MultiplayerOptions, SessionOptions}};
///
/// let options = MultiplayerOptions::default()
///     .client(Options::default().protocols(["ludus"]))
///     .session(SessionOptions::default().authenticate(true));
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct MultiplayerOptions {
    /// The connection of a client. Default: [`Options::default`].
    pub client: Options,
    /// The server, and the connections that it accepts. Default: [`ServerOptions::default`].
    ///
    /// A Godot engine with no `supported_protocols` accepts only a server that chooses none, and the other way round.
    pub server: ServerOptions,
    /// The session. Default: [`SessionOptions::default`].
    pub session: SessionOptions,
}

impl MultiplayerOptions {
    setters! {
        client: Options,
        server: ServerOptions,
        session: SessionOptions,
    }
}
