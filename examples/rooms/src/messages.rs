//! The calls between the lobby and its peers: the methods of the node `Lobby`.

use websocket_peer::rpc;
use websocket_peer::variant::Array;

/// The path of the lobby's URL, and the name of its room.
pub const LOBBY: &str = "lobby";

/// The path of the node, below the root.
pub const PATH: &str = "Lobby";

/// The sub-protocol of the lobby. A client may also offer none.
pub const PROTOCOL: &str = "rooms";

rpc! {
    /// The methods of the node `Lobby`.
    #[derive(Debug, Clone, PartialEq)]
    pub enum LobbyCall {
        /// Asks for the list of rooms.
        ListRooms {} = "list_rooms" [any_peer];
        /// Asks for a new room.
        CreateRoom {
            /// The title that the list shows.
            title: String,
        } = "create_room" [any_peer];
        /// Asks to be moved into a room; from a room, back into the lobby.
        JoinRoom {
            /// The code of the room, in upper or lower case; `lobby` for the lobby.
            code: String,
        } = "join_room" [any_peer];
        /// The list of rooms. The server sends it when it was asked for, and when it has changed.
        Rooms {
            /// A dictionary for each room, with `code`, `title`, `players` and `capacity`.
            list: Array,
        } = "rooms" [authority];
        /// The peer's room was created. It is moved there next.
        RoomCreated {
            /// The code of the room.
            code: String,
        } = "room_created" [authority];
        /// A room was not created, or the peer cannot join it.
        RoomRefused {
            /// A sentence for people.
            reason: String,
        } = "room_refused" [authority];
        /// The peer is moved into a room or the lobby: the peers here leave, and the peers there join.
        Moving {
            /// The code of the room, or `lobby`.
            code: String,
        } = "moving" [authority];
    }
}
