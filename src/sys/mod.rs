//! THE SEAM: what a platform must provide, and the one place that asks which platform it is.
//!
//! A backend is a type `Socket` that implements [`Transport`]. Its laws:
//!
//! 1. It tells what happened by changing the [`Link`], and only inside the calls below: callbacks and kernels may
//!    queue, only `poll` tells.
//! 2. No call blocks.
//! 3. An `Err` means that nothing was changed. What the network does becomes [`Link::closed`].
//! 4. `send` takes the whole packet or, with an `Err`, leaves no trace.
//! 5. Everything that it queues has a bound.
//! 6. Packets reach the link before the close that followed them.
//! 7. A connection that opened is seen open: its end is told by a later poll, however soon it came.
//! 8. `Drop` ends the connection at once, and nothing of it is heard of afterwards.
//! 9. No bytes from outside make it panic.
//!
//! The checks that are the same everywhere (state, limits, codes, reasons, URLs, options) were made before a call
//! arrives here.

use std::net::{SocketAddr, TcpStream};

use crate::{close::CloseCode, error::Error, link::Link, options::Options, packet::Outgoing, url::Url};

/// What a platform's `Socket` can do. Constructed by the first two; the rest is called on a connection.
pub(crate) trait Transport: Sized {
    /// Begins to connect.
    fn connect(url: &Url, options: &Options) -> Result<Self, Error>;

    /// Begins the server's side of a handshake on a stream that a listener accepted.
    fn accept(stream: TcpStream, options: &Options) -> Result<Self, Error>;

    /// Moves everything on that can move, and tells the link.
    fn poll(&mut self, link: &mut Link);

    /// Whether there is still something to poll for after the link was closed, such as a last frame to deliver.
    fn lingers(&self) -> bool {
        false
    }

    /// Takes a packet. The link is open and its outbox has room.
    fn send(&mut self, packet: Outgoing<'_>, link: &mut Link) -> Result<(), Error>;

    /// Hands over to the kernel what was gathered.
    fn flush(&mut self, link: &mut Link) {
        let _ = link;
    }

    /// Begins the closing handshake. The link is open; it is closing afterwards.
    fn close(&mut self, code: CloseCode, reason: &str, link: &mut Link);

    /// The other end's address.
    fn peer_addr(&self, link: &Link) -> Result<SocketAddr, Error>;

    /// Switches `TCP_NODELAY`.
    fn set_nodelay(&mut self, on: bool, link: &Link) -> Result<(), Error>;
}

cfg_if::cfg_if! {
    if #[cfg(all(target_family = "wasm", target_os = "unknown"))] {
        mod web;
        pub(crate) use web::Socket;
    } else if #[cfg(any(unix, windows))] {
        mod native;
        pub(crate) use native::Socket;
    } else {
        compile_error!(
            "websocket-peer runs natively on Unix and Windows, and in browsers as wasm32-unknown-unknown; \
             for another target add a backend beside src/sys/native and src/sys/web"
        );
    }
}
