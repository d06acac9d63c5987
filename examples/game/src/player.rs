//! A player over a WebSocket: the same code in a program and in a page. It joins a host of this crate or of the demo.

use std::{fmt, task::Waker, time::Duration};

use websocket_peer::{
    CloseInfo, Error,
    multiplayer::{Event, MultiplayerOptions, Node, PeerId, SceneMultiplayer, SessionError, Target},
};

use crate::{
    messages::{Action, GameCall, PATH, PROTOCOL},
    names::name_or_default,
    table::{Table, TableEvent},
};

/// The number of warnings about a host that are reported.
const MAX_WARNINGS: u32 = 10;

/// A player, and its connection to the host. Call [`poll`](Self::poll) once a frame or [`wait`](Self::wait) in a loop,
/// and read [`next_event`](Self::next_event) until it returns `None`.
#[derive(Debug)]
pub struct Player {
    peer: SceneMultiplayer,
    game: Node<GameCall>,
    name: String,
    is_joined: bool,
    table: Table,
    /// `true` from an action until the host has answered it.
    has_acted: bool,
    warnings: u32,
    close_info: Option<CloseInfo>,
}

/// What happened at a player, to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlayerEvent {
    /// The connection to the host is open. This is the player's id.
    Connected(PeerId),
    /// The table has changed.
    Table(TableEvent),
    /// The host sent something that is not of this game. Only the first 10 are reported.
    Warning(String),
    /// The connection to the host has ended, or could not be opened. No event follows.
    Closed(CloseInfo),
}

/// Why a player cannot act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionError {
    /// It is the turn of another player, or the host has not answered the last action.
    NotYourTurn,
    /// There is no connection to the host.
    NotConnected,
}

impl Player {
    /// Starts to join the game at this URL. The result is an event.
    ///
    /// # Errors
    /// Those of [`SceneMultiplayer::connect`], for a URL that cannot be used.
    pub fn connect(url: &str, name: &str) -> Result<Self, SessionError> {
        let options = MultiplayerOptions::default().protocols([PROTOCOL]);
        let mut peer = SceneMultiplayer::connect(url, options)?;
        let game = peer.session().register_node::<GameCall>(PATH)?;
        Ok(Self {
            peer,
            game,
            name: name_or_default(name),
            is_joined: false,
            table: Table::default(),
            has_acted: false,
            warnings: 0,
            close_info: None,
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
    pub fn next_event(&mut self) -> Option<PlayerEvent> {
        loop {
            let event = self.peer.next_event()?;
            if let Some(event) = self.handle(event) {
                return Some(event);
            }
        }
    }

    /// Returns the table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the name that the player asks for. The table has the one that the host gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns `true` if it is this player's turn, and it has not acted.
    pub fn can_act(&self) -> bool {
        self.is_joined && !self.has_acted && self.table.is_own_turn()
    }

    /// Rolls the dice.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn roll(&mut self) -> Result<(), ActionError> {
        self.act(Action::Roll)
    }

    /// Passes.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn pass(&mut self) -> Result<(), ActionError> {
        self.act(Action::Pass)
    }

    /// Rolls or passes.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn act(&mut self, action: Action) -> Result<(), ActionError> {
        if !self.is_joined {
            return Err(ActionError::NotConnected);
        }
        if !self.can_act() {
            return Err(ActionError::NotYourTurn);
        }
        self.call(GameCall::RequestAction { action: action.word().to_owned() })?;
        self.has_acted = true;
        Ok(())
    }

    /// Asks the host for another name. Before the connection is open, it is the name to join with.
    ///
    /// # Errors
    /// [`ActionError::NotConnected`] after the end of the connection.
    pub fn set_name(&mut self, name: &str) -> Result<(), ActionError> {
        if self.close_info.is_some() {
            return Err(ActionError::NotConnected);
        }
        self.name = name_or_default(name);
        if self.is_joined { self.send_name() } else { Ok(()) }
    }

    /// Leaves the game. [`PlayerEvent::Closed`] follows.
    pub fn leave(&mut self) {
        self.is_joined = false;
        self.peer.close();
    }

    /// Returns how the connection ended, once [`PlayerEvent::Closed`] was read.
    pub fn close_info(&self) -> Option<&CloseInfo> {
        self.close_info.as_ref()
    }

    /// Returns `true` once [`PlayerEvent::Closed`] was read.
    pub fn is_closed(&self) -> bool {
        self.close_info.is_some()
    }

    fn handle(&mut self, event: Event) -> Option<PlayerEvent> {
        match event {
            Event::Connected { id } => {
                self.table.set_own_id(id);
                Some(PlayerEvent::Connected(id))
            }
            Event::PeerConnected(PeerId::SERVER) => {
                self.is_joined = true;
                // If it fails, the connection has ended, and an event follows.
                let _ = self.send_name();
                None
            }
            // The session checks that only the host calls the host's methods. The table ignores the others.
            Event::Call(call) => {
                let call = self.game.read(call)?.ok()?;
                let event = self.table.apply(&call)?;
                if matches!(event, TableEvent::TurnChanged(_) | TableEvent::Left(_)) {
                    self.has_acted = false;
                }
                Some(PlayerEvent::Table(event))
            }
            Event::ChecksumMismatch { .. } => self.warning("the host has other methods than this game"),
            Event::PacketRejected { from, error } => {
                self.warning(&format!("a packet of {from} was rejected: {error}"))
            }
            Event::ConnectionFailed { info } | Event::Disconnected { info } => {
                self.is_joined = false;
                self.close_info = Some(info.clone());
                Some(PlayerEvent::Closed(info))
            }
            _ => None,
        }
    }

    fn warning(&mut self, text: &str) -> Option<PlayerEvent> {
        self.warnings = self.warnings.saturating_add(1);
        (self.warnings <= MAX_WARNINGS).then(|| PlayerEvent::Warning(text.to_owned()))
    }

    fn send_name(&mut self) -> Result<(), ActionError> {
        self.call(GameCall::SetPlayerName { name: self.name.clone() })
    }

    fn call(&mut self, call: GameCall) -> Result<(), ActionError> {
        // The methods are registered, and names are short: only the connection can be missing.
        self.peer.session().call(self.game, Target::SERVER, call).map_err(|_| ActionError::NotConnected)
    }
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotYourTurn => "it is not your turn",
            Self::NotConnected => "there is no connection to the host",
        })
    }
}

impl std::error::Error for ActionError {}
