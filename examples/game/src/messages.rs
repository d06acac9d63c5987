//! The calls between host and players: the methods of the demo's node `Game`.

use std::fmt;

use websocket_peer::rpc;

/// The path of the node, below the root of each window of the demo.
pub const PATH: &str = "Panel/VBoxContainer/Game";

/// The sub-protocol that the demo requires at both ends.
pub const PROTOCOL: &str = "ludus";

/// The port on which the demo hosts, and to which it connects.
pub const PORT: u16 = 8080;

/// The name that the demo shows until a player has sent one.
pub const NAMELESS: &str = "... connecting ...";

rpc! {
    /// The methods of the node `Game`. `call_local` is missing, because each end decides about that alone.
    #[derive(Debug, Clone, PartialEq)]
    pub enum GameCall {
        /// Adds a line to the log.
        Log {
            /// The line.
            message: String,
        } = "_log" [authority];
        /// Adds a player at the end of the list.
        AddPlayer {
            /// The id of its peer.
            id: i32,
            /// Its name. Without one it is [`NAMELESS`].
            name: Option<String>,
        } = "add_player" [authority];
        /// Removes a player from the list.
        DelPlayer {
            /// The id of its peer.
            id: i32,
        } = "del_player" [authority];
        /// Asks the host for an action.
        RequestAction {
            /// The word of an [`Action`].
            action: String,
        } = "request_action" [any_peer];
        /// Asks the host for a name.
        SetPlayerName {
            /// The name.
            name: String,
        } = "set_player_name" [any_peer];
        /// Announces whose turn it is.
        SetTurn {
            /// The index of the player in the list.
            index: i32,
        } = "set_turn" [authority];
        /// Gives a player a name.
        UpdatePlayerName {
            /// The id of its peer.
            id: i32,
            /// The name.
            name: String,
        } = "update_player_name" [authority];
    }
}

/// What a player can do when it is its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Rolls the dice.
    Roll,
    /// Passes. The demo throws the dice in this case, too, and shows the number.
    Pass,
}

impl Action {
    /// Both actions.
    pub const ALL: [Self; 2] = [Self::Roll, Self::Pass];

    /// Returns the word for the action in calls and in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Roll => "roll",
            Self::Pass => "pass",
        }
    }

    /// Returns the action of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use websocket_peer::multiplayer::Rpc;

    use super::*;

    /// The checksum that an engine computes for the demo's script.
    #[test]
    fn the_methods_have_the_checksum_of_the_demo() {
        assert_eq!(GameCall::methods().md5(), "599eb6c9feef319c68c1b0a901241908");
    }

    #[test]
    fn the_methods_have_the_numbers_of_the_demo() {
        let methods = GameCall::methods();
        let names = [
            "_log",
            "add_player",
            "del_player",
            "request_action",
            "set_player_name",
            "set_turn",
            "update_player_name",
        ];
        assert!(methods.names().eq(names));
        for (number, name) in (0u16..).zip(names) {
            assert_eq!(methods.find(name).map(|(number, _)| number), Some(number), "{name}");
        }
    }

    #[test]
    fn words_are_actions_only_as_the_demo_writes_them() {
        assert!(Action::ALL.iter().all(|action| Action::from_word(action.word()) == Some(*action)));
        for word in ["", "Roll", "roll ", "rolls", "cheat"] {
            assert_eq!(Action::from_word(word), None, "{word:?}");
        }
    }
}
