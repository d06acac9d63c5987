//! The server's side of a connection, `WebSocketPeer::accept`, against a client that is raw bytes.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "accepted_peer/mod.rs"]
mod behaviour;
