//! Methods of a peer that some platforms do not support.

use std::net::SocketAddr;

use super::WebSocketPeer;
use crate::{
    error::Error,
    link::Link,
    sys::{PeerConnection, Socket},
    upgraded::{Role, UpgradedStream},
};

impl WebSocketPeer {
    /// Takes over a stream on which the WebSocket handshake was made elsewhere, in the given role.
    ///
    /// The state is [`Connecting`](crate::ReadyState::Connecting) until the next [`poll`](Self::poll), and then
    /// [`Open`](crate::ReadyState::Open), even if the other end has disconnected meanwhile. The options of the
    /// handshake (sub-protocols, header fields, TLS) have no effect.
    ///
    /// # Errors
    /// On an error the stream is dropped, which ends its connection.
    /// - [`Error::AlreadyInUse`] while connecting or open.
    /// - [`Error::InvalidOption`]; also for an invalid sub-protocol or request.
    /// - [`Error::Io`] if the stream cannot be made non-blocking.
    /// - [`Error::Unsupported`] in a browser.
    pub fn accept_upgraded(&mut self, upgraded: UpgradedStream, role: Role) -> Result<(), Error> {
        self.check_unused()?;
        self.options.check()?;
        let (handover, info) = upgraded.into_parts()?;
        let socket = Socket::accept_upgraded(handover, role, &self.options)?;
        let url = (!info.request.host().is_empty()).then(|| info.request.url());
        self.start(socket, Link::connecting(&self.options, url), role == Role::Server)
    }

    /// Returns the other end's address.
    ///
    /// # Errors
    /// - [`Error::NotOpen`] while there is no TCP connection.
    /// - [`Error::Unsupported`] in a browser.
    ///
    /// Godot: `get_connected_host`, `get_connected_port`.
    #[doc(alias = "get_connected_host")]
    #[doc(alias = "get_connected_port")]
    pub fn peer_addr(&self) -> Result<SocketAddr, Error> {
        self.socket.as_ref().ok_or_else(|| self.not_open())?.peer_addr(&self.link)
    }

    /// Sets `TCP_NODELAY` on the current connection. [`PeerOptions::nodelay`](crate::PeerOptions::nodelay) applies to
    /// later ones.
    ///
    /// # Errors
    /// - [`Error::NotOpen`] while there is no TCP connection.
    /// - [`Error::Unsupported`] in a browser.
    /// - [`Error::Io`] if the system call fails.
    ///
    /// Godot: `set_no_delay`.
    #[doc(alias = "set_no_delay")]
    pub fn set_nodelay(&mut self, on: bool) -> Result<(), Error> {
        let closed = self.not_open();
        self.socket.as_mut().ok_or(closed)?.set_nodelay(on, &self.link)
    }
}
