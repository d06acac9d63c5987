//! [`WebSocketServer`]: many accepted peers behind one poll.
//!
//! Here is what a program calls. [`polling`] does what a poll does, with [`listening`] and the [`acceptor`] for newcomers, [`entry`] for each
//! connection, and [`memory`] for all of them together; [`sending`] and [`multicast`] do what goes the other way.

mod accepting;
mod acceptor;
mod budget;
mod deadlines;
mod event;
mod key;
mod listening;
mod memory;
mod multicast;
mod peer_entry;
mod pending;
mod polling;
mod sending;

use std::{collections::VecDeque, fmt, task::Waker, time::Duration};

pub(crate) use self::sending::{EncodedPackets, SendProgress, Urgency};
use self::{
    acceptor::Acceptor,
    deadlines::Deadlines,
    key::Slots,
    memory::Memory,
    peer_entry::{PeerEntry, PeerPhase, Reported},
    polling::ServerClock,
    sending::Delayed,
};
pub use self::{
    event::{PeerInfo, ServerEvent},
    key::PeerKey,
};
use crate::{
    admission::Admission,
    close::{CloseCode, check_reason},
    error::Error,
    options::ServerOptions,
    packet::{Outgoing, Packet},
    request::Request,
    state::ReadyState,
    stats::ServerStats,
    sys::{self, Listener, Reactor, ServerConnection},
};

/// A WebSocket server, driven by polling: one thread with a frame loop serves thousands of peers.
///
/// Call [`poll`](Self::poll) once a frame, read with [`next_event`](Self::next_event), send with [`send`](Self::send),
/// [`send_text`](Self::send_text), [`multicast`](Self::multicast) and [`broadcast`](Self::broadcast). A program without frames calls
/// [`wait`](Self::wait) instead of `poll`. Peers with nothing to say cost nothing: no system call, no timer.
///
/// It is made to stand on a public port. Handshakes, messages, queues, rates and times are bounded by
/// [`ServerOptions`]; whoever goes over a bound is answered with the right HTTP status or close code, and nobody else
/// notices. A peer that sends without pause gets its turn like every other.
///
/// Dropping it ends all connections at once; [`shutdown`](Self::shutdown) says goodbye first.
///
/// ```no_run
#[doc = include_str!("../../examples/hello_server.rs")]
/// ```
///
/// Platform: a browser accepts no connections; there [`bind`](Self::bind) answers [`Error::Unsupported`].
///
/// Godot: `TCPServer` and a `WebSocketPeer` for each of its connections.
pub struct WebSocketServer {
    options: ServerOptions,
    reactor: Reactor,
    clock: ServerClock,
    entries: Slots<PeerEntry>,
    acceptor: Acceptor,
    memory: Memory,
    deadlines: Deadlines,
    /// Those that have something to do.
    ready: VecDeque<PeerKey>,
    /// Those that have something to do, and no memory to do it with.
    blocked_on_memory: Vec<PeerKey>,
    /// Those that have something to tell.
    events: VecDeque<PeerKey>,
    /// Those for whom packets were gathered.
    gathered: Vec<PeerKey>,
    /// Those for whom packets were delayed.
    delayed: Delayed,
    /// How many packets were sent to several peers by [`multicast`].
    multicasts: u64,
    /// How many events of the first of them were given in a row.
    events_in_a_row: usize,
    /// Whose end was reported last: it can be asked about until the next call.
    last_closed: Option<PeerKey>,
    /// Until when the last may leave.
    shutdown_deadline: Option<Duration>,
    /// What has gone through those that are gone, and what is counted for all.
    stats: ServerStats,
}

impl WebSocketServer {
    fn on(reactor: Reactor, options: ServerOptions) -> Self {
        Self {
            memory: Memory::new(&options, reactor.shared_bytes().clone()),
            options,
            reactor,
            clock: ServerClock::start(sys::now()),
            entries: Slots::new(),
            acceptor: Acceptor::new(),
            deadlines: Deadlines::default(),
            ready: VecDeque::new(),
            blocked_on_memory: Vec::new(),
            events: VecDeque::new(),
            gathered: Vec::new(),
            delayed: Delayed::default(),
            multicasts: 0,
            events_in_a_row: 0,
            last_closed: None,
            shutdown_deadline: None,
            stats: ServerStats::default(),
        }
    }

    /// The options that it was bound with.
    pub fn options(&self) -> &ServerOptions {
        &self.options
    }

    /// Lets the program decide about each request that the options allow: to refuse it with a status, to choose its
    /// sub-protocol, to attach an identity, to give this peer options of its own. See [`Admission`].
    ///
    /// The hook also sees plain HTTP requests, GET and HEAD, such as those of a health check:
    /// [`Request::is_upgrade`] is `false` for them. They take no capacity, so they are answered by a server that is full or refuses new
    /// connections, too (over TLS only while there is a capacity); of the options only [`hosts`](ServerOptions::hosts) and the limits
    /// on connections and requests hold for them. [`Admission::respond`] answers them. If the hook accepts one, or there is no
    /// hook, it is refused: 426, 405 for HEAD, 400 for HTTP/1.0.
    ///
    /// The hook is called within `poll` and `wait`, and must not block: the other peers wait for it.
    pub fn on_request(&mut self, hook: impl FnMut(&Request) -> Admission + Send + Sync + 'static) {
        self.acceptor.set_hook(Box::new(hook));
    }

    /// Whether requests are answered 503 from now on, before the hook is asked. Peers that are there stay. For a server
    /// that is full by the game's own measure, or is to be emptied.
    ///
    /// Godot: `MultiplayerPeer.refuse_new_connections`, which lets newcomers wait without an answer.
    pub fn refuse_new_connections(&mut self, refuse: bool) {
        self.acceptor.refuses_new = refuse;
    }

    /// Moves everything on that can move. Call it once a frame. It never blocks, and takes only a bounded amount of
    /// work on: what is left is done by the next.
    ///
    /// Godot: `poll`.
    pub fn poll(&mut self) {
        self.poll_for(Duration::ZERO);
    }

    /// Sleeps until there is something to do, at most for `at_most`; then [polls](Self::poll). For programs without frames
    /// of their own.
    pub fn wait(&mut self, at_most: Duration) {
        self.poll_for(at_most);
    }

    /// Returns a handle with which another thread ends a [`wait`](Self::wait): the current one, or else the next.
    ///
    /// Platform: natively only. A browser has no server, because [`bind`](Self::bind) returns [`Error::Unsupported`] there.
    pub fn waker(&self) -> Waker {
        self.reactor.waker()
    }

    /// What has happened next. When it answers `None`, replies that were gathered while reading are handed to the
    /// network.
    pub fn next_event(&mut self) -> Option<ServerEvent> {
        self.forget_last_closed();
        let event = self.take_event();
        if event.is_none() {
            self.flush();
        }
        event
    }

    /// Sends a binary packet to a peer.
    ///
    /// It leaves at once if no event waits to be read. While some do, what is sent is gathered, and leaves in one
    /// piece when [`next_event`](Self::next_event) answers `None`, at [`flush`](Self::flush) or at the next
    /// [`poll`](Self::poll), whichever is first.
    ///
    /// # Errors
    /// With each of them nothing was queued, not even in part:
    /// - [`Error::UnknownPeer`] for one whose `Closed` was reported.
    /// - [`Error::NotOpen`] for one that is closing, or whose end is still to be reported.
    /// - [`Error::PacketTooBig`] for more than [`PeerOptions::outbound_buffer_size`](crate::PeerOptions::outbound_buffer_size).
    /// - [`Error::OutboundFull`] while too much waits for this peer already, or for all together
    ///   ([`ServerOptions::max_buffered_bytes`]). With [`SendOverflow::DropOldest`](crate::SendOverflow::DropOldest) older packets are dropped instead, where that
    ///   helps.
    ///
    /// Godot: `send`, `put_packet`.
    #[doc(alias = "put_packet")]
    pub fn send(&mut self, to: PeerKey, data: &[u8]) -> Result<(), Error> {
        self.send_any(to, Outgoing::Binary(data), None)
    }

    /// Sends a text packet to a peer.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    ///
    /// Godot: `send_text`.
    pub fn send_text(&mut self, to: PeerKey, text: &str) -> Result<(), Error> {
        self.send_any(to, Outgoing::Text(text), None)
    }

    /// Sends a packet of either kind to a peer, sharing its bytes.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn send_packet(&mut self, to: PeerKey, packet: &Packet) -> Result<(), Error> {
        self.send_any(to, Outgoing::Shared(packet), None)
    }

    /// Sends a packet that makes older ones under the same key worthless, such as where a thing is: while the peer takes
    /// nothing, only the newest under each key waits, in the place of the first.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn send_latest(&mut self, to: PeerKey, key: u64, packet: &Packet) -> Result<(), Error> {
        self.send_any(to, Outgoing::Shared(packet), Some(key))
    }

    /// Hands to the network what was gathered. Seldom needed.
    pub fn flush(&mut self) {
        self.flush_gathered();
    }

    /// Asks a peer to close, with a code of [`CloseCode::new`] and a reason. What was sent before still goes
    /// out. `Closed` follows when it answers, or [`PeerOptions::close_timeout`](crate::PeerOptions::close_timeout) is over.
    /// One that is closing or closed already stays as it is.
    ///
    /// # Errors
    /// - [`Error::UnknownPeer`] for one whose `Closed` was reported.
    /// - [`Error::ReasonTooLong`] for a reason of more than 123 bytes of UTF-8.
    ///
    /// Godot: `close`.
    #[doc(alias = "disconnect_peer")]
    pub fn close(&mut self, peer: PeerKey) -> Result<(), Error> {
        self.close_with(peer, CloseCode::NORMAL, "")
    }

    /// Closes the connection of a peer, as [`close`](Self::close), with a code and a reason.
    ///
    /// # Errors
    /// - [`Error::UnknownPeer`] for one whose `Closed` was reported.
    /// - [`Error::ReasonTooLong`] for a reason of more than 123 bytes of UTF-8.
    ///
    /// Godot: `close`.
    pub fn close_with(&mut self, peer: PeerKey, code: CloseCode, reason: &str) -> Result<(), Error> {
        check_reason(reason)?;
        let entry = self.entries.get_mut(peer).filter(|entry| entry.is_known());
        let entry = entry.ok_or(Error::UnknownPeer)?;
        if entry.link.state() == ReadyState::Open {
            let now = self.clock.now();
            entry.connection.close(code, reason, now, &mut entry.link);
            self.update(peer, false);
        }
        Ok(())
    }

    /// Ends a peer's connection at once, without a closing handshake; `Closed` follows. What arrived from it before can
    /// still be read.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] for one whose `Closed` was reported.
    ///
    /// Godot: `close(-1)`.
    pub fn abort(&mut self, peer: PeerKey) -> Result<(), Error> {
        self.entries.get(peer).filter(|entry| entry.is_known()).ok_or(Error::UnknownPeer)?;
        self.abort_now(peer);
        Ok(())
    }

    /// Stops listening, and asks all peers to close with code 1001. Those that are left after the time of `within` are
    /// abort_now off. It does not block: go on polling and reading events until [`is_shut_down`](Self::is_shut_down).
    ///
    /// Godot: `TCPServer.stop`.
    #[doc(alias = "stop")]
    pub fn shutdown(&mut self, within: Duration) {
        self.start_shutdown(within);
    }

    /// Whether [`shutdown`](Self::shutdown) has come to its end: nobody is left, and every event was read.
    pub fn is_shut_down(&self) -> bool {
        self.shutdown_deadline.is_some() && self.entries.len() == 0
    }

    /// The peers whose `Opened` was reported and whose `Closed` was not.
    pub fn peers(&self) -> impl Iterator<Item = PeerKey> {
        self.entries.iter().filter(|(_, entry)| entry.reported == Reported::Opened).map(|(key, _)| key)
    }

    /// How many [`peers`](Self::peers) there are.
    pub fn peer_count(&self) -> usize {
        self.peers().count()
    }

    /// What is known of a peer, from its `Opened` until the call that follows the one which reported its `Closed`.
    pub fn peer(&self, peer: PeerKey) -> Option<PeerInfo<'_>> {
        let entry = self.entries.get(peer)?;
        let is_known = entry.is_known() || entry.reported == Reported::Closed;
        let request = entry.request.as_ref().filter(|_| is_known)?;
        Some(PeerInfo { entry, request })
    }

    /// Counters of the whole server, for a metrics exporter. It looks at every peer.
    pub fn stats(&self) -> ServerStats {
        let mut stats = self.stats;
        for (_, entry) in self.entries.iter() {
            stats.add(&entry.link.stats);
        }
        stats.peers = self.entries.iter().filter(|(_, entry)| entry.phase == PeerPhase::Open).count();
        stats.pending = self.acceptor.pending();
        stats.memory = self.memory.held();
        stats
    }
}

impl fmt::Debug for WebSocketServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketServer")
            .field("local_addr", &self.local_addr().ok())
            .field("peers", &self.peer_count())
            .field("pending", &self.acceptor.pending())
            .finish_non_exhaustive()
    }
}
