//! The HTTP upgrade of both roles: bytes in, bytes and a verdict out. No socket, no clock.
//!
//! tungstenite has one of its own, but its client takes extensions that it never asked for and no list in `Connection`,
//! and its server answers a bad request with nothing. Source: RFC 6455, section 4.

mod client;
mod head;
mod server;

pub(super) use self::{client::ClientUpgrade, server::ServerUpgrade};
use crate::close::CloseCause;

/// What came of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are not the whole head.
    More,
    /// Send `answer`, then the connection is open; `rest` are the bytes behind the head.
    Open { answer: Vec<u8>, protocol: Option<String>, url: Option<String>, rest: Vec<u8> },
    /// Send `answer`, then close.
    Refused { answer: Vec<u8>, cause: CloseCause },
}
