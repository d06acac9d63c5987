//! The events and states of a client.

use std::{error, fmt};

use game::PlayerEvent;
use websocket_peer::{CloseInfo, multiplayer::PeerId};

use crate::{
    code::{InvalidCode, RoomCode},
    lobby::ListedRoom,
};

/// Where a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The connection is not open yet.
    Connecting,
    /// In the lobby, or on the way there.
    Lobby,
    /// In a room, or on the way there.
    Room(RoomCode),
    /// The connection has ended.
    Closed,
}

/// What happened at a client, to show it. Texts come from other people; they are one line of limited length.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomsEvent {
    /// The connection is open. This is the client's id.
    Connected(PeerId),
    /// The client is in the lobby. A list follows, and then rooms can be created and joined.
    EnteredLobby,
    /// The rooms of the server that were created last, the newest first.
    List(Vec<ListedRoom>),
    /// The room that was asked for was created. [`EnteredRoom`](Self::EnteredRoom) follows.
    Created(RoomCode),
    /// What was asked for is not possible. This is the reason, a sentence for people without its full stop. The client
    /// is where it was before.
    Refused(String),
    /// The client is in a room, where the host of the game adds it as a player.
    EnteredRoom(RoomCode),
    /// An event of the game in the room. It is never [`PlayerEvent::Closed`].
    Game(PlayerEvent),
    /// The connection has ended, or could not be opened. No event follows.
    Closed(CloseInfo),
}

/// Why a request cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestError {
    /// The text is not the code of a room.
    InvalidCode,
    /// The client is not in the lobby, or not in a room, as the request requires.
    NotThere,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidCode => InvalidCode.fmt(f),
            Self::NotThere => f.write_str("this is not possible here; wait until the client is in the lobby"),
        }
    }
}

impl error::Error for RequestError {}
