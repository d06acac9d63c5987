//! The table as every end shows it: the players in order, whose turn it is, and the log. The host's calls change it. They
//! may be those of a foreign or a hostile host: any call is possible at any time, and the table stays bounded.

use std::{collections::VecDeque, mem};

use websocket_peer::multiplayer::PeerId;

use crate::{
    messages::{Action, GameCall, NAMELESS},
    names::{MAX_NAME, clean, clean_line},
};

/// The number of players that a table shows. A host that adds more is not one of people who play.
pub const MAX_SHOWN: usize = 1024;

/// The longest name that a table shows, in characters. It has room for the number that makes a name unique.
pub const MAX_SHOWN_NAME: usize = MAX_NAME + 8;

/// The number of lines that the log keeps.
pub const MAX_LOG: usize = 200;

/// The players, whose turn it is, and the log.
#[derive(Debug, Clone, Default)]
pub struct Table {
    own: Option<PeerId>,
    players: Vec<TablePlayer>,
    turn: i32,
    log: VecDeque<LogLine>,
}

/// A player at the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePlayer {
    /// The id of its peer: 1 for a host that plays.
    pub id: i32,
    /// The name to show.
    pub name: String,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The line, as the host wrote it.
    pub text: String,
    /// What a player did, if the line is about that.
    pub roll: Option<Roll>,
}

/// An action of a player, as a line of the log reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roll {
    /// The player's name.
    pub name: String,
    /// What it did.
    pub action: Action,
    /// The number of the dice, 0 to 99.
    pub value: u8,
}

/// A change of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableEvent {
    /// A player was added.
    Joined(TablePlayer),
    /// A player has another name.
    Renamed {
        /// The player.
        player: TablePlayer,
        /// The name that it had, [`NAMELESS`] if this is its first.
        before: String,
    },
    /// A player was removed.
    Left(TablePlayer),
    /// The host announced whose turn it is: of this player, or of no player at the table. It can be the same as before.
    TurnChanged(Option<TablePlayer>),
    /// There is a new line in the log.
    Logged(LogLine),
}

impl Table {
    /// Returns the players in their order. A foreign host may have added one twice.
    pub fn players(&self) -> &[TablePlayer] {
        &self.players
    }

    /// Returns the player with this id.
    pub fn player(&self, id: PeerId) -> Option<&TablePlayer> {
        self.players.iter().find(|player| player.id == id.get())
    }

    /// Returns the index of the player whose turn it is. `None` if the host named an index without a player.
    pub fn turn(&self) -> Option<usize> {
        usize::try_from(self.turn).ok().filter(|index| *index < self.players.len())
    }

    /// Returns the player whose turn it is.
    pub fn current(&self) -> Option<&TablePlayer> {
        self.players.get(self.turn()?)
    }

    /// Returns the id of this end. `None` before it is connected.
    pub fn own_id(&self) -> Option<PeerId> {
        self.own
    }

    /// Returns the player at this end. `None` before the host has added it, and at a host that does not play.
    pub fn own(&self) -> Option<&TablePlayer> {
        self.player(self.own?)
    }

    /// Returns `true` if it is the turn of the player at this end.
    pub fn is_own_turn(&self) -> bool {
        self.own.is_some_and(|own| self.current().is_some_and(|player| player.id == own.get()))
    }

    /// Returns the last [`MAX_LOG`] lines of the log, the oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &LogLine> + ExactSizeIterator {
        self.log.iter()
    }

    /// Sets the id of this end.
    pub fn set_own_id(&mut self, id: PeerId) {
        self.own = Some(id);
    }

    /// Applies a call of the host. Returns the change, if there is one.
    pub fn apply(&mut self, call: &GameCall) -> Option<TableEvent> {
        match call {
            GameCall::Log { message } => {
                let line = LogLine::new(message);
                if self.log.len() == MAX_LOG {
                    self.log.pop_front();
                }
                self.log.push_back(line.clone());
                Some(TableEvent::Logged(line))
            }
            GameCall::AddPlayer { id, name } => {
                // In the demo an empty name is the default value of the parameter.
                let name = name.as_deref().filter(|name| !name.is_empty()).unwrap_or(NAMELESS);
                let player = TablePlayer::new(*id, name);
                if self.players.len() == MAX_SHOWN {
                    return None;
                }
                self.players.push(player.clone());
                Some(TableEvent::Joined(player))
            }
            GameCall::DelPlayer { id } => {
                let index = self.index(*id)?;
                let player = self.players.remove(index);
                if usize::try_from(self.turn).is_ok_and(|turn| turn > index) {
                    self.turn -= 1;
                }
                Some(TableEvent::Left(player))
            }
            GameCall::SetTurn { index } => {
                self.turn = *index;
                Some(TableEvent::TurnChanged(self.current().cloned()))
            }
            GameCall::UpdatePlayerName { id, name } => {
                let index = self.index(*id)?;
                let player = TablePlayer::new(*id, name);
                let before = mem::replace(&mut self.players[index], player.clone()).name;
                Some(TableEvent::Renamed { player, before })
            }
            // These are for the host only.
            GameCall::RequestAction { .. } | GameCall::SetPlayerName { .. } => None,
        }
    }

    fn index(&self, id: i32) -> Option<usize> {
        self.players.iter().position(|player| player.id == id)
    }
}

impl TablePlayer {
    fn new(id: i32, name: &str) -> Self {
        let name = clean(name, MAX_SHOWN_NAME);
        // A host of the demo passes on every name, also an empty one.
        Self { id, name: if name.is_empty() { format!("Player {id}") } else { name } }
    }
}

impl LogLine {
    fn new(message: &str) -> Self {
        let text = clean_line(message);
        let roll = Roll::read(&text);
        Self { text, roll }
    }
}

impl Roll {
    /// Reads a line as the demo writes it: `Ann: rolls 7`. A name may contain anything, so the end of the line decides.
    fn read(line: &str) -> Option<Self> {
        let (start, number) = line.rsplit_once(' ')?;
        let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
        let value = number.parse().ok().filter(|value| *value < 100 && is_number)?;
        let (name, word) = start.rsplit_once(": ")?;
        let action = Action::from_word(word.strip_suffix('s')?)?;
        Some(Self { name: name.to_owned(), action, value })
    }
}

#[cfg(test)]
mod tests;
