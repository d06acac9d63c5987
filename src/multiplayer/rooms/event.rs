//! The events of a server of rooms.

use std::fmt;

use super::key::RoomKey;
use crate::multiplayer::event::Event;

/// An event of a server of rooms: [`RoomServer::next_event`](super::RoomServer::next_event).
///
/// Each room has its events in this order: [`Opened`](Self::Opened), those of its session, and exactly one
/// [`Closed`](Self::Closed).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RoomEvent {
    /// A room is open: the program has opened it, or a request for it has arrived. Register its nodes now. Peers join
    /// it afterwards.
    Opened(RoomKey),
    /// An event of a room's session.
    Session(RoomKey, Event),
    /// The last peer has left a room, and no other one has arrived since. The room is closed if it stays empty for
    /// [`empty_timeout`](super::RoomOptions::empty_timeout).
    Empty(RoomKey),
    /// A room is closed. Its key is not known any more, and its name is free. Its connections may still receive what
    /// was sent to them.
    Closed(RoomKey, RoomCloseCause),
}

/// Why a room was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomCloseCause {
    /// The program closed it.
    Requested,
    /// It was empty for [`empty_timeout`](super::RoomOptions::empty_timeout).
    Empty,
    /// Code of the program for this room returned an error or panicked: in [`RoomServer::run`](super::RoomServer::run),
    /// or a hook. This is the message.
    Failed(String),
    /// The server shuts down.
    ServerShutDown,
}

impl fmt::Display for RoomCloseCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => f.write_str("closed by the program"),
            Self::Empty => f.write_str("empty for too long"),
            Self::Failed(message) => write!(f, "failed: {message}"),
            Self::ServerShutDown => f.write_str("the server shuts down"),
        }
    }
}
