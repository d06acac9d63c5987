//! `WebSocketServer` with clients that send raw bytes: its events, what it sends, when it sleeps, and how it ends.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "server/mod.rs"]
mod behaviour;
#[path = "server/host.rs"]
mod host;
