//! Errors of calls to a server of rooms.

use std::fmt;

use crate::{error::Error, multiplayer::error::SessionError};

/// A mistake in a call to a server of rooms, or no room for it. The call has changed nothing, except after
/// [`Failed`](Self::Failed).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomError {
    /// There is no room with this key: it is closed. Drop the key.
    UnknownRoom,
    /// There is a room with this name. Choose another one, or use that room.
    NameTaken,
    /// The name is not one of a room: it is empty, has more than 255 bytes, or contains control characters.
    InvalidName,
    /// There are [`max_rooms`](super::RoomServerOptions::max_rooms) rooms. Close one, or wait.
    TooManyRooms,
    /// The room has as many peers as its [`capacity`](super::RoomOptions::capacity). Choose another one, or wait.
    RoomFull,
    /// The room requires authentication, and the peer has not authenticated: the room that it joined first did not
    /// require it. Clients authenticate only when they connect.
    NotAuthenticated,
    /// The code that was run for a room has failed, with this message. The room is closed.
    Failed(String),
    /// An error of the room's session.
    Session(SessionError),
}

impl From<SessionError> for RoomError {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<Error> for RoomError {
    fn from(error: Error) -> Self {
        Self::Session(error.into())
    }
}

impl std::error::Error for RoomError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Session(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for RoomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownRoom => f.write_str("there is no such room"),
            Self::NameTaken => f.write_str("there is a room with this name"),
            Self::InvalidName => {
                f.write_str("this is not a name for a room: 1 to 255 bytes, without control characters")
            }
            Self::TooManyRooms => f.write_str("the server has no place for another room"),
            Self::RoomFull => f.write_str("the room is full"),
            Self::NotAuthenticated => {
                f.write_str("the room requires authentication, and the peer has not authenticated")
            }
            Self::Failed(message) => write!(f, "the room has failed: {message}"),
            Self::Session(error) => error.fmt(f),
        }
    }
}
