//! The seam: the traits that the backend of each platform implements, and the only code that depends on the target.
//!
//! A backend provides, for peers:
//! - `Socket`, which implements [`Connection`] and [`PeerConnection`];
//! - `Notifier`, which implements [`Notify`]: it wakes a program that sleeps until a connection needs a poll;
//! - `LIVENESS_STARTER`, a value to which each `Liveness` refers. Nothing else does, so a program without one need not
//!   contain what the value refers to;
//! - `now`, the time since any fixed moment.
//!
//! And for servers ([`server`]):
//! - `Reactor`, which has the methods of [`Listener`](server::Listener): it accepts connections, and reports which of
//!   them are ready;
//! - `ServerSocket`, which has the methods of [`Connection`] and [`ServerConnection`](server::ServerConnection).
//!
//! A backend that cannot accept connections makes these two uninhabited, and lets them dereference to trait objects, as
//! `page/reactor.rs` does. So `crate::server` compiles everywhere, and its code vanishes where no server can exist.
//!
//! A second transport on a target needs no other `cfg`: make that target's `Socket` an enum with a variant for each
//! transport, and choose the variant in [`PeerConnection::connect`] by the scheme of the URL.
//!
//! The laws of a backend:
//! 1. It reports events by changing the [`Link`], and only within the calls below. Callbacks and kernels may queue
//!    events; only `poll` reports them.
//! 2. No call blocks, except [`Listener::wait`](server::Listener::wait) and [`Notify::wait`].
//! 3. An `Err` means that nothing was changed. A failure of the network is reported with [`Link::set_closed`].
//! 4. `send` takes the whole packet, or has no effect and returns an `Err`.
//! 5. Every queue has a limit.
//! 6. Packets reach the link before the close that followed them.
//! 7. If a connection opens and ends before a poll, that poll reports the open, and a later poll the end.
//! 8. `Drop` ends the connection at once. No event of it is reported afterwards.
//! 9. No bytes from outside cause a panic.
//!
//! The checks that are the same on every target (state, limits, codes, reasons, URLs, options) are made before a call
//! arrives here.

mod liveness;
pub(crate) mod server;

use std::{
    net::{SocketAddr, TcpStream},
    task::Waker,
    time::Duration,
};

use crate::{
    close::CloseCode,
    error::Error,
    link::Link,
    options::PeerOptions,
    packet::Outgoing,
    upgraded::{Handover, Role},
    url::Url,
};

/// A connection of a peer or of a server.
///
/// `poll` and `close` are not here, because their parameters differ: a peer's connection has its own clock, while a
/// server passes the time and a budget.
pub(crate) trait Connection {
    /// Takes a packet. The link is open and its send queue has room. If `gather` is set, the packet leaves with the next
    /// [`flush`](Self::flush), otherwise at once, as far as the network takes it.
    fn send(&mut self, packet: Outgoing<'_>, gather: bool, link: &mut Link) -> Result<(), Error>;

    /// Hands gathered packets to the kernel.
    fn flush(&mut self, link: &mut Link) {
        let _ = link;
    }

    /// Returns `true` if the connection needs further polls after the link was closed, for example to deliver a last
    /// frame.
    fn lingers(&self) -> bool {
        false
    }
}

/// The connection of a peer, with its own clock.
pub(crate) trait PeerConnection: Connection + Sized {
    /// Begins to connect.
    fn connect(url: &Url, options: &PeerOptions) -> Result<Self, Error>;

    /// Begins the server's side of a handshake on a stream that a listener accepted.
    fn accept(stream: TcpStream, options: &PeerOptions) -> Result<Self, Error>;

    /// Takes over a stream whose handshake was made elsewhere. The connection opens with the next poll.
    fn accept_upgraded(handover: Handover, role: Role, options: &PeerOptions) -> Result<Self, Error>;

    /// Does all work that is possible without blocking, and reports the results to the link.
    fn poll(&mut self, link: &mut Link);

    /// Begins the closing handshake. The link is open before and closing afterwards.
    fn close(&mut self, code: CloseCode, reason: &str, link: &mut Link);

    /// Returns the address of the other end.
    fn peer_addr(&self, link: &Link) -> Result<SocketAddr, Error>;

    /// Switches `TCP_NODELAY`.
    fn set_nodelay(&mut self, on: bool, link: &Link) -> Result<(), Error>;
}

/// The program's hook, which is called when a connection needs a poll.
pub(crate) type WakeHook = Box<dyn Fn() + Send>;

/// Wakes a program when a connection needs a poll. A peer has one for all its connections.
///
/// The hook is called once until the next poll, and never within one of these calls, because it may make any of them.
pub(crate) trait Notify: Default {
    type Socket: PeerConnection;

    /// Replaces the hook. The new one is also called for events that wait already.
    fn set_hook(
        &mut self,
        hook: WakeHook,
        connection: Option<(&mut Self::Socket, &Link)>,
    ) -> Result<(), Error>;

    /// Begins to watch a connection. After an `Err` it is not watched.
    fn attach(&mut self, socket: &mut Self::Socket, link: &Link) -> Result<(), Error>;

    /// Stops watching, because the connection is gone.
    fn detach(&mut self);

    /// Notes that the program begins a poll.
    fn poll_begins(&mut self, socket: &mut Self::Socket);

    /// Notes that the program has ended a poll.
    fn poll_ends(&mut self, socket: &mut Self::Socket, link: &Link);

    /// Notes that the program has made another call, after which the connection may wait for other events.
    fn changed(&mut self, socket: &mut Self::Socket, link: &Link);

    /// Sleeps until a poll can do something, the waker is used, or `at_most` has passed. The connection has nothing to
    /// report and nothing to flush.
    fn wait(&mut self, connection: Option<(&mut Self::Socket, &Link)>, at_most: Duration);

    /// Returns a waker that ends the current [`wait`](Self::wait), or else the next.
    fn waker(&mut self) -> Waker;

    /// Sets a deadline of the program: the hook is also called after this time. `None`: no deadline.
    fn set_deadline(&mut self, within: Option<Duration>);

    /// Returns the last time since the last poll at which the hook would have been called; `None` without a hook.
    fn watched_until(&self, socket: &Self::Socket) -> Option<Duration>;
}

/// The name of a fuzz target, and the function that runs an input. A backend lists its own in `FUZZ_TARGETS`.
#[cfg(feature = "_fuzz")]
pub(crate) type FuzzTarget = (&'static str, fn(&[u8]));

cfg_if::cfg_if! {
    if #[cfg(all(target_family = "wasm", target_os = "unknown", feature = "miniquad", not(feature = "js")))] {
        mod miniquad;
        mod page;
        pub(crate) use page::{Reactor, ServerSocket};
        use miniquad::{LIVENESS_STARTER, calendar};
        pub(crate) use miniquad::{Notifier, Socket, now};

        /// The browser itself reads the bytes of the network.
        #[cfg(feature = "_fuzz")]
        pub(crate) const FUZZ_TARGETS: &[FuzzTarget] = &[];
    } else if #[cfg(all(target_family = "wasm", target_os = "unknown"))] {
        // The classes for JavaScript need wasm-bindgen, which makes the page's loader.
        #[cfg(all(feature = "js", feature = "miniquad"))]
        compile_error!(
            "websocket-peer: the features `js` and `miniquad` exclude each other in a page; `miniquad` is for programs \
             without wasm-bindgen, such as those of macroquad"
        );
        mod page;
        mod web;
        pub(crate) use page::{Reactor, ServerSocket};
        use web::{LIVENESS_STARTER, calendar};
        pub(crate) use web::{Notifier, Socket, now};

        /// The browser itself reads the bytes of the network.
        #[cfg(feature = "_fuzz")]
        pub(crate) const FUZZ_TARGETS: &[FuzzTarget] = &[];
    } else if #[cfg(unix)] {
        mod native;
        #[cfg(feature = "_fuzz")]
        pub(crate) use native::FUZZ_TARGETS;
        use native::LIVENESS_STARTER;
        pub(crate) use native::{Notifier, Reactor, ServerSocket, Socket, now};

        /// A read that leaves room in the buffer has emptied the socket: bytes that come later are reported as an event
        /// of their own (epoll(7), kqueue(2)).
        const SHORT_READ_DRAINS: bool = true;
        /// `SO_REUSEADDR` lets a listener take the address of one that is gone at once. No other process can take it
        /// meanwhile.
        const REUSES_ADDRESS: bool = true;

        /// Returns how many descriptors the process may have, if the system limits them.
        fn max_descriptors() -> Option<u64> {
            rlimit::Resource::NOFILE.get_soft().ok().filter(|limit| *limit != rlimit::INFINITY)
        }
    } else if #[cfg(windows)] {
        mod native;
        #[cfg(feature = "_fuzz")]
        pub(crate) use native::FUZZ_TARGETS;
        use native::LIVENESS_STARTER;
        pub(crate) use native::{Notifier, Reactor, ServerSocket, Socket, now};

        /// Later bytes are reported only after a read that found none.
        const SHORT_READ_DRAINS: bool = false;
        /// An address can be used again in any case. `SO_REUSEADDR` would let other processes take it.
        const REUSES_ADDRESS: bool = false;

        /// Sockets are not descriptors here: only memory limits them.
        fn max_descriptors() -> Option<u64> {
            None
        }
    } else {
        compile_error!(
            "websocket-peer runs natively on Unix and Windows, and in browsers as wasm32-unknown-unknown; \
             for another target add a backend beside those in src/sys"
        );
    }
}
