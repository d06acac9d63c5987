//! A client's end of a connection, whoever's code it is.

/// One connection.
pub trait Line {
    /// Moves it on.
    fn poll(&mut self) -> State;

    /// What came next.
    fn recv(&mut self) -> Option<Heard>;

    /// Sends a binary message; whether there was room.
    fn send(&mut self, message: &[u8]) -> bool;

    /// Sends a text; whether there was room.
    fn send_text(&mut self, text: &str) -> bool;

    /// Asks to close, with 1000.
    fn close(&mut self);

    /// Sees to it that TCP ends with a reset when this is dropped.
    fn arm_reset(&mut self);

    /// Whether it ended as this end had asked.
    fn was_closed(&self) -> bool;

    /// How it is, for people.
    fn describe(&self) -> String;
}

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Opening,
    Open,
    Over,
}

/// A message.
pub enum Heard {
    Text(String),
    Binary(Vec<u8>),
}
