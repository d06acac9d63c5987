//! `SceneMultiplayer`: sessions over real connections.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "multiplayer/calls.rs"]
mod calls;
#[path = "multiplayer/connections.rs"]
mod connections;
#[path = "multiplayer/event_order.rs"]
mod event_order;
#[path = "multiplayer/joining.rs"]
mod joining;
#[path = "multiplayer/leaving.rs"]
mod leaving;
#[path = "multiplayer/mid_level/mod.rs"]
mod mid_level;
#[path = "multiplayer/relay_decisions.rs"]
mod relay_decisions;
#[path = "multiplayer/scripted_server.rs"]
mod scripted_server;
#[path = "multiplayer/slow_readers.rs"]
mod slow_readers;
#[path = "multiplayer/test_session.rs"]
mod test_session;
#[path = "multiplayer/waiting.rs"]
mod waiting;
