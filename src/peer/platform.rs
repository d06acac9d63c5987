//! What not every platform can do for a peer.

use std::net::SocketAddr;

use super::WebSocketPeer;
use crate::{
    error::Error,
    link::Link,
    sys::{Socket, Transport},
    upgraded::{Role, UpgradedStream},
};

impl WebSocketPeer {
    /// Sets a hook for a browser to call when there is something to poll for: the connection has opened, a packet has
    /// come, or the connection has ended. For programs that have no frames, and for those that answer at once. It is
    /// called at most once until the next [`poll`](Self::poll), and nothing about the peer changes before that.
    ///
    /// It is called by the browser's events, never within one of the program's own calls. So it may do anything: poll
    /// at once, or ask for a frame in which to poll; connect again, set another hook, drop the peer. Let it hold what
    /// owns the peer by a `Weak`, or the two keep each other alive.
    ///
    /// - It stays for all later connections of this peer. A new hook replaces it; `|| {}` turns it off.
    /// - If something waits when it is set, or is left when a poll could not take everything, it is called soon after.
    ///   What a full inbox has no room for is the exception: whoever leaves packets unread polls again by himself, when
    ///   he has read them. [`recv`](Self::recv) until `None` leaves nothing behind.
    /// - Time is no event. [`Options::connect_timeout`](crate::Options::connect_timeout) and
    ///   [`close_timeout`](crate::Options::close_timeout) pass when the peer is polled: while it connects or closes, do
    ///   that once a second, too, or leave it to the browser to give up.
    ///
    /// ```no_run
    /// use std::{cell::RefCell, rc::Rc};
    /// use websocket_peer::{Error, WebSocketPeer};
    ///
    /// fn read(peer: &RefCell<WebSocketPeer>) {
    ///     let mut peer = peer.borrow_mut();
    ///     peer.poll();
    ///     while let Some(packet) = peer.recv() {
    ///         println!("got {packet:?}");
    ///     }
    /// }
    ///
    /// let peer = Rc::new(RefCell::new(WebSocketPeer::new()));
    /// let weak = Rc::downgrade(&peer);
    /// let hook = move || {
    ///     if let Some(peer) = weak.upgrade() {
    ///         read(&peer);
    ///     }
    /// };
    /// match peer.borrow_mut().on_wake(hook) {
    ///     // In a browser: that is all.
    ///     Ok(()) => {}
    ///     // Natively: call `read` once a frame.
    ///     Err(Error::Unsupported { .. }) => {}
    ///     Err(other) => return Err(other),
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unsupported`] natively, where nothing runs between a program's calls.
    pub fn on_wake(&mut self, hook: impl Fn() + 'static) -> Result<(), Error> {
        let waker = Socket::waker(hook)?;
        if let Some(socket) = &mut self.socket {
            socket.wake_by(&waker);
        }
        self.waker = Some(waker);
        Ok(())
    }

    /// Takes over a stream on which the WebSocket handshake was made elsewhere, as this end of it. No handshake is made: the state
    /// is [`Connecting`](crate::ReadyState::Connecting), and the next [`poll`](Self::poll) makes it
    /// [`Open`](crate::ReadyState::Open), also if the other end is gone by then. Bytes that were read ahead are the first that
    /// come in.
    ///
    /// Of the [`Options`](crate::Options) those about the handshake (sub-protocols, header fields, TLS) do not matter here.
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
        self.start(socket, Link::connecting(&self.options, url));
        self.accepted = role == Role::Server;
        Ok(())
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
