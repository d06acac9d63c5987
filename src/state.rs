//! [`ReadyState`].

/// The state of a connection. The numbers are those of the browser's `WebSocket.readyState` and of Godot's `State`.
///
/// Godot: `WebSocketPeer.State`.
#[doc(alias = "State")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ReadyState {
    /// The name lookup, the connection attempt or the handshake is under way.
    ///
    /// Godot: `STATE_CONNECTING`.
    #[doc(alias = "STATE_CONNECTING")]
    Connecting = 0,
    /// Packets can be sent and received.
    ///
    /// Godot: `STATE_OPEN`.
    #[doc(alias = "STATE_OPEN")]
    Open = 1,
    /// This end has started the closing handshake, and waits for the other end's answer. Nothing can be sent.
    ///
    /// Platform: natively, packets can still arrive. A browser drops them.
    ///
    /// Godot: `STATE_CLOSING`.
    #[doc(alias = "STATE_CLOSING")]
    Closing = 2,
    /// There is no connection. Packets that have arrived before can still be read.
    ///
    /// Godot: `STATE_CLOSED`.
    #[doc(alias = "STATE_CLOSED")]
    Closed = 3,
}

impl ReadyState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Closed => "closed",
        }
    }
}

impl std::fmt::Display for ReadyState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
