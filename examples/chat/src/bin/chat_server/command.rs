//! The commands of the server's input.

/// A line of the server's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// An empty line.
    Nothing,
    /// A line for all members.
    Say(&'a str),
    /// A member and a reason, which [`split_member`] separates.
    Kick(&'a str),
    List,
    Help,
    Quit,
    Unknown(&'a str),
}

/// The commands, for a person to read.
pub const HELP: [&str; 5] = [
    "Type a line to send it to all members.",
    "/kick ID|NAME [REASON]  removes a member, who gets the reason",
    "/list                   shows the members",
    "/quit                   closes all connections, as Ctrl-C and the end of the input do",
    "//TEXT                  sends a line that begins with a slash",
];

impl<'a> Command<'a> {
    pub fn parse(line: &'a str) -> Self {
        let line = line.trim();
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match command {
            "" => Self::Nothing,
            "/kick" => Self::Kick(rest.trim()),
            "/list" => Self::List,
            "/help" => Self::Help,
            "/quit" => Self::Quit,
            _ if line.starts_with("//") => Self::Say(&line[1..]),
            _ if line.starts_with('/') => Self::Unknown(command),
            _ => Self::Say(line),
        }
    }
}

/// Separates a member from what follows. Names may contain spaces, so the longest beginning that is a member counts.
pub fn split_member<T>(arguments: &str, find: impl Fn(&str) -> Option<T>) -> Option<(T, &str)> {
    let spaces = arguments.match_indices(' ').map(|(at, _)| at);
    let ends: Vec<usize> = spaces.chain([arguments.len()]).collect();
    ends.into_iter().rev().find_map(|end| Some((find(arguments[..end].trim())?, arguments[end..].trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_for_all_and_commands_for_the_server() {
        for (line, command) in [
            ("", Command::Nothing),
            (" hello there ", Command::Say("hello there")),
            ("/kick 7 be kind", Command::Kick("7 be kind")),
            ("/kick", Command::Kick("")),
            ("/list", Command::List),
            ("/help", Command::Help),
            (" /quit ", Command::Quit),
            ("/kicks 7", Command::Unknown("/kicks")),
            ("//kick 7", Command::Say("/kick 7")),
        ] {
            assert_eq!(Command::parse(line), command, "{line:?}");
        }
    }

    #[test]
    fn a_name_may_have_spaces_before_the_reason() {
        let find = |name: &str| ["Ann", "Ann B", "7"].iter().position(|member| *member == name);
        for (arguments, expected) in [
            ("Ann", Some((0, ""))),
            ("Ann B", Some((1, ""))),
            ("Ann  B", Some((0, "B"))),
            ("Ann B be kind", Some((1, "be kind"))),
            ("Ann C", Some((0, "C"))),
            ("7 x", Some((2, "x"))),
            ("8 x", None),
            ("", None),
        ] {
            assert_eq!(split_member(arguments, find), expected, "{arguments:?}");
        }
    }
}
