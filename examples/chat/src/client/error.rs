//! Why a call of a client failed.

use std::fmt;

use websocket_peer::Error;

use crate::protocol::{MAX_LINE, NameError};

/// Why a call failed. Nothing was sent. `Display` writes a sentence for people, without an end.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatError {
    /// The connection is not open.
    NotConnected,
    /// The line has no visible characters.
    Empty,
    /// The line has more than 500 characters.
    TooLong {
        /// Its length in characters.
        length: usize,
    },
    /// Too many own lines wait to be read as events.
    UnreadEvents,
    /// The name breaks this rule.
    Name(NameError),
    /// The error of the connection.
    Peer(Error),
}

impl fmt::Display for ChatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected => f.write_str("there is no connection"),
            Self::Empty => f.write_str("the line is empty"),
            Self::TooLong { length } => {
                write!(f, "the line has {length} characters, and at most {MAX_LINE} can be sent")
            }
            Self::UnreadEvents => f.write_str("too many lines wait to be shown"),
            Self::Name(error) => error.fmt(f),
            Self::Peer(Error::SendQueueFull { .. }) => f.write_str("too much waits to be sent"),
            Self::Peer(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ChatError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotConnected | Self::Empty | Self::TooLong { .. } | Self::UnreadEvents => None,
            Self::Name(error) => Some(error),
            Self::Peer(error) => Some(error),
        }
    }
}

impl From<NameError> for ChatError {
    fn from(error: NameError) -> Self {
        Self::Name(error)
    }
}

impl From<Error> for ChatError {
    fn from(error: Error) -> Self {
        Self::Peer(error)
    }
}
