//! What not every platform can do for a peer.

use std::net::SocketAddr;

use super::WebSocketPeer;
use crate::{error::Error, sys::Transport};

impl WebSocketPeer {
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

    /// Switches `TCP_NODELAY` on this connection; [`Options::nodelay`](crate::Options::nodelay) is for the next ones.
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
