//! The server's half of the seam: a listener, the connections that it accepts, and the budget of their polls.

#![allow(dead_code, reason = "a browser accepts no connections")]

use std::{net::SocketAddr, task::Waker, time::Duration};

use bytes::Bytes;

use super::Connection;
use crate::{
    admission::{Rejection, Response},
    close::{CloseCode, Limit},
    error::Error,
    link::Link,
    options::{PeerOptions, RateLimits, TlsCertificate},
    packet::Outgoing,
    request::Request,
    shared_bytes::SharedBytes,
    upgraded::Handover,
};

/// Accepts connections, and reports which of them are ready.
///
/// A `Reactor` has these associated functions as well:
/// - `bind(addresses, dual_stack)` opens a listener;
/// - `new(listener, certificate)` begins to listen, if there is a listener; with TLS if there is a certificate;
/// - `encode(packets)` encodes packets as frames that any of the connections can send;
/// - `max_descriptors()` returns how many descriptors the process may have, if the system limits them.
pub(crate) trait Listener {
    type Connection;

    /// Sets the certificate for connections that are accepted from now on.
    fn set_certificate(&mut self, certificate: &TlsCertificate) -> Result<(), Error>;

    /// Returns the address of the listener.
    fn local_addr(&self) -> Result<SocketAddr, Error>;

    /// Returns the account of the bytes that wait in several send queues.
    fn shared_bytes(&self) -> &SharedBytes;

    /// Closes the listener.
    fn stop_listening(&mut self);

    /// Sleeps until something is ready, for `at_most` this time, then reports each event once ("edge-triggered").
    fn wait(&mut self, at_most: Duration, report: &mut dyn FnMut(Wakeup));

    /// Frees the memory for large messages, if none was received since the last call.
    fn free_unused_memory(&mut self);

    /// Returns a waker that ends the current [`wait`](Self::wait), or else the next one that sleeps.
    fn waker(&self) -> Waker;

    /// Accepts the next connection, whose events are reported under `slot`. The head of its request may have
    /// `max_request` bytes.
    fn accept(
        &mut self,
        slot: u32,
        settings: PeerSettings<'_>,
        max_request: usize,
        now: Duration,
    ) -> AcceptOutcome<Self::Connection>;

    /// Takes over a stream whose handshake was made elsewhere. Its events are reported under `slot`. The connection
    /// opens with the next poll, unless it is [rejected](ServerConnection::reject) before.
    fn adopt(
        &mut self,
        slot: u32,
        handover: Handover,
        settings: PeerSettings<'_>,
        now: Duration,
    ) -> Result<Self::Connection, Error>;
}

/// A connection that a server accepted.
pub(crate) trait ServerConnection: Connection {
    type Reactor;

    /// Notes an event of the socket: it can be read or written, or the other end sends no more.
    fn set_ready(&mut self, readable: bool, writable: bool, ends: bool);

    /// Notes that the socket may hold bytes that have arrived after this time.
    fn arrived_after(&mut self, time: Duration);

    /// Does all work that is ready or due, within the budget, and reports the results to the link.
    fn poll(
        &mut self,
        reactor: &mut Self::Reactor,
        times: Timestamps,
        budget: Budget,
        link: &mut Link,
    ) -> PollProgress;

    /// Returns `true` while the next step may be one of a TLS handshake, which costs a private-key operation.
    fn is_handshaking(&self) -> bool;

    /// Returns the request that waits for an answer. A plain request cannot be admitted.
    fn request(&self) -> Option<&Request>;

    /// Accepts the request, with these header fields in the response. The connection opens with a later poll.
    fn admit(
        &mut self,
        reactor: &mut Self::Reactor,
        protocol: Option<String>,
        headers: &[(String, String)],
        settings: PeerSettings<'_>,
    );

    /// Rejects the connection, whatever it has sent so far: over HTTP, or with close code 1013 if the handshake was
    /// made elsewhere. It ends with a later poll.
    fn reject(&mut self, rejection: &Rejection, headers: &[(String, String)]);

    /// Answers the request over HTTP. The connection ends with a later poll.
    fn respond(&mut self, response: &Response, headers: &[(String, String)]);

    /// Rejects a plain request, as a server without a hook does.
    fn decline(&mut self);

    /// Begins the closing handshake. The link is open before and closing afterwards.
    fn close(&mut self, code: CloseCode, reason: &str, now: Duration, link: &mut Link);

    /// Closes the connection of a peer that exceeded a limit. Packets that wait for it are dropped.
    fn expel(&mut self, limit: Limit, reason: &str, now: Duration, link: &mut Link);

    /// Ends the connection at once.
    fn abort(&mut self);

    /// Returns the time at which the connection needs a poll if nothing happens before.
    fn next_deadline(&self) -> Duration;

    /// Returns `true` if a received packet waits for room in the inbox.
    fn is_stalled(&self) -> bool;

    /// Returns the memory that it uses besides the link's.
    fn memory_usage(&self) -> MemoryUsage;

    /// Counts the bytes that may wait in several send queues in this account instead of the former one.
    fn set_shared_bytes(&mut self, shared_bytes: &SharedBytes);

    /// Takes a packet that replaces the one which waits under the same key. Otherwise like [`send`](Connection::send).
    fn send_latest(&mut self, key: u64, packet: Outgoing<'_>, gather: bool, link: &mut Link);

    /// Takes frames that `Reactor::encode` made, as one packet with this number of payload bytes. Otherwise like
    /// [`send`](Connection::send).
    fn send_frames(&mut self, frames: &Bytes, payload: usize, gather: bool, link: &mut Link);

    /// Frees memory that is only kept for reuse.
    fn shrink(&mut self);

    /// Returns the size of the packet that waits under this key, in bytes.
    fn queued_under(&self, key: u64) -> Option<usize>;

    /// Drops the oldest packet that waits. Returns `true` if one could be dropped.
    fn drop_oldest(&mut self, link: &mut Link) -> bool;

    /// Notes that the send queue had no room for a packet.
    fn on_queue_full(&mut self, now: Duration);

    /// Notes that the send queue had room for a packet, but the server had no memory.
    fn on_out_of_memory(&mut self, now: Duration, link: &Link);
}

/// The options of one connection of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerSettings<'a> {
    pub(crate) options: &'a PeerOptions,
    pub(crate) rate_limits: RateLimits,
    pub(crate) slow_reader_timeout: Duration,
}

/// An event: the listener or a connection is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wakeup {
    Listener,
    Connection {
        slot: u32,
        readable: bool,
        writable: bool,
        /// `true` if the other end sends no more, or the connection is broken. No further event is reported.
        ends: bool,
    },
}

/// The outcome of an attempt to accept a connection.
#[derive(Debug)]
pub(crate) enum AcceptOutcome<C> {
    /// A connection, and the address that it comes from.
    Accepted(C, SocketAddr),
    /// This connection could not be accepted. The next one may succeed.
    Failed(String),
    /// No connection waits. The next one is reported as an event.
    WouldBlock,
    /// The system is out of descriptors or memory. No event reports that it has some again.
    OutOfDescriptors(String),
}

/// The times of a server's poll.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timestamps {
    /// The time that deadlines are measured by.
    pub(crate) now: Duration,
    /// The monotonic time of this poll, which rates are measured by.
    pub(crate) wall: Duration,
    /// The monotonic time of the poll before. Bytes that are read now may have waited since then.
    pub(crate) last: Duration,
}

/// The budget of a poll of one connection, so that a peer that sends without pause cannot take all time or memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// The number of bytes that may be read.
    pub(crate) read: usize,
    /// The number of bytes by which the memory usage may grow.
    pub(crate) memory: usize,
}

/// The result of a poll of one connection.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PollProgress {
    /// `true` if another poll can do more at once.
    pub(crate) more: bool,
    /// The number of bytes that were read.
    pub(crate) read: usize,
}

/// The memory that a connection uses besides its link's, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MemoryUsage {
    /// For received data.
    pub(crate) inbound: usize,
    /// For data to be sent. While the link is open, its own count includes the same bytes.
    pub(crate) outbound: usize,
    /// The part of `outbound` that [`SharedBytes`] counts.
    pub(crate) shared: usize,
}
