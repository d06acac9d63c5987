//! The lobby and the rooms over WebSockets: a server, and clients of the library, in one thread.
#![cfg(not(target_family = "wasm"))]

#[path = "rooms/hostile.rs"]
mod hostile;
#[path = "rooms/http.rs"]
mod http;
#[path = "rooms/lobby.rs"]
mod lobby;
#[path = "rooms/play.rs"]
mod play;
#[path = "rooms/world.rs"]
mod world;
