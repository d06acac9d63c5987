//! [`WebSocketServer`]: many accepted peers behind one poll.
//!
//! This file has the public methods. Opening a server is in [`listening`], a poll in [`polling`] within its [`budget`],
//! new connections in [`accepting`] within the limits of the [`acceptor`]; [`peer_entry`] is one connection, [`memory`]
//! the account of all of them and of [`groups`], [`spare_memory`] what they keep for reuse; [`event_queue`] returns
//! events; [`sending`], [`must_send`] and [`multicast`] send packets.

#![allow(
    unused_imports,
    reason = "in a browser, methods come from trait objects, which need no import of the trait"
)]

mod accepting;
mod acceptor;
mod addresses;
mod budget;
mod deadlines;
mod event;
mod event_queue;
mod groups;
mod key;
mod listening;
mod memory;
mod multicast;
mod must_send;
mod peer_entry;
mod polling;
mod request_hook;
mod sending;
mod spare_memory;

use std::{borrow::Borrow, collections::VecDeque, fmt, task::Waker, time::Duration};

use self::{
    acceptor::Acceptor,
    deadlines::Deadlines,
    key::Slots,
    memory::Memory,
    peer_entry::{PeerEntry, PeerPhase, Reported},
    polling::ServerClock,
    request_hook::RequestHook,
    sending::Delayed,
    spare_memory::SpareMemory,
};
pub use self::{
    event::{PeerInfo, ServerEvent},
    key::PeerKey,
};
pub(crate) use self::{
    groups::GroupKey,
    key::PeerKeyMap,
    peer_entry::NextEvent,
    sending::{EncodedPackets, SendProgress, Urgency},
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
    sys::{
        self, Reactor,
        server::{Listener, ServerConnection},
    },
};

/// A WebSocket server, driven by polling: one thread with a frame loop serves thousands of peers.
///
/// Call [`poll`](Self::poll) once a frame, read with [`next_event`](Self::next_event), send with [`send`](Self::send),
/// [`send_text`](Self::send_text), [`multicast`](Self::multicast) and [`broadcast`](Self::broadcast). A program without
/// frames calls [`wait`](Self::wait) instead of `poll`. Idle peers cost no system call and no timer.
///
/// It is made for public ports. [`ServerOptions`] limits handshakes, messages, queues, rates and times. A client that
/// exceeds a limit gets the HTTP status or close code for it, and other peers are not affected. A peer that sends
/// without pause takes no more than its part of a poll.
///
/// Dropping a server ends all connections at once. [`shutdown`](Self::shutdown) closes them first.
///
/// ```no_run
#[doc = include_str!("../../examples/hello_server.rs")]
/// ```
///
/// Platform: a browser accepts no connections. [`bind`](Self::bind) returns [`Error::Unsupported`] there.
///
/// Godot: `TCPServer` and a `WebSocketPeer` for each of its connections.
#[doc(alias = "TCPServer")]
pub struct WebSocketServer {
    options: ServerOptions,
    reactor: Reactor,
    clock: ServerClock,
    entries: Slots<PeerEntry>,
    acceptor: Acceptor,
    memory: Memory,
    deadlines: Deadlines,
    spare_memory: SpareMemory,
    /// Connections that are ready to be polled.
    ready: VecDeque<PeerKey>,
    /// Connections that are ready, but for which there is no memory to read into.
    blocked_on_memory: Vec<PeerKey>,
    /// Connections with events for the program.
    events: VecDeque<PeerKey>,
    /// Connections with gathered packets.
    gathered: Vec<PeerKey>,
    /// Connections with delayed packets.
    delayed: Delayed,
    /// The number of [`multicast`](Self::multicast)s so far.
    multicasts: u64,
    /// The number of events in a row that the first connection in `events` has had.
    events_in_a_row: usize,
    /// `true` while the caller has events to handle, so that packets are gathered.
    is_gathering: bool,
    /// The peer whose `Closed` was returned last. Its information is kept until the next call.
    last_closed: Option<PeerKey>,
    /// The time at which the remaining connections are aborted.
    shutdown_deadline: Option<Duration>,
    /// Totals of the server, and of the connections that are gone.
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
            spare_memory: SpareMemory::default(),
            ready: VecDeque::new(),
            blocked_on_memory: Vec::new(),
            events: VecDeque::new(),
            gathered: Vec::new(),
            delayed: Delayed::default(),
            multicasts: 0,
            events_in_a_row: 0,
            is_gathering: false,
            last_closed: None,
            shutdown_deadline: None,
            stats: ServerStats::default(),
        }
    }

    /// Returns the options that the server was bound with.
    pub fn options(&self) -> &ServerOptions {
        &self.options
    }

    /// Sets a hook that decides about each request that the options allow. The hook can reject the request with a
    /// status, choose the sub-protocol, attach data of the program, and set options for this peer. See [`Admission`].
    ///
    /// The hook also gets plain HTTP requests, GET and HEAD, such as those of a health check: [`Request::is_upgrade`]
    /// is `false` for them. [`Admission::respond`] answers them. They do not count as peers, so a server that is full
    /// or refuses new connections answers them, too (over TLS only while it has room for a peer). Of the options, only
    /// [`hosts`](ServerOptions::hosts) and the limits on connections and requests apply to them. If the hook accepts
    /// one, or there is no hook, it is rejected: with 426, 405 for HEAD, 400 for HTTP/1.0.
    ///
    /// The hook is called within `poll` and `wait`, and must not block: all other peers would wait.
    ///
    /// A panic of the hook does not end the server: an error is logged, the client is answered with status 500, and the
    /// hook is called for the next request, with its state as the panic left it. In a program with `panic = "abort"` in
    /// its Cargo profile no panic can be caught, so a panic of the hook ends the process.
    pub fn on_request(&mut self, hook: impl FnMut(&Request) -> Admission + Send + Sync + 'static) {
        self.acceptor.set_hook(RequestHook::new(hook));
    }

    /// Starts or stops rejecting all upgrade requests with 503, without a call of the hook. Current peers stay. Use it
    /// when the server is full by the game's rules, or before a restart.
    ///
    /// Godot: `MultiplayerPeer.refuse_new_connections`, which leaves new clients without an answer.
    pub fn refuse_new_connections(&mut self, refuse: bool) {
        self.acceptor.refuses_new = refuse;
    }

    /// Reads, writes, accepts connections and checks deadlines. Call it once a frame. It never blocks, and the work of
    /// one call is limited: the next call does the rest.
    ///
    /// Godot: `poll`.
    pub fn poll(&mut self) {
        self.poll_within(Duration::ZERO);
    }

    /// Sleeps until there is something to do, at most for `at_most`, then [polls](Self::poll). For programs without
    /// frames. It reads less at a time than a poll, unless the time is zero, so that the program handles packets while they
    /// are in the processor's cache: read the events, and call it again.
    pub fn wait(&mut self, at_most: Duration) {
        self.poll_within(at_most);
    }

    /// Returns a handle with which another thread ends the current [`wait`](Self::wait), or else the next.
    ///
    /// Platform: native only.
    pub fn waker(&self) -> Waker {
        self.reactor.waker()
    }

    /// Returns the next event. Before it returns `None`, it [flushes](Self::flush) the packets that were gathered
    /// meanwhile.
    pub fn next_event(&mut self) -> Option<ServerEvent> {
        let (key, next) = self.advance()?;
        self.event(key, next)
    }

    /// Sends a binary packet to a peer.
    ///
    /// It leaves at once if no event waits to be read. Otherwise packets are gathered, and leave together when
    /// [`next_event`](Self::next_event) returns `None`, at [`flush`](Self::flush) or at the next [`poll`](Self::poll).
    ///
    /// # Errors
    /// After an error nothing was queued:
    /// - [`Error::UnknownPeer`] after the peer's `Closed` was returned.
    /// - [`Error::NotOpen`] if the connection is closing, or closed and its `Closed` was not returned.
    /// - [`Error::PacketTooBig`] for more than
    ///   [`PeerOptions::outbound_buffer_size`](crate::PeerOptions::outbound_buffer_size).
    /// - [`Error::SendQueueFull`] while too much waits for this peer, or for all peers together
    ///   ([`ServerOptions::max_buffered_bytes`]). With [`SendOverflow::DropOldest`](crate::SendOverflow::DropOldest)
    ///   older packets of this peer are dropped instead, if that makes enough room.
    ///
    /// Godot: `send`, `put_packet`.
    #[doc(alias = "put_packet")]
    pub fn send(&mut self, to: PeerKey, data: &[u8]) -> Result<(), Error> {
        self.send_any(to, Outgoing::Binary(data), None)
    }

    /// Sends a text packet to a peer.
    ///
    /// # Errors
    /// The errors of [`send`](Self::send).
    ///
    /// Godot: `send_text`.
    pub fn send_text(&mut self, to: PeerKey, text: &str) -> Result<(), Error> {
        self.send_any(to, Outgoing::Text(text), None)
    }

    /// Sends a packet, binary or text, to a peer. Its bytes are shared, not copied.
    ///
    /// # Errors
    /// The errors of [`send`](Self::send).
    pub fn send_packet(&mut self, to: PeerKey, packet: impl Borrow<Packet>) -> Result<(), Error> {
        self.send_any(to, Outgoing::Shared(packet.borrow()), None)
    }

    /// Sends a packet that replaces older ones with the same key, for example a position. Of the packets that wait with
    /// the same key, only the newest is kept, at the position of the first in the queue.
    ///
    /// # Errors
    /// The errors of [`send`](Self::send).
    pub fn send_latest(&mut self, to: PeerKey, key: u64, packet: impl Borrow<Packet>) -> Result<(), Error> {
        self.send_any(to, Outgoing::Shared(packet.borrow()), Some(key))
    }

    /// Hands gathered packets to the network. Rarely needed.
    pub fn flush(&mut self) {
        self.flush_gathered();
    }

    /// Begins the closing handshake with a peer, with code 1000. Packets that were sent before are still delivered.
    /// `Closed` follows after the peer's answer, or after
    /// [`PeerOptions::close_timeout`](crate::PeerOptions::close_timeout). The call has no effect on a connection that
    /// is closing or closed.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] after the peer's `Closed` was returned.
    ///
    /// Godot: `close`.
    #[doc(alias = "disconnect_peer")]
    pub fn close(&mut self, peer: PeerKey) -> Result<(), Error> {
        self.close_with(peer, CloseCode::NORMAL, "")
    }

    /// Closes like [`close`](Self::close), with this code and reason.
    ///
    /// # Errors
    /// - [`Error::UnknownPeer`] after the peer's `Closed` was returned.
    /// - [`Error::ReasonTooLong`] for a reason of more than 123 bytes of UTF-8.
    ///
    /// Godot: `close`.
    #[doc(alias = "close")]
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

    /// Ends a peer's connection at once, without a closing handshake. `Closed` follows. Packets that arrived before can
    /// still be read.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] after the peer's `Closed` was returned.
    ///
    /// Godot: `close(-1)`.
    #[doc(alias = "close")]
    pub fn abort(&mut self, peer: PeerKey) -> Result<(), Error> {
        self.entries.get(peer).filter(|entry| entry.is_known()).ok_or(Error::UnknownPeer)?;
        self.abort_connection(peer);
        Ok(())
    }

    /// Stops listening, and closes all connections with code 1001. Connections that are left after the time `within`
    /// are aborted. It does not block: continue to poll and to read events until [`is_shut_down`](Self::is_shut_down).
    ///
    /// Godot: `TCPServer.stop`.
    #[doc(alias = "stop")]
    pub fn shutdown(&mut self, within: Duration) {
        self.start_shutdown(within);
    }

    /// Returns `true` after [`shutdown`](Self::shutdown), when no connection is left and every event was read.
    pub fn is_shut_down(&self) -> bool {
        self.shutdown_deadline.is_some() && self.entries.len() == 0
    }

    /// Returns the peers whose `Opened` was returned and whose `Closed` was not.
    pub fn peers(&self) -> impl Iterator<Item = PeerKey> {
        self.entries.iter().filter(|(_, entry)| entry.reported == Reported::Opened).map(|(key, _)| key)
    }

    /// Returns the number of [`peers`](Self::peers).
    pub fn peer_count(&self) -> usize {
        self.peers().count()
    }

    /// Returns information about a peer, from its `Opened` until the next call of [`next_event`](Self::next_event),
    /// [`poll`](Self::poll) or [`wait`](Self::wait) after the one that returned its `Closed`.
    pub fn peer(&self, peer: PeerKey) -> Option<PeerInfo<'_>> {
        let entry = self.entries.get(peer)?;
        let is_known = entry.is_known() || entry.reported == Reported::Closed;
        let request = entry.request.as_ref().filter(|_| is_known)?;
        Some(PeerInfo { entry, request })
    }

    /// Returns counters of the whole server, for metrics. The call takes time in proportion to the number of peers.
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

#[cfg(test)]
mod tests {
    //! A server with clients that are connected to it, all polled by the test.

    use std::time::Instant;

    use super::*;
    use crate::{options::PeerOptions, peer::WebSocketPeer};

    /// The longest wait for a condition.
    pub(super) const PATIENCE: Duration = Duration::from_secs(60);

    /// A server, and its clients in the order in which they have connected.
    pub(super) struct Connected {
        pub(super) server: WebSocketServer,
        pub(super) clients: Vec<WebSocketPeer>,
        pub(super) keys: Vec<PeerKey>,
    }

    impl Connected {
        pub(super) fn poll(&mut self) {
            self.server.poll();
            self.clients.iter_mut().for_each(|client| _ = client.poll());
        }

        /// Connects one more client, and reads its `Opened`.
        pub(super) fn connect(&mut self) -> PeerKey {
            let address = self.server.local_addr().expect("it listens");
            let mut client = WebSocketPeer::new();
            client.connect(&format!("ws://{address}/")).expect("a valid URL");
            self.clients.push(client);
            let mut opened = None;
            until("a client is connected", || {
                self.poll();
                opened = opened.or_else(|| match self.server.next_event()? {
                    ServerEvent::Opened(key) => Some(key),
                    other => panic!("{other:?} comes before the client is open"),
                });
                opened.is_some()
                    && self.clients.last().is_some_and(|client| client.state() == ReadyState::Open)
            });
            let key = opened.expect("it has opened");
            self.keys.push(key);
            key
        }
    }

    /// Returns a server with connected clients.
    pub(super) fn connected(clients: usize) -> Connected {
        connected_with(PeerOptions::for_server(), clients)
    }

    /// Returns a server with these options for each peer, and connected clients.
    pub(super) fn connected_with(options: PeerOptions, clients: usize) -> Connected {
        hosted(ServerOptions::default().connection(options), clients)
    }

    /// Returns a server with these options, and connected clients.
    pub(super) fn hosted(options: ServerOptions, clients: usize) -> Connected {
        let server = WebSocketServer::bind("127.0.0.1:0", options).expect("a free port");
        let mut connected = Connected { server, clients: Vec::new(), keys: Vec::new() };
        (0..clients).for_each(|_| _ = connected.connect());
        connected
    }

    /// Waits until a condition holds. The condition polls.
    #[track_caller]
    pub(super) fn until(what: &str, mut condition: impl FnMut() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < PATIENCE, "waited too long: {what}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
