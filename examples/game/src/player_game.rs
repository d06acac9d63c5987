//! A player's side of a game on a session: the table, the name, the actions. Who owns the session does not matter:
//! [`Player`](crate::Player) has one for a game, and a client of a lobby plays in one room after another over the same
//! one.

use std::fmt;

use websocket_peer::{
    CloseInfo,
    multiplayer::{Event, Node, NodeKey, PeerId, Session, SessionError, Target},
};

use crate::{
    messages::{Action, GameCall, PATH},
    names::name_or_default,
    table::{Table, TableEvent},
};

/// The number of warnings about a host that are reported.
const MAX_WARNINGS: u32 = 10;

/// A player in a game. Pass each event of the session to [`handle`](Self::handle).
#[derive(Debug)]
pub struct PlayerGame {
    node: Node<GameCall>,
    name: String,
    is_joined: bool,
    /// `true` from [`enter`](Self::enter) until the host has added this player.
    awaits_host: bool,
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

impl PlayerGame {
    /// Registers the game's node at a client's end of a session.
    ///
    /// # Errors
    /// Those of [`Session::register_node`], such as for a node that the session has already.
    pub fn new(session: &mut Session, name: &str) -> Result<Self, SessionError> {
        Ok(Self {
            node: session.register_node::<GameCall>(PATH)?,
            name: name_or_default(name),
            is_joined: false,
            awaits_host: false,
            table: Table::default(),
            has_acted: false,
            warnings: 0,
            close_info: None,
        })
    }

    /// Starts in a room into which the server moves this client. Its host gets the name when it has added this player:
    /// what is sent before belongs to the former room.
    pub fn enter(&mut self, own: PeerId) {
        self.clear();
        self.table.set_own_id(own);
        self.awaits_host = true;
    }

    /// Ends the game at this end, and clears the table. The connection stays.
    pub fn clear(&mut self) {
        self.table = Table::default();
        (self.is_joined, self.awaits_host, self.has_acted) = (false, false, false);
    }

    /// Ends the game at this end. The table stays as it was.
    pub fn stop(&mut self) {
        (self.is_joined, self.awaits_host) = (false, false);
    }

    /// Handles an event of the session.
    pub fn handle(&mut self, session: &mut Session, event: Event) -> Option<PlayerEvent> {
        match event {
            Event::Connected { id } => {
                self.table.set_own_id(id);
                Some(PlayerEvent::Connected(id))
            }
            Event::PeerConnected(PeerId::SERVER) => {
                self.is_joined = true;
                // If it fails, the connection has ended, and an event follows.
                let _ = self.send_name(session);
                None
            }
            // The session checks that only the host calls the host's methods. The table ignores the others.
            Event::Call(call) => {
                let call = self.node.read(call)?.ok()?;
                let event = self.table.apply(&call)?;
                if matches!(event, TableEvent::TurnChanged(_) | TableEvent::Left(_)) {
                    self.has_acted = false;
                }
                if self.awaits_host && self.table.own().is_some() {
                    (self.awaits_host, self.is_joined) = (false, true);
                    let _ = self.send_name(session);
                }
                Some(PlayerEvent::Table(event))
            }
            Event::ChecksumMismatch { .. } => self.warning("the host has other methods than this game"),
            Event::PacketRejected { from, error } => {
                self.warning(&format!("a packet of {from} was rejected: {error}"))
            }
            Event::ConnectionFailed { info } | Event::Disconnected { info } => {
                self.stop();
                self.close_info = Some(info.clone());
                Some(PlayerEvent::Closed(info))
            }
            _ => None,
        }
    }

    /// Returns the key of the game's node.
    pub fn node(&self) -> NodeKey {
        self.node.key()
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

    /// Rolls or passes.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn act(&mut self, session: &mut Session, action: Action) -> Result<(), ActionError> {
        if !self.is_joined {
            return Err(ActionError::NotConnected);
        }
        if !self.can_act() {
            return Err(ActionError::NotYourTurn);
        }
        self.call(session, GameCall::RequestAction { action: action.word().to_owned() })?;
        self.has_acted = true;
        Ok(())
    }

    /// Asks the host for another name. Before the player has joined, it is the name to join with.
    ///
    /// # Errors
    /// [`ActionError::NotConnected`] after the end of the connection.
    pub fn set_name(&mut self, session: &mut Session, name: &str) -> Result<(), ActionError> {
        if self.close_info.is_some() {
            return Err(ActionError::NotConnected);
        }
        self.name = name_or_default(name);
        if self.is_joined { self.send_name(session) } else { Ok(()) }
    }

    /// Returns how the connection ended, once [`PlayerEvent::Closed`] was read.
    pub fn close_info(&self) -> Option<&CloseInfo> {
        self.close_info.as_ref()
    }

    fn warning(&mut self, text: &str) -> Option<PlayerEvent> {
        self.warnings = self.warnings.saturating_add(1);
        (self.warnings <= MAX_WARNINGS).then(|| PlayerEvent::Warning(text.to_owned()))
    }

    fn send_name(&mut self, session: &mut Session) -> Result<(), ActionError> {
        self.call(session, GameCall::SetPlayerName { name: self.name.clone() })
    }

    fn call(&mut self, session: &mut Session, call: GameCall) -> Result<(), ActionError> {
        // The methods are registered, and names are short: only the connection can be missing.
        session.call(self.node, Target::SERVER, call).map_err(|_| ActionError::NotConnected)
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
