//! [`SceneMultiplayer`]: a session over WebSockets.

mod flow_control;
mod guard;
mod options;
mod polling;
mod relay;
mod relay_hook;

use std::{
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    task::Waker,
    time::Duration,
};

pub(super) use self::relay::{Pumped, Relay};
pub use self::{guard::SessionGuard, options::MultiplayerOptions};
use super::{
    event::Event,
    id::PeerId,
    options::SessionOptions,
    peer::{Side, WebSocketMultiplayerPeer},
    relay_decision::{RelayDecision, RelayedPacket},
    session::Session,
    status::ConnectionStatus,
};
use crate::{
    admission::Admission, close::CloseInfo, error::Error, options::TlsCertificate, request::Request,
    server::PeerInfo, stats::ServerStats, upgraded::UpgradedStream,
};

/// The server of a multiplayer session, or one of its clients, over WebSockets. It is compatible with Godot's
/// `WebSocketMultiplayerPeer` and `SceneMultiplayer`.
///
/// Call [`poll`](Self::poll) once a frame, and read [`next_event`](Self::next_event) until it returns `None`. Register
/// nodes, call their methods and send bytes through [`session`](Self::session).
///
/// ```no_run
/// use std::{thread, time::Duration};
///
/// use websocket_peer::multiplayer::{Event, MultiplayerOptions, SceneMultiplayer, SessionError};
///
/// websocket_peer::rpc! {
///     /// Messages of the room.
///     pub enum Room {
///         Say { text: String } = "say" [any_peer];
///     }
/// }
///
/// fn main() -> Result<(), SessionError> {
///     let mut peer = SceneMultiplayer::connect("ws://127.0.0.1:9080", MultiplayerOptions::default())?;
///     let room = peer.session().register_node::<Room>("Room")?;
///     loop {
///         // Once a frame:
///         peer.poll();
///         while let Some(event) = peer.next_event() {
///             match event {
///                 Event::PeerConnected(id) => {
///                     peer.session().call(room, id, Room::Say { text: "hello".into() })?;
///                 }
///                 Event::Call(call) => {
///                     let from = call.from;
///                     if let Some(Ok(Room::Say { text })) = room.read(call) {
///                         println!("{from}: {text}");
///                     }
///                 }
///                 Event::ConnectionFailed { info } | Event::Disconnected { info } => {
///                     println!("{info}");
///                     return Ok(());
///                 }
///                 _ => {}
///             }
///         }
///         thread::sleep(Duration::from_millis(16));
///     }
/// }
/// ```
///
/// A session is reliable and ordered, so a peer that misses a packet cannot stay. A peer that reads too slowly is
/// disconnected when its send queue is full: [`Limit::SessionBacklog`](crate::Limit::SessionBacklog).
///
/// It stands on a [`WebSocketMultiplayerPeer`], Godot's mid level. Programs that need only packets with senders and
/// targets use that directly.
///
/// Godot: `SceneMultiplayer`.
pub struct SceneMultiplayer {
    session: Session,
    peer: WebSocketMultiplayerPeer,
    /// At a client it has nothing to do.
    relay: Relay,
}

impl SceneMultiplayer {
    /// Starts to join the session of the server at a `ws:` or `wss:` URL. The result is an event: [`Event::Connected`]
    /// and then [`Event::PeerConnected`] of [`PeerId::SERVER`], or [`Event::ConnectionFailed`].
    ///
    /// # Errors
    /// The errors of [`WebSocketMultiplayerPeer::connect`].
    ///
    /// Godot: `create_client`.
    #[doc(alias = "create_client")]
    pub fn connect(url: &str, options: MultiplayerOptions) -> Result<Self, Error> {
        Ok(Self::from_peer(WebSocketMultiplayerPeer::connect(url, options.client)?, options.session))
    }

    /// Hosts a session for clients that connect to this address. Port 0 takes a free port, which
    /// [`local_addr`](Self::local_addr) returns.
    ///
    /// # Errors
    /// The errors of [`WebSocketMultiplayerPeer::bind`]. In a browser always [`Error::Unsupported`].
    ///
    /// Godot: `create_server`.
    #[doc(alias = "create_server")]
    pub fn bind(address: impl ToSocketAddrs, options: MultiplayerOptions) -> Result<Self, Error> {
        options
            .server
            .check_memory(options.server.share().with_outbound_packet(options.session.max_packet_size))?;
        Ok(Self::from_peer(WebSocketMultiplayerPeer::bind(address, options.server)?, options.session))
    }

    /// Puts a session on a peer of the mid level, from which the program has read no event: hosts it on a server, or
    /// joins it over a connection.
    ///
    /// Godot: `MultiplayerAPI.multiplayer_peer`.
    #[doc(alias = "multiplayer_peer")]
    pub fn from_peer(mut peer: WebSocketMultiplayerPeer, options: SessionOptions) -> Self {
        let (session, slow_reader_timeout) = match &mut peer.side {
            Side::Server(side) => {
                // A packet of the session fits into each client's share of memory, so no client misses one because of
                // others.
                side.server.reserve_packets(options.max_packet_size);
                (Session::server(options), side.server.options().slow_reader_timeout)
            }
            Side::Client(_) => (Session::client(options), Duration::ZERO),
        };
        let relay = Relay::new(&session, slow_reader_timeout);
        Self { session, peer, relay }
    }

    /// Advances the session: reads from the connections, writes to them, and applies timeouts. Call it once a frame. It
    /// never blocks.
    ///
    /// It handles received packets until there is an event to read; [`next_event`](Self::next_event) then continues. A
    /// program that reads no events relays no packets either, and so slows down the senders.
    ///
    /// Godot: `MultiplayerAPI.poll`.
    pub fn poll(&mut self) {
        self.wait_and_poll(Duration::ZERO);
    }

    /// Sleeps until there is something to do, at most for `at_most`, and then [polls](Self::poll). For programs without
    /// a frame loop.
    ///
    /// It does not sleep while events wait to be read. It may return early, with nothing new.
    ///
    /// Platform: a page cannot sleep. In a browser it polls and returns at once.
    pub fn wait(&mut self, at_most: Duration) {
        self.wait_and_poll(at_most);
    }

    /// Returns a handle with which another thread ends the current [`wait`](Self::wait), or else the next one.
    ///
    /// Platform: it does nothing in a browser, where `wait` does not sleep.
    pub fn waker(&mut self) -> Waker {
        self.peer.waker()
    }

    /// Returns the next event. Packets are handled one at a time, each after the events of the one before have been
    /// read. So the program's reaction to an event (registering a node that was spawned, setting its authority) is in
    /// effect for the next packet, as in an engine.
    pub fn next_event(&mut self) -> Option<Event> {
        if !self.session.has_unread_events() {
            self.pump_events();
        }
        let event = self.session.next_event();
        if event.is_none() {
            self.flush_outputs();
            self.schedule_wake();
        }
        event
    }

    /// Returns the session, to query it, register nodes, call methods and send bytes. Packets leave when the
    /// guard is dropped: at the end of the statement if it is not stored.
    pub fn session(&mut self) -> SessionGuard<'_> {
        // So a timeout that starts in a call of the program starts now, not at the last poll.
        self.tick();
        SessionGuard { peer: self }
    }

    /// Returns this end's id. A client has none before the server has assigned it.
    ///
    /// Godot: `get_unique_id`.
    #[doc(alias = "get_unique_id")]
    pub fn id(&self) -> Option<PeerId> {
        self.session.id()
    }

    /// Returns the status of the session.
    ///
    /// Godot: `get_connection_status`.
    #[doc(alias = "get_connection_status")]
    pub fn status(&self) -> ConnectionStatus {
        self.session.status()
    }

    /// Returns the peers that are connected as far as the program has read events, in the order of their ids. At a
    /// client the server is one of them.
    ///
    /// Godot: `get_peers`.
    #[doc(alias = "get_peers")]
    pub fn peers(&self) -> impl ExactSizeIterator<Item = PeerId> + '_ {
        self.session.peers()
    }

    /// Returns `true` for the server.
    ///
    /// Godot: `is_server`.
    pub fn is_server(&self) -> bool {
        self.session.is_server()
    }

    /// At a server: rejects new clients with 503, until it is called with `false`. Clients that have an id stay; other
    /// open connections are closed.
    ///
    /// Godot: `refuse_new_connections`, which leaves them without an answer.
    pub fn refuse_new_connections(&mut self, refuse: bool) {
        self.peer.refuse_new_connections(refuse);
    }

    /// At a server: sets a hook that decides about each client's upgrade request, like
    /// [`WebSocketServer::on_request`](crate::WebSocketServer::on_request).
    /// The data that it attaches is in [`peer`](Self::peer).
    pub fn on_request(&mut self, hook: impl FnMut(&Request) -> Admission + Send + Sync + 'static) {
        self.peer.on_request(hook);
    }

    /// At a server: sets a hook that decides about each packet that a client sends to other clients, before it is
    /// relayed. With [`RelayDecision::Drop`] no other client gets it. The hook applies to packets that are handled from
    /// now on. At a client it is never called.
    ///
    /// A call of a client to all is a packet to each other client, and one to the server. Bytes to all are one packet.
    /// In both cases the hook decides only for the other clients: the server handles its part as an event.
    ///
    /// The hook is called for packets of all kinds ([`RelayedPacket::kind`]), also for those that announce paths.
    /// [`SessionStats::dropped_relays`](super::SessionStats::dropped_relays) counts the dropped packets. If the hook
    /// panics, the packet is dropped, an error is logged, and the hook is called again for the next one; a program that
    /// is built with `panic = "abort"` ends.
    ///
    /// Godot: none. An engine relays all packets, or none: `server_relay`.
    pub fn on_relay(
        &mut self,
        hook: impl FnMut(&RelayedPacket<'_>) -> RelayDecision + Send + Sync + 'static,
    ) {
        self.relay.set_hook(Box::new(hook));
    }

    /// At a server: accepts a stream on which a web framework has made the handshake, like
    /// [`WebSocketMultiplayerPeer::accept_upgraded`]. The client joins the session.
    ///
    /// # Errors
    /// The errors of `WebSocketMultiplayerPeer::accept_upgraded`.
    pub fn accept_upgraded(&mut self, upgraded: UpgradedStream) -> Result<(), Error> {
        self.peer.accept_upgraded(upgraded)
    }

    /// At a client: sets a hook that is called when there is something to poll for, like
    /// [`WebSocketMultiplayerPeer::on_wake`]. Natively it is also called when a deadline of the session has passed.
    ///
    /// # Errors
    /// The errors of `WebSocketMultiplayerPeer::on_wake`.
    pub fn on_wake(&mut self, hook: impl Fn() + Send + 'static) -> Result<(), Error> {
        self.peer.on_wake(hook)?;
        self.schedule_wake();
        Ok(())
    }

    /// At a server: replaces the certificate, like [`WebSocketMultiplayerPeer::set_certificate`].
    ///
    /// # Errors
    /// The errors of `WebSocketMultiplayerPeer::set_certificate`.
    pub fn set_certificate(&mut self, certificate: TlsCertificate) -> Result<(), Error> {
        self.peer.set_certificate(certificate)
    }

    /// At a server: returns the address that it listens on.
    ///
    /// # Errors
    /// [`Error::Unsupported`] at a client; [`Error::Io`] at a server that has closed.
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        self.peer.local_addr()
    }

    /// At a server: returns the address, request, user data and statistics of a client's connection. `None` for other
    /// peers, and at a client.
    ///
    /// Godot: `get_peer`, `get_peer_address`, `get_peer_port`.
    #[doc(alias = "get_peer")]
    #[doc(alias = "get_peer_address")]
    #[doc(alias = "get_peer_port")]
    pub fn peer(&self, id: PeerId) -> Option<PeerInfo<'_>> {
        self.peer.peer(id)
    }

    /// At a server: returns the counters of all its connections, and the memory that they use. `None` at a client.
    ///
    /// It visits every connection.
    pub fn server_stats(&self) -> Option<ServerStats> {
        self.peer.server_stats()
    }

    /// At a client: returns how the connection ended, once the session has handled its end.
    pub fn close_info(&self) -> Option<&CloseInfo> {
        self.peer.close_info()
    }

    /// Leaves the session. A server disconnects its peers, and stops listening. The only event that follows is
    /// [`Event::Disconnected`], at a client. Packets and calls to all peers are sent to no peer from now on, and are
    /// not an error.
    ///
    /// Peers still receive everything that was sent before. That takes until they have confirmed it, at most
    /// [`drain_timeout`](SessionOptions::drain_timeout) and [`close_timeout`](crate::PeerOptions::close_timeout). Poll
    /// until [`is_closed`](Self::is_closed).
    ///
    /// To end at once, drop the peer.
    ///
    /// Godot: `MultiplayerPeer.close`, which ends the connections without a close frame.
    pub fn close(&mut self) {
        self.refuse_new_connections(true);
        self.tick();
        self.session.leave();
        self.flush_outputs();
        self.schedule_wake();
    }

    /// Returns `true` if the connections have ended: the connection was lost, or [`close`](Self::close) is complete.
    pub fn is_closed(&self) -> bool {
        if self.is_server() { self.peer.is_closed() } else { self.session.is_closed() }
    }

    /// Advances the session's clock.
    fn tick(&mut self) {
        let now = self.peer.advance_clock();
        self.session.tick(now);
    }
}

impl fmt::Debug for SceneMultiplayer {
    /// Omits packets, paths and arguments: they may contain secrets, and the output may be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SceneMultiplayer")
            .field("id", &self.session.id())
            .field("status", &self.session.status())
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
