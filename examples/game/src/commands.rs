//! What people type in a terminal.

use crate::messages::Action;

/// The text of `/help`.
pub const HELP: [&str; 6] = [
    "r, roll      roll the dice, when it is your turn",
    "p, pass      pass",
    "/name NAME   take another name",
    "/table       show the players",
    "/help        show this",
    "/quit        leave",
];

/// A line that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Roll or pass.
    Act(Action),
    /// Take this name.
    Name(String),
    /// Show the players.
    Table,
    /// Show [`HELP`].
    Help,
    /// Leave.
    Quit,
    /// An empty line.
    Nothing,
    /// Something else. It is reported.
    Unknown(String),
}

impl Command {
    /// Reads a line. Upper and lower case are the same, except in a name; the slash may be missing.
    pub fn read(line: &str) -> Self {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match (word.trim_start_matches('/').to_lowercase().as_str(), rest) {
            ("", _) if word.is_empty() => Self::Nothing,
            ("r" | "roll", "") => Self::Act(Action::Roll),
            ("p" | "pass", "") => Self::Act(Action::Pass),
            ("name", name) if !name.is_empty() => Self::Name(name.to_owned()),
            ("t" | "table" | "who", "") => Self::Table,
            ("h" | "help" | "?", "") => Self::Help,
            ("q" | "quit" | "exit", "") => Self::Quit,
            _ => Self::Unknown(line.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_typed_in_several_ways() {
        for (lines, command) in [
            (&["r", "roll", " R ", "/roll", "ROLL"][..], Command::Act(Action::Roll)),
            (&["p", "pass", "/p"], Command::Act(Action::Pass)),
            (&["/name Ann B.", "name   Ann B. ", "/NAME\tAnn B."], Command::Name("Ann B.".to_owned())),
            (&["/table", "t"], Command::Table),
            (&["/help", "h", "?"], Command::Help),
            (&["/quit", "q", "exit"], Command::Quit),
            (&["", "   ", "\t"], Command::Nothing),
        ] {
            for line in lines {
                assert_eq!(Command::read(line), command, "{line:?}");
            }
        }
        for line in ["/", "hello", "roll 7", "/name", "/name  ", "quit now", "rr"] {
            assert_eq!(Command::read(line), Command::Unknown(line.trim().to_owned()), "{line:?}");
        }
    }
}
