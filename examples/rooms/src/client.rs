//! A client: it finds a room in the lobby or by its code, and plays there. One connection serves for both, because the
//! server moves the client between rooms. The same code runs in a program and in a page.

mod event;

use std::{task::Waker, time::Duration};

use game::{Action, ActionError, PlayerEvent, PlayerGame, Table, messages as game_messages};
use websocket_peer::{
    CloseInfo, Error,
    multiplayer::{Event, MultiplayerOptions, Node, PeerId, SceneMultiplayer, SessionError, Target},
};

pub use self::event::{Place, RequestError, RoomsEvent};
use crate::{
    code::RoomCode,
    listing,
    messages::{LOBBY, LobbyCall, PATH, PROTOCOL},
};

/// A client of a server of rooms. Call [`poll`](Self::poll) once a frame or [`wait`](Self::wait) in a loop, and read
/// [`next_event`](Self::next_event) until it returns `None`.
#[derive(Debug)]
pub struct RoomsClient {
    peer: SceneMultiplayer,
    lobby: Node<LobbyCall>,
    game: PlayerGame,
    place: Place,
    /// The room that was asked for by path, until it is entered.
    wanted: Option<RoomCode>,
    /// The place from which the server moves this client, until it has answered from the new one.
    moved_from: Option<Place>,
    /// `true` if the player wants to leave a room that has not added it yet.
    is_leaving: bool,
    own: Option<PeerId>,
}

impl RoomsClient {
    /// Starts to join the lobby of the server at this URL, such as `ws://127.0.0.1:9090`. The result is an event.
    ///
    /// # Errors
    /// Those of [`SceneMultiplayer::connect`], for a URL that cannot be used.
    pub fn connect(server: &str, name: &str) -> Result<Self, SessionError> {
        Self::start(&format!("{}/{LOBBY}", server.trim_end_matches('/')), PROTOCOL, None, name)
    }

    /// Starts to join a room of the server at this URL by the room's path, as Godot's demo does. The result is an
    /// event. If there is no such room, or it is full, the connection fails.
    ///
    /// # Errors
    /// Those of [`SceneMultiplayer::connect`], for a URL that cannot be used.
    pub fn connect_to_room(server: &str, code: RoomCode, name: &str) -> Result<Self, SessionError> {
        let url = format!("{}/room/{code}", server.trim_end_matches('/'));
        Self::start(&url, game_messages::PROTOCOL, Some(code), name)
    }

    fn start(url: &str, protocol: &str, wanted: Option<RoomCode>, name: &str) -> Result<Self, SessionError> {
        let mut peer = SceneMultiplayer::connect(url, MultiplayerOptions::default().protocols([protocol]))?;
        let lobby = peer.session().register_node::<LobbyCall>(PATH)?;
        let game = PlayerGame::new(&mut peer.session(), name)?;
        Ok(Self {
            peer,
            lobby,
            game,
            place: Place::Connecting,
            wanted,
            moved_from: None,
            is_leaving: false,
            own: None,
        })
    }

    /// Reads what has arrived. It never blocks.
    pub fn poll(&mut self) {
        self.peer.poll();
    }

    /// Sleeps until something arrives, at most for `at_most`, and polls. In a page it does not sleep.
    pub fn wait(&mut self, at_most: Duration) {
        self.peer.wait(at_most);
    }

    /// Returns a handle with which another thread ends the sleep of [`wait`](Self::wait).
    pub fn waker(&mut self) -> Waker {
        self.peer.waker()
    }

    /// Sets a hook that is called when there is something to poll for.
    ///
    /// # Errors
    /// Those of [`SceneMultiplayer::on_wake`].
    pub fn on_wake(&mut self, hook: impl Fn() + Send + 'static) -> Result<(), Error> {
        self.peer.on_wake(hook)
    }

    /// Returns the next event.
    pub fn next_event(&mut self) -> Option<RoomsEvent> {
        loop {
            let event = self.peer.next_event()?;
            if let Some(event) = self.handle(event) {
                return Some(event);
            }
        }
    }

    /// Returns where this client is.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Returns this client's id, once it is connected. It stays the same in all rooms.
    pub fn id(&self) -> Option<PeerId> {
        self.own
    }

    /// Returns the game of the room. Outside of a room it has no players.
    pub fn game(&self) -> &PlayerGame {
        &self.game
    }

    /// Returns the table of the room.
    pub fn table(&self) -> &Table {
        self.game.table()
    }

    /// Returns `true` if rooms can be created and joined: the client is in the lobby, and has its list.
    pub fn is_in_lobby(&self) -> bool {
        self.place == Place::Lobby && self.moved_from.is_none()
    }

    /// Asks for a new room with this title. The server moves the client there, or [`RoomsEvent::Refused`] has the
    /// reason.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn create_room(&mut self, title: &str) -> Result<(), RequestError> {
        self.ask(LobbyCall::CreateRoom { title: title.chars().take(crate::lobby::MAX_TITLE).collect() })
    }

    /// Asks to be moved into the room with this code, in upper or lower case. [`RoomsEvent::Refused`] has the reason if
    /// it is not possible.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn join_room(&mut self, code: &str) -> Result<(), RequestError> {
        let code: RoomCode = code.trim().parse().map_err(|_| RequestError::InvalidCode)?;
        self.ask(LobbyCall::JoinRoom { code: code.to_string() })
    }

    /// Leaves the room for the lobby. [`RoomsEvent::EnteredLobby`] follows.
    ///
    /// # Errors
    /// [`RequestError::NotThere`] outside of a room.
    pub fn leave_room(&mut self) -> Result<(), RequestError> {
        if !matches!(self.place, Place::Room(_)) {
            return Err(RequestError::NotThere);
        }
        self.is_leaving = true;
        self.leave_when_possible();
        Ok(())
    }

    /// Rolls or passes.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn act(&mut self, action: Action) -> Result<(), ActionError> {
        self.game.act(&mut self.peer.session(), action)
    }

    /// Sets the name of the player in all rooms. In a room, it asks the host for it.
    ///
    /// # Errors
    /// [`ActionError::NotConnected`] after the end of the connection.
    pub fn set_name(&mut self, name: &str) -> Result<(), ActionError> {
        self.game.set_name(&mut self.peer.session(), name)
    }

    /// Closes the connection. [`RoomsEvent::Closed`] follows.
    pub fn close(&mut self) {
        self.game.stop();
        self.peer.close();
    }

    /// Returns how the connection ended, once [`RoomsEvent::Closed`] was read.
    pub fn close_info(&self) -> Option<&CloseInfo> {
        self.game.close_info()
    }

    fn handle(&mut self, event: Event) -> Option<RoomsEvent> {
        match event {
            Event::Connected { id } => {
                self.own = Some(id);
                self.pass_on(Event::Connected { id });
                Some(RoomsEvent::Connected(id))
            }
            Event::PeerConnected(PeerId::SERVER) => match self.wanted.take() {
                Some(code) => {
                    self.place = Place::Room(code);
                    self.pass_on(Event::PeerConnected(PeerId::SERVER));
                    Some(RoomsEvent::EnteredRoom(code))
                }
                None => {
                    // The server sends its list to each client that enters the lobby.
                    (self.place, self.moved_from) = (Place::Lobby, Some(Place::Connecting));
                    Some(RoomsEvent::EnteredLobby)
                }
            },
            Event::Call(call) if call.node == self.lobby.key() => {
                let call = self.lobby.read(call)?.ok()?;
                self.handle_lobby(call)
            }
            // Of the game in a room that this client has left.
            Event::Call(_) if !matches!(self.place, Place::Room(_)) => None,
            Event::ConnectionFailed { .. } | Event::Disconnected { .. } => {
                self.place = Place::Closed;
                match self.pass_on(event)? {
                    PlayerEvent::Closed(info) => Some(RoomsEvent::Closed(info)),
                    event => Some(RoomsEvent::Game(event)),
                }
            }
            event => {
                let event = self.pass_on(event).map(RoomsEvent::Game);
                if self.game.table().own().is_some() {
                    self.moved_from = None;
                    self.leave_when_possible();
                }
                event
            }
        }
    }

    fn handle_lobby(&mut self, call: LobbyCall) -> Option<RoomsEvent> {
        match call {
            LobbyCall::Rooms { list } if self.place == Place::Lobby => {
                self.moved_from = None;
                Some(RoomsEvent::List(listing::from_array(&list)))
            }
            LobbyCall::RoomCreated { code } => code.parse().ok().map(RoomsEvent::Created),
            LobbyCall::RoomRefused { reason } => {
                // The server could not move the client: it is still where it was.
                if let Some(before) = self.moved_from.take().filter(|before| *before != Place::Connecting) {
                    self.game.clear();
                    self.place = before;
                }
                self.is_leaving = false;
                Some(RoomsEvent::Refused(game::names::clean_line(&reason)))
            }
            LobbyCall::Moving { code } if code == LOBBY => {
                self.start_move(Place::Lobby);
                self.game.clear();
                Some(RoomsEvent::EnteredLobby)
            }
            LobbyCall::Moving { code } => {
                let code: RoomCode = code.parse().ok()?;
                self.start_move(Place::Room(code));
                self.game.enter(self.own?);
                Some(RoomsEvent::EnteredRoom(code))
            }
            // A list that was sent before the client left the lobby, or calls that only clients make.
            _ => None,
        }
    }

    fn start_move(&mut self, to: Place) {
        self.moved_from = Some(std::mem::replace(&mut self.place, to));
        self.is_leaving = false;
    }

    /// Asks for the lobby, if the player wants to leave a room that has added it. What is sent before that is lost.
    fn leave_when_possible(&mut self) {
        if self.is_leaving && self.game.table().own().is_some() {
            self.is_leaving = false;
            // If it fails, the connection has ended, and an event follows.
            let _ = self.call(LobbyCall::JoinRoom { code: LOBBY.to_owned() });
        }
    }

    fn pass_on(&mut self, event: Event) -> Option<PlayerEvent> {
        self.game.handle(&mut self.peer.session(), event)
    }

    fn ask(&mut self, call: LobbyCall) -> Result<(), RequestError> {
        if !self.is_in_lobby() {
            return Err(RequestError::NotThere);
        }
        self.call(call)
    }

    fn call(&mut self, call: LobbyCall) -> Result<(), RequestError> {
        // The methods are registered, and arguments are short: only the connection can be missing.
        self.peer.session().call(self.lobby, Target::SERVER, call).map_err(|_| RequestError::NotThere)
    }
}
