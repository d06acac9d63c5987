//! The two ways in which messages travel.

/// The sub-protocol of the chat, which Godot's demo requires at both ends.
pub const SUB_PROTOCOL: &str = "demo-chat";

/// How messages travel. Server and clients must use the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Text packets between a `WebSocketServer` and `WebSocketPeer`s, as in Godot's demo.
    #[default]
    Plain,
}

impl Mode {
    /// Returns the mode of this name, as in addresses of pages: `plain`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "plain" => Some(Self::Plain),
            _ => None,
        }
    }
}
