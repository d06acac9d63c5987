//! The server's side of a connection, `WebSocketPeer::accept`, against a client that is raw bytes.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "server_half/breaches.rs"]
mod breaches;
#[path = "server_half/closing.rs"]
mod closing;
#[path = "server_half/godot.rs"]
mod godot;
#[path = "server_half/requests.rs"]
mod requests;
#[path = "server_half/silence.rs"]
mod silence;
