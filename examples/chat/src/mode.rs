//! The two ways in which messages travel.

/// The sub-protocol of the chat, which Godot's demo requires at both ends.
pub const SUB_PROTOCOL: &str = "demo-chat";

/// How messages travel. Server and clients must use the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Text packets between a `WebSocketServer` and `WebSocketPeer`s, as in Godot's demo.
    #[default]
    Plain,
    /// Packets with a string as Godot's `Variant`, between `WebSocketMultiplayerPeer`s.
    Multiplayer,
}

impl Mode {
    /// Returns the mode of this name, as in addresses of pages: `plain` or `multiplayer`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "plain" => Some(Self::Plain),
            "multiplayer" => Some(Self::Multiplayer),
            _ => None,
        }
    }
}
