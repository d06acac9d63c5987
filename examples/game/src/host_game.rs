//! The host's side of a game on a session: the rules, and the calls that carry them out. Who owns the session does not
//! matter: [`Host`](crate::Host) has one, and a server of rooms has many.

use std::collections::VecDeque;

use websocket_peer::{
    Error,
    multiplayer::{Event, Node, PeerId, Session, SessionError, Target},
};

use crate::{
    messages::{Action, GameCall, PATH},
    player_game::ActionError,
    rules::{Dice, Effect, Rules},
    table::{Table, TableEvent},
};

/// The number of events that wait to be read. Older ones are dropped; [`HostGame::table`] has their results.
pub const MAX_EVENTS: usize = 256;

/// A game at its host. Pass each event of the session to [`handle`](Self::handle).
#[derive(Debug)]
pub struct HostGame {
    node: Node<GameCall>,
    rules: Rules,
    table: Table,
    events: VecDeque<HostEvent>,
}

/// What happened at a host, to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostEvent {
    /// The table has changed.
    Table(TableEvent),
    /// Something is wrong with a player, which plays on or was disconnected.
    Warning(String),
}

impl HostGame {
    /// Starts a game without players at the server's end of a session, and registers its node there.
    ///
    /// # Errors
    /// Those of [`Session::register_node`], such as for a node that the session has already.
    pub fn new(session: &mut Session, dice: Dice) -> Result<Self, SessionError> {
        let node = session.register_node::<GameCall>(PATH)?;
        let mut table = Table::default();
        table.set_own_id(PeerId::SERVER);
        Ok(Self { node, rules: Rules::new(dice), table, events: VecDeque::new() })
    }

    /// Adds the host itself as a player, before others join.
    ///
    /// # Errors
    /// As for [`handle`](Self::handle).
    pub fn join_host(&mut self, session: &mut Session, name: &str) -> Result<(), SessionError> {
        let effects = self.rules.join_host(name);
        self.perform(session, effects)
    }

    /// Handles an event of the session.
    ///
    /// # Errors
    /// An error of the session, after which the game cannot go on. Players cannot cause one.
    pub fn handle(&mut self, session: &mut Session, event: Event) -> Result<(), SessionError> {
        let effects = match event {
            Event::PeerConnected(id) => self.rules.join(id),
            Event::PeerDisconnected(id, reason) => {
                if self.rules.current() == Some(id) {
                    self.warn(format!("{id} left in its turn: {reason}"));
                }
                self.rules.leave(id)
            }
            Event::Call(call) => {
                let from = call.from;
                match self.node.read(call) {
                    Some(Ok(GameCall::RequestAction { action })) => self.rules.act(from, &action),
                    Some(Ok(GameCall::SetPlayerName { name })) => self.rules.set_name(from, &name),
                    // The host's own methods: the session rejects them from players.
                    _ => Vec::new(),
                }
            }
            Event::ChecksumMismatch { peer, .. } => {
                self.warn(format!("{peer} has other methods than this game"));
                Vec::new()
            }
            Event::PacketRejected { from, error } => {
                self.warn(format!("a packet of {from} was rejected: {error}"));
                Vec::new()
            }
            _ => Vec::new(),
        };
        self.perform(session, effects)
    }

    /// Returns the next event.
    pub fn next_event(&mut self) -> Option<HostEvent> {
        self.events.pop_front()
    }

    /// Returns the table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the number of finished rounds with at least two players.
    pub fn rounds(&self) -> u32 {
        self.rules.rounds()
    }

    /// Acts as the host's own player.
    ///
    /// # Errors
    /// [`ActionError::NotYourTurn`], also if it does not play; [`ActionError::NotConnected`] if the session has ended.
    pub fn act(&mut self, session: &mut Session, action: Action) -> Result<(), ActionError> {
        if !self.table.is_own_turn() {
            return Err(ActionError::NotYourTurn);
        }
        let effects = self.rules.act(PeerId::SERVER, action.word());
        self.perform(session, effects).map_err(|_| ActionError::NotConnected)
    }

    /// Gives the host's own player another name. It has no effect if the host does not play.
    ///
    /// # Errors
    /// [`ActionError::NotConnected`] if the session has ended.
    pub fn set_name(&mut self, session: &mut Session, name: &str) -> Result<(), ActionError> {
        let effects = self.rules.set_name(PeerId::SERVER, name);
        self.perform(session, effects).map_err(|_| ActionError::NotConnected)
    }

    fn perform(&mut self, session: &mut Session, effects: Vec<Effect>) -> Result<(), SessionError> {
        for effect in effects {
            let sent = match effect {
                Effect::Call(to, call) => {
                    if to == Target::All
                        && let Some(event) = self.table.apply(&call)
                    {
                        self.push(HostEvent::Table(event));
                    }
                    session.call(self.node, to, call)
                }
                Effect::Disconnect(id) => {
                    self.warn(format!("{id} was disconnected: it sent too many requests"));
                    session.disconnect_peer(id).map_err(SessionError::from)
                }
            };
            match sent {
                // An event reports that it is gone.
                Err(SessionError::Peer(Error::UnknownPeer)) => {}
                sent => sent?,
            }
        }
        Ok(())
    }

    fn warn(&mut self, text: String) {
        self.push(HostEvent::Warning(text));
    }

    fn push(&mut self, event: HostEvent) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}
