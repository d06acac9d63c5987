//! What not every platform can do for a peer.

use std::net::SocketAddr;

use super::WebSocketPeer;
use crate::{
    error::Error,
    link::Link,
    sys::{PeerConnection, Socket},
    upgraded::{Role, UpgradedStream},
};

impl WebSocketPeer {
    /// Takes over a stream on which the WebSocket handshake was made elsewhere, as this end of it. No handshake is made: the state
    /// is [`Connecting`](crate::ReadyState::Connecting), and the next [`poll`](Self::poll) makes it
    /// [`Open`](crate::ReadyState::Open), also if the other end is gone by then. Bytes that were read ahead are the first that
    /// come in.
    ///
    /// Of the [`PeerOptions`](crate::PeerOptions) those about the handshake (sub-protocols, header fields, TLS) do not matter here.
    ///
    /// # Errors
    /// - [`Error::AlreadyInUse`] while connecting or open.
    /// - [`Error::InvalidOption`]; also for a sub-protocol that is no token, and for a request that is none.
    /// - [`Error::Io`] if the stream cannot be made non-blocking.
    /// - [`Error::Unsupported`] in a browser.
    ///
    /// With each of them the stream is dropped, which ends its connection.
    pub fn accept_upgraded(&mut self, upgraded: UpgradedStream, role: Role) -> Result<(), Error> {
        self.check_unused()?;
        self.options.check()?;
        let (handover, info) = upgraded.into_parts()?;
        let socket = Socket::accept_upgraded(handover, role, &self.options)?;
        let url = (!info.request.host().is_empty()).then(|| info.request.url());
        self.start(socket, Link::connecting(&self.options, url), role == Role::Server)
    }

    /// The other end's address.
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

    /// Switches `TCP_NODELAY` on this connection; [`PeerOptions::nodelay`](crate::PeerOptions::nodelay) is for the next ones.
    ///
    /// # Errors
    /// - [`Error::NotOpen`] while there is no TCP connection.
    /// - [`Error::Unsupported`] in a browser.
    /// - [`Error::Io`] if the system refuses.
    ///
    /// Godot: `set_no_delay`.
    #[doc(alias = "set_no_delay")]
    pub fn set_nodelay(&mut self, on: bool) -> Result<(), Error> {
        let closed = self.not_open();
        self.socket.as_mut().ok_or(closed)?.set_nodelay(on, &self.link)
    }
}
