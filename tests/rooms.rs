//! `RoomServer`: many sessions behind one port, with native clients and raw connections.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "rooms/capacity.rs"]
mod capacity;
#[path = "rooms/hooks.rs"]
mod hooks;
#[path = "rooms/hostile.rs"]
mod hostile;
#[path = "rooms/isolation.rs"]
mod isolation;
#[path = "rooms/leaving.rs"]
mod leaving;
#[path = "rooms/memory.rs"]
mod memory;
#[path = "rooms/moving/mod.rs"]
mod moving;
#[path = "rooms/opening.rs"]
mod opening;
#[path = "rooms/placing.rs"]
mod placing;
#[path = "rooms/relay.rs"]
mod relay;
#[path = "rooms/requests.rs"]
mod requests;
#[path = "rooms/test_rooms.rs"]
mod test_rooms;
#[path = "rooms/unread.rs"]
mod unread;
#[path = "rooms/waiting.rs"]
mod waiting;
