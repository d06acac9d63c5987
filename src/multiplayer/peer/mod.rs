//! [`MultiplayerPeer`]: a session on WebSockets.

mod client_transport;
mod flow_control;
mod guard;
mod options;
mod peer_id_map;
mod polling;
mod server_transport;

use std::{
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    task::Waker,
    time::Duration,
};

use self::{client_transport::ClientTransport, server_transport::ServerTransport};
pub use self::{guard::SessionGuard, options::MultiplayerOptions};
use super::{
    event::Event,
    id::PeerId,
    options::SessionOptions,
    session::{ConnectionStatus, Session},
};
use crate::{
    admission::Admission,
    clock::PatientClock,
    close::CloseInfo,
    error::Error,
    options::TlsCertificate,
    peer::WebSocketPeer,
    request::Request,
    server::{PeerInfo, WebSocketServer},
    stats::ServerStats,
    sys,
    upgraded::UpgradedStream,
};

/// The server of a multiplayer session, or one of its clients, on WebSockets: the same session as Godot's
/// `WebSocketMultiplayerPeer` and `SceneMultiplayer` make, and on the wire no different.
///
/// Call [`poll`](Self::poll) once a frame, and read all of [`next_event`](Self::next_event). Everything that the program has
/// to say goes through [`session`](Self::session): to declare nodes, to call their methods, to send bytes.
///
/// ```no_run
/// use std::{thread, time::Duration};
///
/// use websocket_peer::{
///     Error,
///     multiplayer::{Event, MultiplayerOptions, MultiplayerPeer},
/// };
///
/// websocket_peer::rpc! {
///     /// What is said in the room.
///     pub enum Room {
///         Say { text: String } = "say" [any_peer];
///     }
/// }
///
/// fn main() -> Result<(), Error> {
///     let mut peer = MultiplayerPeer::connect("ws://127.0.0.1:9080", MultiplayerOptions::default())?;
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
///                         println!("{from} says: {text}");
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
/// A session is reliable and ordered, so nobody can miss a packet of it and stay. Whoever takes packets more slowly than
/// they are sent, until their outbound queue is full, is parted with: [`Limit::SessionBacklog`](crate::Limit::SessionBacklog).
///
/// Godot: `WebSocketMultiplayerPeer` and `SceneMultiplayer`.
#[doc(alias = "WebSocketMultiplayerPeer")]
#[doc(alias = "SceneMultiplayer")]
pub struct MultiplayerPeer {
    session: Session,
    transport: Transport,
    clock: PatientClock,
}

/// What carries the session.
enum Transport {
    Server(Box<ServerTransport>),
    Client(Box<ClientTransport>),
}

impl MultiplayerPeer {
    /// Begins to join the session of the server at a `ws:` or `wss:` URL. [`Event::Connected`] tells that it is there, and
    /// [`Event::PeerConnected`] of [`PeerId::SERVER`] that it has been admitted; [`Event::ConnectionFailed`] that not.
    ///
    /// # Errors
    /// Those of [`WebSocketPeer::connect`].
    ///
    /// Godot: `connect`.
    pub fn connect(url: &str, options: MultiplayerOptions) -> Result<Self, Error> {
        let mut peer = WebSocketPeer::with_options(options.client);
        peer.connect(url)?;
        Ok(Self::from_client(peer, options.session))
    }

    /// Begins to host a session, for clients that connect to this address. Port 0 takes a free one, which
    /// [`local_addr`](Self::local_addr) tells.
    ///
    /// # Errors
    /// Those of [`WebSocketServer::bind`]; in a browser always [`Error::Unsupported`].
    ///
    /// Godot: `bind`.
    pub fn bind(address: impl ToSocketAddrs, options: MultiplayerOptions) -> Result<Self, Error> {
        options
            .server
            .check_memory(options.server.share().with_outbound_packet(options.session.max_packet_size))?;
        Ok(Self::from_server(WebSocketServer::bind(address, options.server)?, options.session))
    }

    /// Joins a session over a connection that the program has begun, and from which it has read nothing.
    pub fn from_client(peer: WebSocketPeer, options: SessionOptions) -> Self {
        Self::new(Session::client(options), Transport::Client(Box::new(ClientTransport::new(peer))))
    }

    /// Hosts a session on a server whose events the program has not begun to read.
    pub fn from_server(mut server: WebSocketServer, options: SessionOptions) -> Self {
        // A packet of the session fits into each client's own share of memory: no client misses one because of others.
        server.reserve_packets(options.max_packet_size);
        let session = Session::server(options);
        let transport = ServerTransport::new(server, &session);
        Self::new(session, Transport::Server(Box::new(transport)))
    }

    /// A time limit that a call of the program's sets begins now, not at the last poll.
    fn tick(&mut self) {
        let now = self.advance_clock();
        self.session.tick(now);
    }

    fn new(session: Session, transport: Transport) -> Self {
        Self { session, transport, clock: PatientClock::start(sys::now()) }
    }

    /// Moves everything on that can move. Call it once a frame. It never blocks.
    ///
    /// What has come is handled here, too, until there is an event to read, and then by [`next_event`](Self::next_event): a
    /// program that reads no events relays no packets either, and holds up those who send.
    ///
    /// Godot: `MultiplayerAPI.poll`.
    pub fn poll(&mut self) {
        self.wait_and_poll(Duration::ZERO);
    }

    /// Sleeps until there is something to do, at most for `at_most`; then [polls](Self::poll). For programs without frames
    /// of their own.
    ///
    /// It does not sleep while events wait to be read. It may return early, with nothing new.
    ///
    /// Platform: a page cannot sleep. In a browser it polls and returns at once, as [`WebSocketPeer::wait`] does.
    pub fn wait(&mut self, at_most: Duration) {
        self.wait_and_poll(at_most);
    }

    /// Returns a handle with which another thread ends a [`wait`](Self::wait): the current one, or else the next.
    ///
    /// Platform: in a browser, where `wait` does not sleep, it does nothing.
    pub fn waker(&mut self) -> Waker {
        match &mut self.transport {
            Transport::Server(transport) => transport.server.waker(),
            Transport::Client(transport) => transport.peer.waker(),
        }
    }

    /// Returns the next event. Packets are handled one by one, each when the events of the one before have been read: so
    /// what the program does on an event (it declares the node that was spawned, gives it an authority) counts for the next
    /// packet, as it does in an engine.
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

    /// The session: to ask about it, to declare nodes, to call, to send. What is sent leaves when the guard is dropped: at
    /// the end of the statement, if it is not kept.
    pub fn session(&mut self) -> SessionGuard<'_> {
        self.tick();
        SessionGuard { peer: self }
    }

    /// This end's id; a client has none before the server gave it one.
    ///
    /// Godot: `get_unique_id`.
    #[doc(alias = "get_unique_id")]
    pub fn id(&self) -> Option<PeerId> {
        self.session.id()
    }

    /// How far the session has come.
    ///
    /// Godot: `get_connection_status`.
    #[doc(alias = "get_connection_status")]
    pub fn status(&self) -> ConnectionStatus {
        self.session.status()
    }

    /// Returns the peers whose arrival was read and whose departure was not, in the order of their ids; at a client the
    /// server is one.
    ///
    /// Godot: `get_peers`.
    #[doc(alias = "get_peers")]
    pub fn peers(&self) -> impl ExactSizeIterator<Item = PeerId> + '_ {
        self.session.peers()
    }

    /// Whether it is the server.
    ///
    /// Godot: `is_server`.
    pub fn is_server(&self) -> bool {
        self.session.is_server()
    }

    /// At a server: whether clients that connect from now on are answered 503. Those that are there stay.
    ///
    /// Godot: `refuse_new_connections`, which lets them wait without an answer.
    pub fn refuse_new_connections(&mut self, refuse: bool) {
        if let Transport::Server(transport) = &mut self.transport {
            transport.server.refuse_new_connections(refuse);
        }
    }

    /// At a server: lets the program decide about each client's request, as [`WebSocketServer::on_request`] does. What it
    /// attaches as identity is found again at [`peer`](Self::peer).
    pub fn on_request(&mut self, hook: impl FnMut(&Request) -> Admission + Send + Sync + 'static) {
        if let Transport::Server(transport) = &mut self.transport {
            transport.server.on_request(hook);
        }
    }

    /// At a server: takes over a stream on which a web framework has made the handshake, as [`WebSocketServer::accept_upgraded`]
    /// does. The client joins the session like every other. A session that needs no listener is hosted on
    /// [`WebSocketServer::without_listener`], by [`from_server`](Self::from_server).
    ///
    /// # Errors
    /// Those of `WebSocketServer::accept_upgraded`; [`Error::Unsupported`] at a client.
    pub fn accept_upgraded(&mut self, upgraded: UpgradedStream) -> Result<(), Error> {
        match &mut self.transport {
            Transport::Server(transport) => transport.server.accept_upgraded(upgraded).map(|_| ()),
            Transport::Client(_) => Err(Error::Unsupported { what: "to accept connections, at a client" }),
        }
    }

    /// At a client: sets a hook that is called when there is something to poll for, as [`WebSocketPeer::on_wake`] does;
    /// natively also when a deadline of the session is over.
    ///
    /// # Errors
    /// Those of `WebSocketPeer::on_wake`; [`Error::Unsupported`] at a server, which has [`wait`](Self::wait).
    pub fn on_wake(&mut self, hook: impl Fn() + Send + 'static) -> Result<(), Error> {
        match &mut self.transport {
            Transport::Server(_) => return Err(Error::Unsupported { what: "to be woken, at a server" }),
            Transport::Client(transport) => transport.peer.on_wake(hook)?,
        }
        self.schedule_wake();
        Ok(())
    }

    /// At a server: replaces the certificate, as [`WebSocketServer::set_certificate`] does.
    ///
    /// # Errors
    /// Those of `WebSocketServer::set_certificate`; [`Error::Unsupported`] at a client.
    pub fn set_certificate(&mut self, identity: TlsCertificate) -> Result<(), Error> {
        match &mut self.transport {
            Transport::Server(transport) => transport.server.set_certificate(identity),
            Transport::Client(_) => Err(Error::Unsupported { what: "a certificate of a client's" }),
        }
    }

    /// At a server: the address that it listens at.
    ///
    /// # Errors
    /// [`Error::Unsupported`] at a client; [`Error::Io`] at a server that has closed.
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        match &self.transport {
            Transport::Server(transport) => transport.server.local_addr(),
            Transport::Client(_) => Err(Error::Unsupported { what: "an address to listen at of a client's" }),
        }
    }

    /// At a server: what is known of a client's connection: its address, its request, its identity, its traffic. `None` for
    /// other peers, and at a client.
    ///
    /// Godot: `get_peer`, `get_peer_address`, `get_peer_port`.
    #[doc(alias = "get_peer")]
    #[doc(alias = "get_peer_address")]
    #[doc(alias = "get_peer_port")]
    pub fn peer(&self, id: PeerId) -> Option<PeerInfo<'_>> {
        match &self.transport {
            Transport::Server(transport) => transport.peer(id),
            Transport::Client(_) => None,
        }
    }

    /// At a server: counters of all its connections, and the memory that it holds for them. `None` at a client.
    ///
    /// It looks at every connection.
    pub fn server_stats(&self) -> Option<ServerStats> {
        match &self.transport {
            Transport::Server(transport) => Some(transport.server.stats()),
            Transport::Client(_) => None,
        }
    }

    /// At a client: how the connection ended, once it has.
    pub fn close_info(&self) -> Option<&CloseInfo> {
        match &self.transport {
            Transport::Server(_) => None,
            Transport::Client(transport) => transport.peer.close_info(),
        }
    }

    /// Leaves the session; a server disconnects its peers, and stops listening. There are no events about that, but
    /// [`Event::Disconnected`] at a client, and what is sent to all peers from now on is no error and sent to no peer. No
    /// peer loses what was sent to it before: it takes as long as the peers need to confirm it, and [`drain_timeout`](SessionOptions::drain_timeout) and
    /// [`close_timeout`](crate::PeerOptions::close_timeout) at most. Poll until [`is_closed`](Self::is_closed).
    ///
    /// To end at once, drop the peer.
    ///
    /// Godot: `MultiplayerPeer.close`, which cuts the connections.
    pub fn close(&mut self) {
        self.refuse_new_connections(true);
        self.tick();
        self.session.leave();
        self.flush_outputs();
        self.schedule_wake();
    }

    /// Whether it is over: lost, or [closed](Self::close) to the end.
    pub fn is_closed(&self) -> bool {
        match &self.transport {
            Transport::Server(transport) => transport.server.is_shut_down(),
            Transport::Client(transport) => transport.is_closed(),
        }
    }
}

impl fmt::Debug for MultiplayerPeer {
    /// No packet, path or argument: they may hold secrets, and this may end in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("MultiplayerPeer");
        shown.field("id", &self.session.id()).field("status", &self.session.status());
        match &self.transport {
            Transport::Server(transport) => shown.field("transport", &transport.server),
            Transport::Client(transport) => shown.field("transport", &transport.peer),
        };
        shown.finish_non_exhaustive()
    }
}
