//! What a run needs of a client, with either implementation.

/// A client's connection.
pub trait Client {
    /// Does the pending work, and returns the state.
    fn poll(&mut self) -> State;

    /// Returns the next message.
    fn recv(&mut self) -> Option<Message>;

    /// Sends a binary message. Returns `false` if there was no room.
    fn send(&mut self, message: &[u8]) -> bool;

    /// Sends a text. Returns `false` if there was no room.
    fn send_text(&mut self, text: &str) -> bool;

    /// Closes with 1000.
    fn close(&mut self);

    /// Makes the drop of the client reset the connection.
    fn arm_reset(&mut self);

    /// Returns `true` if the other end answered the close.
    fn was_closed(&self) -> bool;

    /// Describes the connection for people.
    fn describe(&self) -> String;
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Opening,
    Open,
    Closed,
}

/// A received message.
pub enum Message {
    Text(String),
    Binary(Vec<u8>),
}
