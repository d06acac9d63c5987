//! `MultiplayerPeer`: sessions on real connections, and what the connections do to them.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "multiplayer/connections.rs"]
mod connections;
#[path = "multiplayer/crowd.rs"]
mod crowd;
#[path = "multiplayer/endings.rs"]
mod endings;
#[path = "multiplayer/joining.rs"]
mod joining;
#[path = "multiplayer/party.rs"]
mod party;
#[path = "multiplayer/reading.rs"]
mod reading;
#[path = "multiplayer/scripted.rs"]
mod scripted;
#[path = "multiplayer/talking.rs"]
mod talking;
#[path = "multiplayer/waiting.rs"]
mod waiting;
