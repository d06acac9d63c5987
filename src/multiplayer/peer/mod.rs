//! [`WebSocketMultiplayerPeer`]: a socket with ids, Godot's mid level.
//!
//! This file has the public methods of both roles, except those in [`sending`]; [`hosting`] has those of a server only.
//! The [`server`]'s and the [`client`]'s side do the work.

mod client;
mod event;
mod hosting;
mod peer_id_map;
mod sending;
mod server;

use std::{fmt, net::ToSocketAddrs, task::Waker, time::Duration};

pub use self::event::PeerEvent;
pub(super) use self::{client::ClientSide, server::ServerSide};
use super::{id::PeerId, status::ConnectionStatus};
use crate::{
    clock::PatientClock,
    close::{CloseCode, CloseInfo},
    error::Error,
    options::{PeerOptions, ServerOptions},
    peer::WebSocketPeer,
    server::WebSocketServer,
    state::ReadyState,
    sys,
};

/// A server whose clients have ids, or one of its clients. It is compatible with Godot's `WebSocketMultiplayerPeer`
/// where a game uses that without `SceneMultiplayer`: packets to one peer, to all, or to all but one.
///
/// Call [`poll`](Self::poll) once a frame, read [`next_event`](Self::next_event) until it returns `None`, and
/// [`send`](Self::send) packets. A server, which relays what each client sends to all others:
///
/// ```no_run
/// use std::time::Duration;
///
/// use websocket_peer::{
///     ServerOptions,
///     multiplayer::{PeerEvent, Target, WebSocketMultiplayerPeer},
/// };
///
/// let mut server = WebSocketMultiplayerPeer::bind("0.0.0.0:9080", ServerOptions::default())?;
/// loop {
///     server.wait(Duration::from_secs(1));
///     while let Some(event) = server.next_event() {
///         match event {
///             PeerEvent::Connected(id) => println!("{id} is connected"),
///             PeerEvent::Packet(from, packet) => server.send_packet(Target::AllExcept(from), packet)?,
///             PeerEvent::Disconnected(id, info) => println!("{id} is gone: {info}"),
///             _ => {}
///         }
///     }
/// }
/// # #[allow(unreachable_code)]
/// # Ok::<(), websocket_peer::Error>(())
/// ```
///
/// A client:
///
/// ```no_run
/// use std::time::Duration;
///
/// use websocket_peer::{
///     PeerOptions,
///     multiplayer::{PeerEvent, Target, WebSocketMultiplayerPeer},
/// };
///
/// let mut peer = WebSocketMultiplayerPeer::connect("ws://127.0.0.1:9080", PeerOptions::default())?;
/// while !peer.is_closed() {
///     peer.wait(Duration::from_secs(1));
///     while let Some(event) = peer.next_event() {
///         match event {
///             PeerEvent::Connected(_) => peer.send(Target::SERVER, b"hello")?,
///             PeerEvent::Packet(_, packet) => println!("{packet:?}"),
///             PeerEvent::Disconnected(_, info) | PeerEvent::ConnectionFailed(info) => println!("{info}"),
///             _ => {}
///         }
///     }
/// }
/// # Ok::<(), websocket_peer::Error>(())
/// ```
///
/// The server has the id 1, and gives each client another one, which is the first packet that the client receives. A
/// client knows no other client: all its packets go to the server. Packets have no header, so any end that can send and
/// receive messages can take part.
///
/// [`SceneMultiplayer`](super::SceneMultiplayer) is the high level: calls of methods, relay between clients,
/// authentication, spawned and synchronized nodes.
///
/// Dropping it ends all connections at once. [`close`](Self::close) closes them first.
///
/// Godot: `WebSocketMultiplayerPeer`.
#[doc(alias = "MultiplayerPeer")]
pub struct WebSocketMultiplayerPeer {
    pub(super) side: Side,
    clock: PatientClock,
}

/// The two roles.
pub(super) enum Side {
    Server(Box<ServerSide>),
    Client(Box<ClientSide>),
}

impl WebSocketMultiplayerPeer {
    /// Starts to connect to the server at a `ws:` or `wss:` URL. The result is an event: [`PeerEvent::Connected`] with
    /// [`PeerId::SERVER`], or [`PeerEvent::ConnectionFailed`].
    ///
    /// The connection must open, and the server must send this end's id, within [`PeerOptions::connect_timeout`].
    ///
    /// # Errors
    /// The errors of [`WebSocketPeer::connect`].
    ///
    /// Godot: `create_client`, whose wait for the id has no limit.
    #[doc(alias = "create_client")]
    pub fn connect(url: &str, options: PeerOptions) -> Result<Self, Error> {
        let mut peer = WebSocketPeer::with_options(options);
        peer.connect(url)?;
        Ok(Self::from_client(peer))
    }

    /// Starts a server for clients that connect to this address. Port 0 takes a free port, which
    /// [`local_addr`](Self::local_addr) returns.
    ///
    /// Leave [`send_overflow`](ServerOptions::send_overflow) at
    /// [`SendOverflow::Reject`](crate::SendOverflow::Reject), or packets can be lost.
    ///
    /// # Errors
    /// The errors of [`WebSocketServer::bind`]. In a browser always [`Error::Unsupported`].
    ///
    /// Godot: `create_server`.
    #[doc(alias = "create_server")]
    pub fn bind(address: impl ToSocketAddrs, options: ServerOptions) -> Result<Self, Error> {
        Ok(Self::from_server(WebSocketServer::bind(address, options)?))
    }

    /// Takes over a connection that the program has started, and from which it has read nothing.
    /// [`PeerOptions::connect_timeout`] starts again, for the id.
    pub fn from_client(peer: WebSocketPeer) -> Self {
        let clock = PatientClock::start(sys::now());
        Self { side: Side::Client(Box::new(ClientSide::new(peer, clock.now()))), clock }
    }

    /// Takes over a server from which the program has read no event. Leave its
    /// [`send_overflow`](ServerOptions::send_overflow) at [`SendOverflow::Reject`](crate::SendOverflow::Reject), or
    /// packets can be lost.
    pub fn from_server(server: WebSocketServer) -> Self {
        Self { side: Side::Server(Box::new(ServerSide::new(server))), clock: PatientClock::start(sys::now()) }
    }

    /// Reads from the connections, writes to them, and applies timeouts. Call it once a frame. It never blocks.
    ///
    /// Godot: `poll`.
    pub fn poll(&mut self) {
        self.wait(Duration::ZERO);
    }

    /// Sleeps until there is something to do, at most for `at_most`, and then [polls](Self::poll). For programs without
    /// a frame loop.
    ///
    /// It does not sleep while events wait to be read. It may return early, with nothing new.
    ///
    /// Platform: a page cannot sleep. In a browser it polls and returns at once, like [`WebSocketPeer::wait`].
    pub fn wait(&mut self, at_most: Duration) {
        self.sleep_and_poll(at_most);
        self.schedule_wake(None);
    }

    /// Returns a handle with which another thread ends the current [`wait`](Self::wait), or else the next one.
    ///
    /// Platform: it does nothing in a browser, where `wait` does not sleep.
    pub fn waker(&mut self) -> Waker {
        match &mut self.side {
            Side::Server(side) => side.server.waker(),
            Side::Client(side) => side.peer.waker(),
        }
    }

    /// At a client: sets a hook that is called when there is something to poll for, like [`WebSocketPeer::on_wake`].
    /// Natively it is also called when the time for the id is over.
    ///
    /// # Errors
    /// The errors of `WebSocketPeer::on_wake`; [`Error::Unsupported`] at a server, which has [`wait`](Self::wait).
    pub fn on_wake(&mut self, hook: impl Fn() + Send + 'static) -> Result<(), Error> {
        match &mut self.side {
            Side::Server(_) => return Err(Error::Unsupported { what: "a wake hook at a server" }),
            Side::Client(side) => side.peer.on_wake(hook)?,
        }
        self.schedule_wake(None);
        Ok(())
    }

    /// Returns the next event. Before it returns `None`, it [flushes](Self::flush) the packets that were gathered
    /// meanwhile.
    ///
    /// An event takes effect when it is read here: [`Target::All`](super::Target::All) and [`peers`](Self::peers)
    /// contain a peer from the moment its `Connected` is read until its `Disconnected` is read.
    ///
    /// Godot: `get_packet`, `get_packet_peer`, `get_available_packet_count`, and the signals.
    #[doc(alias = "get_packet")]
    #[doc(alias = "get_packet_peer")]
    #[doc(alias = "get_available_packet_count")]
    pub fn next_event(&mut self) -> Option<PeerEvent> {
        let event = match &mut self.side {
            Side::Server(side) => side.next_event().map(|(_, event)| event),
            Side::Client(side) => side.next_event(),
        };
        if event.is_none() {
            self.schedule_wake(None);
        }
        event
    }

    /// Returns this end's id: [`PeerId::SERVER`] at a server, and at a client the id that the server has assigned,
    /// since [`PeerEvent::Connected`] was read.
    ///
    /// Godot: `get_unique_id`.
    #[doc(alias = "get_unique_id")]
    pub fn id(&self) -> Option<PeerId> {
        match &self.side {
            Side::Server(_) => Some(PeerId::SERVER),
            Side::Client(side) => side.id(),
        }
    }

    /// Returns the status, as far as the program has read events.
    ///
    /// Godot: `get_connection_status`.
    #[doc(alias = "get_connection_status")]
    pub fn status(&self) -> ConnectionStatus {
        let is_over = match &self.side {
            Side::Server(side) => side.has_left(),
            Side::Client(side) => side.is_over(),
        };
        match self.id() {
            _ if is_over => ConnectionStatus::Disconnected,
            Some(_) => ConnectionStatus::Connected,
            None => ConnectionStatus::Connecting,
        }
    }

    /// Returns the peers that are connected as far as the program has read events, in the order of their ids. At a
    /// client that is only the server.
    pub fn peers(&self) -> impl ExactSizeIterator<Item = PeerId> + use<> {
        match &self.side {
            Side::Server(side) => side.peers(),
            Side::Client(side) if side.is_connected() => vec![PeerId::SERVER],
            Side::Client(_) => Vec::new(),
        }
        .into_iter()
    }

    /// Returns `true` for a server.
    ///
    /// Godot: `is_server`.
    pub fn is_server(&self) -> bool {
        matches!(self.side, Side::Server(_))
    }

    /// Disconnects a peer with code 1000. See [`disconnect_peer_with`](Self::disconnect_peer_with).
    ///
    /// # Errors
    /// [`Error::UnknownPeer`].
    ///
    /// Godot: `disconnect_peer`.
    pub fn disconnect_peer(&mut self, id: PeerId) -> Result<(), Error> {
        self.disconnect_peer_with(id, CloseCode::NORMAL, "")
    }

    /// Disconnects a peer with this code and reason, behind everything that was sent to it before. Nothing more is
    /// received from it. [`PeerEvent::Disconnected`] follows after the peer's answer, or after
    /// [`PeerOptions::close_timeout`]. At a client the only peer is [`PeerId::SERVER`].
    ///
    /// An engine drops the packets that it receives together with the end of the connection, and can read the reason,
    /// so a last message belongs there.
    ///
    /// # Errors
    /// - [`Error::UnknownPeer`] for a peer that is not among [`peers`](Self::peers).
    /// - [`Error::ReasonTooLong`] for a reason of more than 123 bytes of UTF-8.
    /// - [`Error::InvalidCloseCode`] at a client, for a code other than 1000 and 3000 to 4999.
    ///
    /// Godot: `disconnect_peer`, which sends code 1000.
    #[doc(alias = "disconnect_peer")]
    pub fn disconnect_peer_with(&mut self, id: PeerId, code: CloseCode, reason: &str) -> Result<(), Error> {
        match &mut self.side {
            Side::Server(side) => side.disconnect(id, code, reason),
            Side::Client(side) if id == PeerId::SERVER && side.is_connected() => {
                side.disconnect(code, reason)
            }
            Side::Client(_) => Err(Error::UnknownPeer),
        }
    }

    /// At a client: returns how the connection ended, once the program has read that.
    pub fn close_info(&self) -> Option<&CloseInfo> {
        match &self.side {
            Side::Server(_) => None,
            Side::Client(side) => side.close_info(),
        }
    }

    /// Closes all connections, behind everything that was sent before. A server stops listening, and closes with code
    /// 1001; a client closes with code 1000. All peers are gone at once, and unread events are dropped. The only event
    /// that follows is [`PeerEvent::Disconnected`] or [`PeerEvent::ConnectionFailed`], at a client.
    ///
    /// Poll until [`is_closed`](Self::is_closed): that takes at most [`PeerOptions::close_timeout`].
    ///
    /// Godot: `close`, which ends the connections without a close frame.
    pub fn close(&mut self) {
        match &mut self.side {
            Side::Server(side) => side.shut_down(),
            Side::Client(side) => side.close(),
        }
        self.schedule_wake(None);
    }

    /// Returns `true` if the connections have ended: the connection to the server was lost, or [`close`](Self::close)
    /// is complete. Events may wait to be read.
    pub fn is_closed(&self) -> bool {
        match &self.side {
            Side::Server(side) => side.server.is_shut_down(),
            Side::Client(side) => side.peer.state() == ReadyState::Closed,
        }
    }

    /// Sleeps for at most `at_most`, and polls once.
    pub(super) fn sleep_and_poll(&mut self, at_most: Duration) {
        let now = self.advance_clock();
        match &mut self.side {
            Side::Server(side) => side.server.wait(at_most),
            Side::Client(side) => {
                let due = side.next_deadline().map_or(at_most, |due| due.saturating_sub(now));
                side.peer.wait(if side.has_event() { Duration::ZERO } else { at_most.min(due) });
            }
        }
        self.clock.sleep(sys::now());
        match &mut self.side {
            Side::Server(side) => side.drop_events(),
            Side::Client(side) => side.advance(self.clock.now()),
        }
    }

    /// Returns the time as of the last call of [`advance_clock`](Self::advance_clock), or the last poll.
    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Advances the clock, and returns the time. The time in which a hook was armed counts in full, like a sleep.
    pub(super) fn advance_clock(&mut self) -> Duration {
        if let Side::Client(side) = &self.side {
            if let Some(until) = side.peer.watched_until() {
                self.clock.sleep(until);
            }
        }
        self.clock.advance(sys::now())
    }

    /// At a client: sets the wake-up for the next deadline, of its own or this one.
    pub(super) fn schedule_wake(&mut self, other: Option<Duration>) {
        if let Side::Client(side) = &mut self.side {
            let due = [side.next_deadline(), other].into_iter().flatten().min();
            side.peer.set_deadline(due.map(|due| due.saturating_sub(self.clock.now())));
        }
    }
}

impl fmt::Debug for WebSocketMultiplayerPeer {
    /// Omits packets: they may contain secrets, and the output may be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("WebSocketMultiplayerPeer");
        shown.field("id", &self.id()).field("status", &self.status());
        match &self.side {
            Side::Server(side) => shown.field("server", &side.server),
            Side::Client(side) => shown.field("client", &side.peer),
        };
        shown.finish_non_exhaustive()
    }
}
