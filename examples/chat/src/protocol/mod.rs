//! The messages of the chat, as text and as packets. It uses no socket and no clock.

mod text;

use std::fmt;

use websocket_peer::{Packet, multiplayer::PeerId, variant::Variant};

pub use self::text::{MAX_LINE, MAX_NAME, NameError, check_name, clean_line, clean_within, is_same_name};

/// The command with which a client gives its name: `/name Ann`.
const NAME_COMMAND: &str = "/name";

/// A message from the server to a client. `Display` writes it as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A member joined: `[7] connected`.
    Connected(PeerId),
    /// A member left: `[7] disconnected`.
    Disconnected(PeerId),
    /// A line of a member.
    Says(PeerId, String),
    /// The name of a member: `[7] is called Ann`. Godot's demo does not send it, and shows it as a line.
    Named(PeerId, String),
    /// A line of the server itself, to all members.
    Server(String),
    /// The name that the receiver asked for is now its own: `You are called Ann`. Godot's demo does not send it.
    NameAccepted(String),
    /// The receiver keeps the name that it had: `Name refused: this name is taken`. Godot's demo does not send it.
    NameRefused(String),
    /// Any other line.
    Plain(String),
}

impl Message {
    /// Reads a message. Text of any other form is a [`Plain`](Self::Plain) line.
    ///
    /// The texts and names in it are as the other end wrote them: [`clean_line`] and [`check_name`] make them safe.
    pub fn parse(text: &str) -> Self {
        Self::parse_member(text)
            .or_else(|| Self::parse_server(text))
            .unwrap_or_else(|| Self::Plain(text.to_owned()))
    }

    fn parse_member(text: &str) -> Option<Self> {
        let (id, rest) = text.strip_prefix('[')?.split_once("] ")?;
        let id = parse_id(id)?;
        match rest {
            "connected" => Some(Self::Connected(id)),
            "disconnected" => Some(Self::Disconnected(id)),
            _ => {
                let says = || rest.strip_prefix("Says: ").map(|text| Self::Says(id, text.to_owned()));
                let named = || rest.strip_prefix("is called ").map(|name| Self::Named(id, name.to_owned()));
                says().or_else(named)
            }
        }
    }

    fn parse_server(text: &str) -> Option<Self> {
        let server = || text.strip_prefix("Server says: ").map(|text| Self::Server(text.to_owned()));
        let accepted =
            || text.strip_prefix("You are called ").map(|name| Self::NameAccepted(name.to_owned()));
        let refused = || text.strip_prefix("Name refused: ").map(|why| Self::NameRefused(why.to_owned()));
        server().or_else(accepted).or_else(refused)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected(id) => write!(f, "[{id}] connected"),
            Self::Disconnected(id) => write!(f, "[{id}] disconnected"),
            Self::Says(id, text) => write!(f, "[{id}] Says: {text}"),
            Self::Named(id, name) => write!(f, "[{id}] is called {name}"),
            Self::Server(text) => write!(f, "Server says: {text}"),
            Self::NameAccepted(name) => write!(f, "You are called {name}"),
            Self::NameRefused(reason) => write!(f, "Name refused: {reason}"),
            Self::Plain(text) => f.write_str(text),
        }
    }
}

/// What a client sends: a line, or a name for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// A line for all others.
    Line(&'a str),
    /// The name that the client wants, with or without errors: [`check_name`] decides.
    Name(&'a str),
}

impl<'a> Input<'a> {
    /// Reads the text of a client: `/name Ann`, or a line.
    pub fn parse(text: &'a str) -> Self {
        match text.strip_prefix(NAME_COMMAND) {
            Some("") => Self::Name(""),
            Some(name) if name.starts_with(char::is_whitespace) => Self::Name(name.trim()),
            _ => Self::Line(text),
        }
    }
}

impl fmt::Display for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(text) => f.write_str(text),
            Self::Name(name) => write!(f, "{NAME_COMMAND} {name}"),
        }
    }
}

/// Returns the text of a packet: a text packet, a binary packet with a string as a `Variant`, or binary UTF-8. `None`
/// for other values and bytes.
pub fn packet_text(packet: &Packet) -> Option<String> {
    if let Some(text) = packet.as_text() {
        return Some(text.to_owned());
    }
    match packet.to_variant() {
        Ok(Variant::String(text)) => Some(text),
        Ok(Variant::StringName(name)) => Some(name.as_str().to_owned()),
        Ok(_) => None,
        Err(_) => std::str::from_utf8(packet).ok().map(str::to_owned),
    }
}

/// Reads an id as servers write it: digits, without a sign and without a leading zero.
fn parse_id(digits: &str) -> Option<PeerId> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    PeerId::new(is_plain.then(|| digits.parse().ok())??)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i32) -> PeerId {
        PeerId::new(number).expect("a positive number")
    }

    #[test]
    fn messages_are_read_as_they_are_written() {
        for (text, message) in [
            ("[7] connected", Message::Connected(id(7))),
            ("[1073741823] disconnected", Message::Disconnected(id(1_073_741_823))),
            ("[7] Says: hello", Message::Says(id(7), "hello".into())),
            ("[7] Says: ", Message::Says(id(7), String::new())),
            ("[7] Says: [8] connected", Message::Says(id(7), "[8] connected".into())),
            ("[7] Says: Server says: x", Message::Says(id(7), "Server says: x".into())),
            ("[7] is called Ann", Message::Named(id(7), "Ann".into())),
            ("Server says: [7] connected", Message::Server("[7] connected".into())),
            ("You are called Ann", Message::NameAccepted("Ann".into())),
            ("Name refused: no", Message::NameRefused("no".into())),
        ] {
            assert_eq!(Message::parse(text), message);
            assert_eq!(message.to_string(), text);
        }
    }

    #[test]
    fn any_other_text_is_a_plain_line() {
        for text in [
            "",
            "hello",
            "[7]",
            "[7] ",
            "[7] connected ",
            "[7] Connected",
            "[7]  connected",
            "[7]connected",
            "[7] Says:",
            "[7] says: x",
            "[0] connected",
            "[-7] connected",
            "[+7] connected",
            "[07] connected",
            "[] connected",
            "[7.0] connected",
            "[2147483648] connected",
            "[99999999999999999999] connected",
            "[٧] connected",
            " [7] connected",
            "server says: x",
            "Server says:",
        ] {
            assert_eq!(Message::parse(text), Message::Plain(text.into()), "{text:?}");
            assert_eq!(Message::parse(text).to_string(), text);
        }
    }

    #[test]
    fn a_client_gives_its_name_with_a_command() {
        for (text, name) in [
            ("/name Ann", "Ann"),
            ("/name", ""),
            ("/name ", ""),
            ("/name \t Ann B ", "Ann B"),
            ("/name /name", "/name"),
        ] {
            assert_eq!(Input::parse(text), Input::Name(name), "{text:?}");
        }
        for text in ["", "Ann", "/names", "/nameAnn", " /name Ann", "/Name Ann", "//name Ann"] {
            assert_eq!(Input::parse(text), Input::Line(text), "{text:?}");
        }
        assert_eq!(Input::Name("Ann").to_string(), "/name Ann");
    }

    #[test]
    fn text_travels_in_three_forms() {
        let variant = |value: Variant| Packet::binary(value.encode().expect("a value with a binary form"));
        for packet in [
            Packet::text("ä"),
            Packet::binary("ä"),
            variant(Variant::String("ä".into())),
            variant(Variant::StringName("ä".into())),
        ] {
            assert_eq!(packet_text(&packet).as_deref(), Some("ä"), "{packet:?}");
        }
        for packet in [variant(Variant::Int(7)), variant(Variant::Nil), Packet::binary([0xff, 0xfe])] {
            assert_eq!(packet_text(&packet), None, "{packet:?}");
        }
    }
}
