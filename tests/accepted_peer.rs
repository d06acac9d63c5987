//! A peer that accepts a connection, `WebSocketPeer::accept`, against a client that writes raw bytes.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "accepted_peer/mod.rs"]
mod behaviour;
