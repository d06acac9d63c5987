//! The server's part: the lobby and a game in each room, driven by the events of a [`RoomServer`].

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use game::{HostEvent, HostGame, rules::random_dice};
use websocket_peer::{
    Error, OriginPolicy,
    multiplayer::{
        Call, Event, Node, PeerId, RoomCloseCause, RoomError, RoomEvent, RoomKey, RoomOptions, RoomServer,
        Session, SessionError, SessionOptions, Target,
    },
};

use crate::{
    code::RoomCode,
    listing,
    lobby::{Lobby, LobbyError, LobbyOptions, Subscribers},
    messages::{LOBBY, LobbyCall, PATH},
    placing::Placer,
};

/// The number of notices that wait to be read. Older ones are dropped.
pub const MAX_NOTICES: usize = 256;

/// The lobby and the games of a server. In a loop: [wait](RoomServer::wait) for the server, at most for
/// [`wait_time`](Self::wait_time), pass each of its events to [`handle`](Self::handle), and call
/// [`update`](Self::update).
#[derive(Debug)]
pub struct RoomsHost {
    lobby: Lobby,
    lobby_room: LobbyRoom,
    games: BTreeMap<RoomKey, GameRoom>,
    placer: Placer,
    notices: VecDeque<RoomsNotice>,
    started: Instant,
}

/// Something for the server's log. Texts of players are one line of limited length.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomsNotice {
    /// A player has created a room.
    Created {
        /// The room.
        room: RoomKey,
        /// Its code.
        code: RoomCode,
        /// Its title.
        title: String,
        /// The player.
        creator: PeerId,
    },
    /// A player did not get what it asked for.
    Refused(PeerId, LobbyError),
    /// Something is wrong with a player of this room, which plays on or was disconnected.
    Warning(RoomKey, String),
    /// The lobby had failed, and was opened again. Its peers were disconnected.
    LobbyReopened,
}

/// The room of the lobby.
#[derive(Debug, Clone, Copy)]
struct LobbyRoom {
    key: RoomKey,
    node: Node<LobbyCall>,
}

/// A room with a game.
#[derive(Debug)]
struct GameRoom {
    code: RoomCode,
    game: HostGame,
    /// The node with which players go back to the lobby.
    node: Node<LobbyCall>,
}

impl fmt::Display for RoomsNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created { room, code, title, creator } => {
                write!(f, "{room}: {creator} has created {code}, {title:?}")
            }
            Self::Refused(peer, error) => write!(f, "a request of {peer} was refused: {error}"),
            Self::Warning(room, text) => write!(f, "{room}: {}", text.escape_debug()),
            Self::LobbyReopened => f.write_str("the lobby had failed, and was opened again"),
        }
    }
}

impl RoomsHost {
    /// Opens the lobby. The pages of these origins may read the list of rooms over HTTP. Pass requests to the
    /// [`placer`](Self::placer).
    ///
    /// # Errors
    /// Those of [`RoomServer::open`].
    pub fn open(
        server: &mut RoomServer,
        options: LobbyOptions,
        origins: OriginPolicy,
    ) -> Result<Self, RoomError> {
        Ok(Self {
            lobby: Lobby::new(options),
            lobby_room: LobbyRoom::open(server)?,
            games: BTreeMap::new(),
            placer: Placer::new(origins),
            notices: VecDeque::new(),
            started: Instant::now(),
        })
    }

    /// Returns what decides about requests, for the hook of [`RoomServer::on_request`].
    pub fn placer(&self) -> Placer {
        self.placer.clone()
    }

    /// Returns the rules of the lobby, with the rooms.
    pub fn lobby(&self) -> &Lobby {
        &self.lobby
    }

    /// Handles an event of the server. A room whose game fails is closed; the others play on.
    pub fn handle(&mut self, server: &mut RoomServer, event: RoomEvent) {
        match event {
            RoomEvent::Session(room, event) if room == self.lobby_room.key => {
                self.handle_lobby(server, event);
            }
            RoomEvent::Session(room, event) => self.handle_game(server, room, event),
            RoomEvent::Closed(room, cause) => self.handle_closed(server, room, &cause),
            _ => {}
        }
    }

    /// Sends the list of rooms, if it has changed or was asked for, at most once in
    /// [`list_interval`](LobbyOptions::list_interval).
    pub fn update(&mut self, server: &mut RoomServer) {
        let Some(subscribers) = self.lobby.take_subscribers(self.started.elapsed()) else { return };
        let rooms = self.lobby.list();
        let to = match subscribers {
            Subscribers::All => {
                self.placer.set_list(listing::to_json(&rooms));
                vec![Target::All]
            }
            Subscribers::Only(peers) => peers.into_iter().map(Target::Peer).collect(),
        };
        let list = listing::to_array(&rooms);
        for target in to {
            self.lobby_room.call(server, target, LobbyCall::Rooms { list: list.clone() });
        }
    }

    /// Returns the time until [`update`](Self::update) has something to do, at most `at_most`.
    pub fn wait_time(&self, at_most: Duration) -> Duration {
        let due = self.lobby.list_due().map(|due| due.saturating_sub(self.started.elapsed()));
        due.map_or(at_most, |due| due.min(at_most))
    }

    /// Returns the next notice.
    pub fn next_notice(&mut self) -> Option<RoomsNotice> {
        self.notices.pop_front()
    }

    fn handle_lobby(&mut self, server: &mut RoomServer, event: Event) {
        match event {
            Event::PeerConnected(peer) => self.lobby.ask(peer),
            Event::PeerDisconnected(peer, _) => self.lobby.forget(peer),
            Event::Call(call) => {
                let from = call.from;
                match self.lobby_room.node.read(call) {
                    Some(Ok(LobbyCall::ListRooms {})) => self.lobby.ask(from),
                    Some(Ok(LobbyCall::CreateRoom { title })) => {
                        let created = self.create(server, from, &title);
                        self.move_or_refuse(server, from, created);
                    }
                    Some(Ok(LobbyCall::JoinRoom { code })) => {
                        let found = self.lobby.find(&code);
                        self.move_or_refuse(server, from, found);
                    }
                    // The server's own methods: the session rejects them from clients.
                    _ => {}
                }
            }
            event => self.warn(self.lobby_room.key, &event),
        }
    }

    fn create(
        &mut self,
        server: &mut RoomServer,
        creator: PeerId,
        title: &str,
    ) -> Result<RoomCode, LobbyError> {
        let address = server.peer(creator).map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.addr().ip());
        let room = self.lobby.create(creator, address, title, self.started.elapsed())?;
        let code = room.code;
        match GameRoom::open(server, code, self.lobby.options()) {
            Ok((key, game)) => {
                self.games.insert(key, game);
                self.lobby_room.call(
                    server,
                    creator.into(),
                    LobbyCall::RoomCreated { code: code.to_string() },
                );
                self.notice(RoomsNotice::Created { room: key, code, title: room.title, creator });
                Ok(code)
            }
            Err(error) => {
                self.lobby.remove(code);
                Err(LobbyError::from(error))
            }
        }
    }

    fn move_or_refuse(&mut self, server: &mut RoomServer, peer: PeerId, code: Result<RoomCode, LobbyError>) {
        let moved = code.and_then(|code| {
            let key = server.find(code.as_str());
            let key = key.ok_or_else(|| LobbyError::NoSuchRoom(code.to_string()))?;
            self.lobby_room.call(server, peer.into(), LobbyCall::Moving { code: code.to_string() });
            match server.move_peer(peer, key) {
                Err(RoomError::RoomFull) => Err(LobbyError::RoomFull(code)),
                moved => ignore_gone_peer(moved).map_err(LobbyError::from),
            }
        });
        if let Err(error) = moved {
            self.lobby_room.call(server, peer.into(), LobbyCall::RoomRefused { reason: error.to_string() });
            self.notice(RoomsNotice::Refused(peer, error));
        }
    }

    fn handle_game(&mut self, server: &mut RoomServer, key: RoomKey, event: Event) {
        let Some(room) = self.games.get_mut(&key) else { return };
        let is_membership = matches!(event, Event::PeerConnected(_) | Event::PeerDisconnected(..));
        match event {
            Event::Call(call) if call.node == room.node.key() => {
                room.handle_lobby(server, (key, self.lobby_room.key), call);
            }
            // The room is closed if this fails, and an event follows.
            event => drop(server.run(key, |session| room.game.handle(session, event))),
        }
        let mut warnings = Vec::new();
        while let Some(event) = room.game.next_event() {
            if let HostEvent::Warning(text) = event {
                warnings.push(RoomsNotice::Warning(key, text));
            }
        }
        let code = room.code;
        warnings.into_iter().for_each(|warning| self.notice(warning));
        if is_membership && let Some(info) = server.room(key) {
            self.lobby.set_players(code, info.peer_count());
        }
    }

    fn handle_closed(&mut self, server: &mut RoomServer, key: RoomKey, cause: &RoomCloseCause) {
        if let Some(room) = self.games.remove(&key) {
            self.lobby.remove(room.code);
        } else if key == self.lobby_room.key && *cause != RoomCloseCause::ServerShutDown {
            // It fails only while the server shuts down.
            if let Ok(lobby_room) = LobbyRoom::open(server) {
                self.lobby_room = lobby_room;
                self.notice(RoomsNotice::LobbyReopened);
            }
        }
    }

    fn warn(&mut self, room: RoomKey, event: &Event) {
        match event {
            Event::PacketRejected { from, error } => {
                self.notice(RoomsNotice::Warning(room, format!("a packet of {from} was rejected: {error}")));
            }
            Event::ChecksumMismatch { peer, .. } => {
                self.notice(RoomsNotice::Warning(room, format!("{peer} has other methods than this lobby")));
            }
            _ => {}
        }
    }

    fn notice(&mut self, notice: RoomsNotice) {
        if self.notices.len() == MAX_NOTICES {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
    }
}

impl LobbyRoom {
    /// Opens the room. Its peers do not see each other.
    fn open(server: &mut RoomServer) -> Result<Self, RoomError> {
        let session = SessionOptions::default().relay(false);
        let options = RoomOptions::default().session(session).empty_timeout(Duration::ZERO);
        let key = server.open(LOBBY, options)?;
        let node = server.run(key, |session| session.register_node::<LobbyCall>(PATH))?;
        Ok(Self { key, node })
    }

    /// Calls a method. If it fails, the lobby is closed, and opened again when the event has been read.
    fn call(self, server: &mut RoomServer, to: Target, call: LobbyCall) {
        let _ = server.run(self.key, |session| ignore_gone(session.call(self.node, to, call)));
    }
}

impl GameRoom {
    fn open(
        server: &mut RoomServer,
        code: RoomCode,
        options: &LobbyOptions,
    ) -> Result<(RoomKey, Self), RoomError> {
        let key = server.open(code.as_str(), options.room.clone())?;
        let (game, node) = server.run(key, |session: &mut Session| {
            let game = HostGame::new(session, random_dice())?;
            session.register_node::<LobbyCall>(PATH).map(|node| (game, node))
        })?;
        Ok((key, Self { code, game, node }))
    }

    /// Handles a call of a player to the lobby's node in this room: it can only go back to the lobby.
    fn handle_lobby(&mut self, server: &mut RoomServer, (room, lobby): (RoomKey, RoomKey), call: Call) {
        let (from, node) = (call.from, self.node);
        let answer = match node.read(call) {
            Some(Ok(LobbyCall::JoinRoom { code })) if code == LOBBY => {
                LobbyCall::Moving { code: LOBBY.to_owned() }
            }
            Some(Ok(LobbyCall::JoinRoom { .. } | LobbyCall::CreateRoom { .. } | LobbyCall::ListRooms {})) => {
                LobbyCall::RoomRefused { reason: "This is possible only in the lobby".to_owned() }
            }
            _ => return,
        };
        let is_move = matches!(answer, LobbyCall::Moving { .. });
        // If one of these fails, the room is closed, or the peer is gone; an event follows in both cases.
        let called = server.run(room, |session| ignore_gone(session.call(node, from, answer)));
        if is_move
            && called.is_ok()
            && let Err(error) = ignore_gone_peer(server.move_peer(from, lobby))
        {
            let refused = LobbyCall::RoomRefused { reason: error.to_string() };
            let _ = server.run(room, |session| ignore_gone(session.call(node, from, refused)));
        }
    }
}

impl From<RoomError> for LobbyError {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::TooManyRooms => Self::TooManyRooms,
            error => Self::Failed(error.to_string()),
        }
    }
}

/// A peer that is gone is not an error: an event reports it.
fn ignore_gone(result: Result<(), SessionError>) -> Result<(), SessionError> {
    match result {
        Err(SessionError::Peer(Error::UnknownPeer)) => Ok(()),
        result => result,
    }
}

fn ignore_gone_peer(result: Result<(), RoomError>) -> Result<(), RoomError> {
    match result {
        Err(RoomError::Session(SessionError::Peer(Error::UnknownPeer))) => Ok(()),
        result => result,
    }
}
