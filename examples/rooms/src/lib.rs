//! Many games behind one port: a lobby in which players create rooms and find them, and a turn game in each room. Players
//! are in pages, in programs, or unmodified windows of Godot's demo, which join a room by its path.
//!
//! | module | purpose |
//! |---|---|
//! | [`code`] | the code of a room: four letters. No I/O |
//! | [`lobby`] | the rules of the lobby: the list of rooms, who may create one and when. No I/O |
//! | [`messages`] | the calls between the lobby and its peers |
//! | [`listing`] | the list of rooms as it is sent |
//! | [`paths`], [`placing`] | where the path of a request leads, and the decision about the request |
//! | [`host`] | the server's part: the lobby and a game in each room, on a `RoomServer`. Natively only |
//! | [`client`] | a client, in a program or a page |

pub mod client;
pub mod code;
#[cfg(not(target_family = "wasm"))]
pub mod host;
pub mod listing;
pub mod lobby;
pub mod messages;
pub mod paths;
#[cfg(not(target_family = "wasm"))]
pub mod placing;

pub use client::{Place, RequestError, RoomsClient, RoomsEvent};
pub use code::{InvalidCode, RoomCode};
#[cfg(not(target_family = "wasm"))]
pub use host::{RoomsHost, RoomsNotice};
pub use lobby::{ListedRoom, Lobby, LobbyError, LobbyOptions};
pub use messages::LobbyCall;
pub use paths::Destination;
#[cfg(not(target_family = "wasm"))]
pub use placing::Placer;
