//! [`RoomServer`]: many sessions behind one port.
//!
//! This file has the methods about rooms; [`moving`] moves a peer to another one, and [`hosting`] has the methods about
//! the server. A request is placed by the
//! [`directory`], which the hook shares. The [`table`] has the rooms. [`polling`] passes events of the connections to
//! the sessions of their rooms, in the order of the [`run_queue`], and outputs of the sessions to the connections.

mod directory;
mod error;
mod event;
mod guard;
mod hosting;
mod info;
mod key;
mod moving;
mod options;
mod panics;
mod placement;
mod polling;
mod relay_hook;
mod run_queue;
mod table;

use std::{
    collections::{HashMap, VecDeque},
    fmt::{self, Display},
    hash::BuildHasherDefault,
    net::ToSocketAddrs,
    time::Duration,
};

use self::{
    directory::{Directory, Reservation},
    relay_hook::RoomRelayHook,
    run_queue::RunQueue,
    table::{Room, RoomTable},
};
pub use self::{
    error::RoomError,
    event::{RoomCloseCause, RoomEvent},
    guard::RoomSession,
    info::{RoomInfo, RoomServerStats},
    key::RoomKey,
    options::{RoomOptions, RoomServerOptions},
    placement::Placement,
};
use super::{
    id::PeerId,
    id_hasher::IdHasher,
    path_ids::PathIds,
    peer::ServerSide,
    relay_decision::{RelayDecision, RelayedPacket},
    scene::Relay,
    session::Session,
};
use crate::{
    clock::PatientClock,
    close::CloseCode,
    error::Error,
    request::Request,
    server::{PeerKey, WebSocketServer},
    sys,
};

/// A server of rooms: many sessions behind one port, each with its own peers and nodes. It is compatible with
/// unmodified Godot clients, which join a room by the path of their URL.
///
/// The hook of [`on_request`](Self::on_request) places each client in a room. Call [`poll`](Self::poll) once a frame,
/// and read [`next_event`](Self::next_event) until it returns `None`. Rooms are separate: no packet of one reaches
/// another. Ids of peers are unique in the whole server, so a peer keeps its id when it is
/// [moved](Self::move_peer).
///
/// ```no_run
/// use std::time::Duration;
///
/// use websocket_peer::multiplayer::{
///     Event, Node, Placement, RoomEvent, RoomKey, RoomOptions, RoomServer, RoomServerOptions, Session, SessionError,
///     Target,
/// };
///
/// websocket_peer::rpc! {
///     /// Messages of a chat.
///     pub enum Chat {
///         Say { text: String } = "say" [any_peer];
///     }
/// }
///
/// /// What the program does in a room.
/// fn handle(session: &mut Session, chat: Node<Chat>, event: Event) -> Result<(), SessionError> {
///     if let Event::PeerConnected(id) = event {
///         session.call(chat, Target::AllExcept(id), Chat::Say { text: format!("{id} is here") })?;
///     }
///     Ok(())
/// }
///
/// let mut rooms = RoomServer::bind("0.0.0.0:9080", RoomServerOptions::default())?;
/// // ws://host:9080/ABCD joins the room ABCD, which is opened for the first client.
/// rooms.on_request(|request| {
///     Placement::room_or_open(request.path().trim_start_matches('/'), RoomOptions::default().capacity(8))
/// });
/// let mut chats = std::collections::HashMap::<RoomKey, Node<Chat>>::new();
/// loop {
///     rooms.wait(Duration::from_secs(1));
///     while let Some(event) = rooms.next_event() {
///         match event {
///             RoomEvent::Opened(room) => {
///                 // An error closes this room only.
///                 if let Ok(chat) = rooms.run(room, |session| session.register_node::<Chat>("Chat")) {
///                     chats.insert(room, chat);
///                 }
///             }
///             RoomEvent::Session(room, event) => {
///                 let Some(chat) = chats.get(&room) else { continue };
///                 if let Err(error) = rooms.run(room, |session| handle(session, *chat, event)) {
///                     println!("{room}: {error}");
///                 }
///             }
///             RoomEvent::Closed(room, _) => drop(chats.remove(&room)),
///             _ => {}
///         }
///     }
/// }
/// # #[allow(unreachable_code)]
/// # Ok::<(), websocket_peer::multiplayer::RoomError>(())
/// ```
///
/// Nothing in this interface needs all rooms to be in one process: requests are placed by a value, events carry keys,
/// and the data of a peer are bytes.
///
/// Dropping it ends all connections at once. [`shutdown`](Self::shutdown) closes them first.
///
/// Platform: natively only, as servers are. In a browser [`bind`](Self::bind) returns [`Error::Unsupported`].
pub struct RoomServer {
    side: ServerSide,
    clock: PatientClock,
    directory: Directory,
    rooms: RoomTable,
    /// The numbers of node paths are the same in all rooms, so that a peer can be moved.
    path_ids: PathIds,
    move_timeout: Duration,
    /// The program's decision about relayed packets.
    relay_hook: Option<RoomRelayHook>,
    members: HashMap<PeerId, Member, BuildHasherDefault<IdHasher>>,
    /// The connections with events, by room.
    queue: RunQueue<PeerKey>,
    /// The connections with events that are in no room: they have opened, or their room is gone.
    opening: VecDeque<PeerKey>,
    /// The rooms whose sessions the program has changed.
    changed: Vec<RoomKey>,
    /// The rooms whose outputs about departures were not sent, so that several departures are announced together.
    departures: Vec<RoomKey>,
    /// The time of the last poll: what arrived before is read.
    polled_at: Duration,
    /// The room whose event was returned last, and the number of packets that it had sent by then: what the program sends
    /// there until the next event is work of the room.
    handled: Option<(RoomKey, usize)>,
    /// The time at which connections that are left are aborted.
    shutdown_deadline: Option<Duration>,
    /// `true` if the server itself was shut down.
    has_stopped_listening: bool,
    stats: RoomServerStats,
}

/// A peer that is in a room.
#[derive(Debug)]
struct Member {
    connection: PeerKey,
    room: RoomKey,
    /// Held until the peer leaves the room.
    place: Reservation,
    /// `true` if the room that it joined first required authentication.
    is_authenticated: bool,
}

impl RoomServer {
    /// Starts a server for clients that connect to this address. Port 0 takes a free port, which
    /// [`local_addr`](Self::local_addr) returns. It has no rooms.
    ///
    /// Leave [`send_overflow`](crate::ServerOptions::send_overflow) at
    /// [`SendOverflow::Reject`](crate::SendOverflow::Reject), or packets can be lost.
    ///
    /// # Errors
    /// The errors of [`WebSocketServer::bind`], and [`Error::InvalidOption`] if
    /// [`max_buffered_bytes`](crate::ServerOptions::max_buffered_bytes) does not suffice for a packet of
    /// [`max_packet_size`](RoomServerOptions::max_packet_size) to each peer. In a browser always [`Error::Unsupported`].
    pub fn bind(address: impl ToSocketAddrs, options: RoomServerOptions) -> Result<Self, Error> {
        options.check()?;
        let server = WebSocketServer::bind(address, options.server.clone())?;
        Ok(Self::from_server(server, options))
    }

    /// Takes over a server from which the program has read no event. Its own options apply, not those in
    /// [`RoomServerOptions::server`].
    pub fn from_server(mut server: WebSocketServer, options: RoomServerOptions) -> Self {
        server.reserve_packets(options.max_packet_size);
        let directory = Directory::new(&options);
        let mut rooms = Self {
            side: ServerSide::new(server),
            clock: PatientClock::start(sys::now()),
            directory,
            rooms: RoomTable::default(),
            path_ids: PathIds::new(),
            move_timeout: options.move_timeout,
            relay_hook: None,
            members: HashMap::default(),
            queue: RunQueue::default(),
            opening: VecDeque::new(),
            changed: Vec::new(),
            departures: Vec::new(),
            polled_at: Duration::ZERO,
            handled: None,
            shutdown_deadline: None,
            has_stopped_listening: false,
            stats: RoomServerStats::default(),
        };
        rooms.on_request(|request| Placement::room(request.path().strip_prefix('/').unwrap_or_default()));
        rooms
    }

    /// Sets a hook that places each client in a room, or answers its request over HTTP. See [`Placement`]. It also gets
    /// plain HTTP requests, such as those of a health check, like the hook of [`WebSocketServer::on_request`].
    ///
    /// Without a hook, a client joins the room whose name is the path of its URL without the first `/`.
    ///
    /// The hook is called within `poll` and `wait`, and must not block: all other peers would wait.
    pub fn on_request(&mut self, mut hook: impl FnMut(&Request) -> Placement + Send + Sync + 'static) {
        let directory = self.directory.clone();
        self.side.server.on_request(move |request| directory.admit(request, hook(request)));
    }

    /// Opens a room. [`RoomEvent::Opened`] follows; its session can be used at once.
    ///
    /// # Errors
    /// [`RoomError::InvalidName`], [`RoomError::NameTaken`], [`RoomError::TooManyRooms`];
    /// [`Error::InvalidOption`] for a [`max_packet_size`](super::SessionOptions::max_packet_size) above that of
    /// [`RoomServerOptions`]; [`Error::NotOpen`] after [`shutdown`](Self::shutdown).
    pub fn open(&mut self, name: &str, options: RoomOptions) -> Result<RoomKey, RoomError> {
        self.require_running()?;
        let room = self.directory.open(name, options)?;
        self.take_opened();
        Ok(room)
    }

    /// Closes a room with code 1000 and this reason. See [`close_with`](Self::close_with).
    ///
    /// # Errors
    /// [`RoomError::UnknownRoom`]; [`Error::ReasonTooLong`].
    pub fn close(&mut self, room: RoomKey, reason: &str) -> Result<(), RoomError> {
        self.close_with(room, CloseCode::NORMAL, reason)
    }

    /// Closes a room: all its peers are disconnected with this code and reason, behind everything that was sent to
    /// them. Its events that were not read are dropped, and [`RoomEvent::Closed`] follows. Its name is free at once.
    ///
    /// An engine does not show the reason of a disconnection to GDScript, so call a method of a node before, if
    /// players should read it.
    ///
    /// # Errors
    /// [`RoomError::UnknownRoom`]; [`Error::ReasonTooLong`] for a reason of more than 123 bytes of UTF-8.
    pub fn close_with(&mut self, room: RoomKey, code: CloseCode, reason: &str) -> Result<(), RoomError> {
        self.rooms.get(room).ok_or(RoomError::UnknownRoom)?;
        crate::close::check_reason(reason)?;
        self.close_room(room, RoomCloseCause::Requested, code, reason);
        Ok(())
    }

    /// Returns the session of a room, to query it, register nodes, call methods and send bytes. Packets leave when the
    /// guard is dropped: at the end of the statement if it is not stored.
    ///
    /// Peers are disconnected by [`Session::disconnect_peer`], and moved by [`move_peer`](Self::move_peer). Do not
    /// [leave](Session::leave) the session: [`close`](Self::close) the room.
    ///
    /// # Errors
    /// [`RoomError::UnknownRoom`].
    pub fn session(&mut self, room: RoomKey) -> Result<RoomSession<'_>, RoomError> {
        let now = self.clock.advance(sys::now());
        self.rooms.get(room).ok_or(RoomError::UnknownRoom)?;
        let entry = self.rooms.any_mut(room).ok_or(RoomError::UnknownRoom)?;
        // So a timeout that starts in a call of the program starts now, not at the last poll.
        entry.session.tick(now);
        Ok(RoomSession { key: room, room: entry, side: &mut self.side, changed: &mut self.changed })
    }

    /// Runs code of the program for a room, with its session. If the code returns an error or panics, that is logged,
    /// and the room is closed with code 1011 and [`RoomCloseCause::Failed`]. Other rooms are not affected.
    ///
    /// Platform: in a program that is compiled with `panic = "abort"` a panic ends the process.
    ///
    /// # Errors
    /// [`RoomError::UnknownRoom`]; [`RoomError::Failed`] with the error or the message of the panic.
    pub fn run<T, E: Display>(
        &mut self,
        room: RoomKey,
        code: impl FnOnce(&mut Session) -> Result<T, E>,
    ) -> Result<T, RoomError> {
        let mut session = self.session(room)?;
        let result = panics::catch(|| code(&mut session));
        drop(session);
        let message = match result {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error.to_string(),
            Err(message) => message,
        };
        self.fail_room(room, message.clone());
        Err(RoomError::Failed(message))
    }

    /// Sets a hook that decides about each packet that a client sends to other clients of its room, before it is relayed,
    /// like [`SceneMultiplayer::on_relay`](super::SceneMultiplayer::on_relay). If the hook panics, the packet is dropped,
    /// and the room is closed with [`RoomCloseCause::Failed`].
    pub fn on_relay(
        &mut self,
        hook: impl FnMut(RoomKey, &RelayedPacket<'_>) -> RelayDecision + Send + Sync + 'static,
    ) {
        self.relay_hook = Some(RoomRelayHook::new(hook));
    }

    /// Returns the room with this name.
    pub fn find(&self, name: &str) -> Option<RoomKey> {
        self.directory.find(name).filter(|room| self.rooms.get(*room).is_some())
    }

    /// Returns information about a room.
    pub fn room(&self, room: RoomKey) -> Option<RoomInfo<'_>> {
        self.rooms.get(room).map(|entry| RoomInfo::new(room, entry, &self.side.server))
    }

    /// Returns the rooms, in the order in which they were opened.
    pub fn rooms(&self) -> impl Iterator<Item = RoomInfo<'_>> {
        self.rooms.open().map(|(key, room)| RoomInfo::new(key, room, &self.side.server))
    }

    /// Adds the rooms that were opened.
    fn take_opened(&mut self) {
        while let Some(opened) = self.directory.take_opened() {
            log::info!("{} is open: {:?}", opened.key, opened.name);
            let session = Session::server_in(opened.options.session.clone(), &self.path_ids);
            let relay = Relay::new(&session, self.side.server.options().slow_reader_timeout);
            let memory = self.side.server.open_group(opened.options.max_buffered_bytes);
            let mut room = Room::new(opened.name, opened.options, session, relay, memory);
            room.start_empty_time(self.clock.now());
            self.rooms.insert(opened.key, room);
            self.stats.opened += 1;
        }
    }

    /// Closes a room.
    fn close_room(&mut self, key: RoomKey, cause: RoomCloseCause, code: CloseCode, reason: &str) {
        let Some(room) = self.rooms.any_mut(key) else { return };
        log::info!("{key} is closed: {:?}, {cause:?}, with {} peers", room.name, room.members);
        if let Err(error) = room.session.leave_with(code, reason) {
            debug_assert!(false, "the reason was checked: {error}");
        }
        room.relay.release_all(&mut self.side);
        room.relay.apply_outputs(&mut self.side, &mut room.session);
        self.side.server.close_group(room.memory);
        self.directory.remove(key);
        self.rooms.close(key, cause);
        self.stats.closed += 1;
    }

    /// Closes a room because code of the program has failed.
    fn fail_room(&mut self, room: RoomKey, message: String) {
        log::error!("{room} has failed and is closed: {}", message.escape_debug());
        let cause = RoomCloseCause::Failed(message);
        self.close_room(room, cause, CloseCode::INTERNAL_ERROR, "the room has failed");
    }

    fn require_running(&self) -> Result<(), Error> {
        match self.shutdown_deadline {
            None => Ok(()),
            Some(_) => Err(Error::NotOpen { state: crate::state::ReadyState::Closing }),
        }
    }
}

impl fmt::Debug for RoomServer {
    /// Omits packets: they may contain secrets, and the output may be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomServer")
            .field("rooms", &self.rooms.open_count())
            .field("peers", &self.members.len())
            .field("server", &self.side.server)
            .finish_non_exhaustive()
    }
}
