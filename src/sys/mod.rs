//! THE SEAM: what a platform must provide, and the one place that asks which platform it is.
//!
//! A backend is a type `Socket` that implements [`PeerConnection`], for a peer that polls itself; a type `Notifier` that
//! implements [`Notify`], for a program that sleeps until such a peer needs it; a type `Reactor` that implements
//! [`Listener`], for a server that polls only those of its connections that have something to do; and a function `now`, the
//! time since any fixed moment. Their laws:
//!
//! 1. It tells what happened by changing the [`Link`], and only inside the calls below: callbacks and kernels may
//!    queue, only `poll` tells.
//! 2. No call blocks, but [`Listener::wait`] and [`Notify::wait`].
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

mod liveness;

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    task::Waker,
    time::Duration,
};

use bytes::Bytes;

use crate::{
    admission::{Rejection, Response, Terms},
    close::{CloseCode, Limit},
    error::Error,
    link::Link,
    options::{PeerOptions, ServerOptions, TlsCertificate},
    packet::{Outgoing, Packet},
    request::Request,
    shared_bytes::SharedBytes,
    upgraded::{Handover, Role},
    url::Url,
};

/// What a platform's `Socket` can do. Constructed by `connect` and `accept`; what has a `self` is called on a connection.
pub(crate) trait PeerConnection: Sized {
    /// Begins to connect.
    fn connect(url: &Url, options: &PeerOptions) -> Result<Self, Error>;

    /// Begins the server's side of a handshake on a stream that a listener accepted.
    fn accept(stream: TcpStream, options: &PeerOptions) -> Result<Self, Error>;

    /// Takes over a stream whose handshake was made elsewhere. The connection opens with the next poll.
    fn accept_upgraded(handover: Handover, role: Role, options: &PeerOptions) -> Result<Self, Error>;

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

/// The program's hook.
pub(crate) type WakeHook = Box<dyn Fn() + Send>;

/// What tells a program, between its calls, that a connection needs to be polled. A peer has one for all its connections.
///
/// The hook is called once until the next poll, and never within one of these calls: it may answer with any of them.
pub(crate) trait Notify: Default {
    type Socket: PeerConnection;

    /// Replaces the hook, and calls the new one also for what waits already.
    fn set_hook(
        &mut self,
        hook: WakeHook,
        connection: Option<(&mut Self::Socket, &Link)>,
    ) -> Result<(), Error>;

    /// A connection begins. An `Err` leaves it unwatched.
    fn attach(&mut self, socket: &mut Self::Socket, link: &Link) -> Result<(), Error>;

    /// The connection is gone.
    fn detach(&mut self);

    /// The program polls now.
    fn poll_begins(&mut self, socket: &mut Self::Socket);

    /// It has polled.
    fn poll_ends(&mut self, socket: &mut Self::Socket, link: &Link);

    /// It has called something else, after which the connection may wait for something else.
    fn changed(&mut self, socket: &mut Self::Socket, link: &Link);

    /// Sleeps until there is something to poll for, the waker is used, or the time is over. The connection has nothing to
    /// tell and nothing to flush.
    fn wait(&mut self, connection: Option<(&mut Self::Socket, &Link)>, at_most: Duration);

    /// Ends the current [`wait`](Self::wait), or else the next.
    fn waker(&mut self) -> Waker;

    /// Sets what the program waits for beside the connection: a time from now on, at which it polls.
    fn set_deadline(&mut self, within: Option<Duration>);

    /// Returns until when, since the last poll, the hook was to be called for what happens; `None` without a hook.
    fn watched_until(&self, socket: &Self::Socket) -> Option<Duration>;
}

/// Where a server's connections come in, and what wakes it.
pub(crate) trait Listener: Sized {
    type Connection: ServerConnection<Reactor = Self>;

    /// A listening socket.
    fn bind(addresses: &[SocketAddr], dual_stack: bool) -> Result<TcpListener, Error>;

    /// Begins to listen, if there is a listener; for secure connections if there is an identity.
    fn new(listener: Option<TcpListener>, identity: Option<&TlsCertificate>) -> Result<Self, Error>;

    /// The certificate for connections from now on.
    fn set_certificate(&mut self, identity: &TlsCertificate) -> Result<(), Error>;

    fn local_addr(&self) -> Result<SocketAddr, Error>;

    /// The account of the bytes that several of its connections send.
    fn shared_bytes(&self) -> &SharedBytes;

    /// The frames that packets make for each of the connections.
    fn encode(packets: &[Packet]) -> Bytes;

    /// Returns how many descriptors the process may have, if the system bounds them.
    fn max_descriptors() -> Option<u64>;

    /// Turns to nobody new any more.
    fn stop_listening(&mut self);

    /// Sleeps until something is ready, for `at_most` so long; then tells of each once, until it has been used up.
    fn wait(&mut self, at_most: Duration, tell: &mut dyn FnMut(Wakeup));

    /// Ends the current [`wait`](Self::wait) with a time, or else the next.
    fn waker(&self) -> Waker;

    /// The next newcomer, who will be told of as `slot`.
    fn accept(
        &mut self,
        slot: u32,
        options: &ServerOptions,
        now: Duration,
    ) -> AcceptOutcome<Self::Connection>;

    /// Takes over a stream whose handshake was made elsewhere, and who will be told of as `slot`. The connection opens with the
    /// next poll, unless it is [refused](ServerConnection::refuse) before.
    fn adopt(
        &mut self,
        slot: u32,
        handover: Handover,
        options: &ServerOptions,
        now: Duration,
    ) -> Result<Self::Connection, Error>;
}

/// What is ready.
#[allow(dead_code, reason = "a browser accepts nobody")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wakeup {
    Listener,
    Connection {
        slot: u32,
        readable: bool,
        writable: bool,
        /// The other end sends no more, or the connection is broken: nothing more will be told.
        ends: bool,
    },
}

/// What one attempt to accept a connection gave.
#[allow(dead_code, reason = "a browser accepts nobody")]
#[derive(Debug)]
pub(crate) enum AcceptOutcome<C> {
    /// A connection, and the address it comes from.
    Accepted(C, SocketAddr),
    /// A connection that could not be handed over. The next one may be good.
    Failed(String),
    /// No connection waits. The next wake-up tells of one.
    WouldBlock,
    /// The system is out of descriptors or memory. Nothing will wake the caller when it has some again.
    OutOfDescriptors(String),
}

/// A moment of a server's.
#[allow(dead_code, reason = "a browser accepts nobody")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timestamps {
    /// The time that deadlines are measured by.
    pub(crate) now: Duration,
    /// The wall's time, by which rates are measured,
    pub(crate) wall: Duration,
    /// and when the server looked before: what comes now may have waited since.
    pub(crate) last: Duration,
}

/// What a turn may take: whoever sends without pause must keep the caller neither from the others nor from memory.
#[allow(dead_code, reason = "a browser accepts nobody")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// How many bytes may be read,
    pub(crate) read: usize,
    /// and how many held in all.
    pub(crate) memory: usize,
}

/// What a turn has done.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PollProgress {
    /// `true` if there is more to do at once.
    pub(crate) more: bool,
    /// How many bytes were read.
    pub(crate) read: usize,
}

/// The memory that a connection takes beside its link's account.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MemoryUsage {
    /// For what the other end has sent.
    pub(crate) inbound: usize,
    /// For what is still to be sent. While the link is open it counts the same by itself.
    pub(crate) outbound: usize,
    /// How much of all that is to be sent is counted by `SharedBytes`.
    pub(crate) shared: usize,
}

/// A connection that came in. The link is told of it as by a [`PeerConnection`], and a server has more to say about it.
pub(crate) trait ServerConnection: Sized {
    type Reactor;

    /// It was told of as ready.
    fn ready(&mut self, readable: bool, writable: bool, ends: bool);

    /// Moves on what is ready or due.
    fn poll(
        &mut self,
        reactor: &mut Self::Reactor,
        moment: Timestamps,
        budget: Budget,
        link: &mut Link,
    ) -> PollProgress;

    /// Returns `true` while the next step may be one of TLS's handshake, which costs a private-key operation.
    fn is_handshaking(&self) -> bool;

    /// The request that waits for its answer. One that asks for no WebSocket cannot be admitted.
    fn request(&self) -> Option<&Request>;

    /// Says yes to it, with these fields in the answer. The connection opens with a poll that follows.
    fn admit(&mut self, terms: &Terms, headers: &[(String, String)], options: &ServerOptions);

    /// Turns the connection away, whatever it has sent so far: over HTTP, or with close code 1013 where the handshake was made
    /// elsewhere. It ends with a poll that follows.
    fn refuse(&mut self, rejection: &Rejection, headers: &[(String, String)]);

    /// Answers the request over HTTP. The connection ends with a poll that follows.
    fn respond(&mut self, response: &Response, headers: &[(String, String)]);

    /// Turns away a request that asks for no WebSocket, as a server without a program does.
    fn decline(&mut self);

    /// Ends it at once.
    fn abort(&mut self);

    /// When there will be something to do, if nothing happens before.
    fn next_deadline(&self) -> Duration;

    /// Whether there is still something to poll for after the link was closed.
    fn lingers(&self) -> bool;

    /// Whether a packet that has come waits for room in the inbox.
    fn is_stalled(&self) -> bool;

    /// The memory that it holds beside the link's.
    fn held(&self) -> MemoryUsage;

    /// Takes a packet. The link is open and its outbox has room. Under a key it takes the place of a packet that waits
    /// under the same. What is gathered leaves with the next [`flush`](Self::flush).
    fn send(&mut self, packet: Outgoing<'_>, key: Option<u64>, gather: bool, link: &mut Link);

    /// Takes frames that [`Listener::encode`] made, as one packet with this payload. The link is open and its outbox has room.
    fn send_frames(&mut self, frames: &Bytes, payload: usize, gather: bool, link: &mut Link);

    /// How many bytes the packet has that waits under this key.
    fn waiting_under(&self, key: u64) -> Option<usize>;

    /// Drops the packet that has waited longest. Whether one could be dropped.
    fn drop_oldest(&mut self, link: &mut Link) -> bool;

    /// A packet found no room.
    fn was_full(&mut self, now: Duration);

    /// There was room for a packet, but no memory.
    fn found_no_memory(&mut self, now: Duration, link: &Link);

    /// Hands over to the kernel what was gathered.
    fn flush(&mut self, link: &mut Link);

    /// Begins the closing handshake. The link is open; it is closing afterwards.
    fn close(&mut self, code: CloseCode, reason: &str, now: Duration, link: &mut Link);

    /// Ends the connection of a peer that went over a limit. The packets that wait for it are dropped.
    fn expel(&mut self, what: Limit, reason: &str, now: Duration, link: &mut Link);
}

/// The name of a fuzz target, and what it does with an input. Those of a backend are told by its `FUZZ_TARGETS`.
#[cfg(feature = "_fuzz")]
pub(crate) type FuzzTarget = (&'static str, fn(&[u8]));

cfg_if::cfg_if! {
    if #[cfg(all(target_family = "wasm", target_os = "unknown"))] {
        mod web;
        pub(crate) use web::{Notifier, Reactor, Socket, now};

        /// A browser reads what comes from strangers itself.
        #[cfg(feature = "_fuzz")]
        pub(crate) const FUZZ_TARGETS: &[FuzzTarget] = &[];
    } else if #[cfg(unix)] {
        mod native;
        #[cfg(feature = "_fuzz")]
        pub(crate) use native::FUZZ_TARGETS;
        pub(crate) use native::{Notifier, Reactor, Socket, now};

        /// A read that leaves room has emptied the socket, and what comes later is told of (epoll(7), kqueue(2)).
        const SHORT_READ_DRAINS: bool = true;
        /// The name of a listener that is gone can be used again at once. Nobody else can take it meanwhile.
        const REUSES_ADDRESS: bool = true;

        /// Returns how many descriptors the process may have, if the system bounds them.
        fn max_descriptors() -> Option<u64> {
            rlimit::Resource::NOFILE.get_soft().ok().filter(|limit| *limit != rlimit::INFINITY)
        }
    } else if #[cfg(windows)] {
        mod native;
        #[cfg(feature = "_fuzz")]
        pub(crate) use native::FUZZ_TARGETS;
        pub(crate) use native::{Notifier, Reactor, Socket, now};

        /// What comes later is told of only after a read that found nothing.
        const SHORT_READ_DRAINS: bool = false;
        /// It can be used again in any case; to ask for it would let others take it.
        const REUSES_ADDRESS: bool = false;

        /// Sockets are no descriptors here: memory bounds them.
        fn max_descriptors() -> Option<u64> {
            None
        }
    } else {
        compile_error!(
            "websocket-peer runs natively on Unix and Windows, and in browsers as wasm32-unknown-unknown; \
             for another target add a backend beside src/sys/native and src/sys/web"
        );
    }
}
