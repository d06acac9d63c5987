//! Streams whose handshake was made elsewhere: what a peer and a server make of them.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "server/host.rs"]
mod host;
#[path = "upgraded/peer.rs"]
mod peer;
#[path = "upgraded/server.rs"]
mod server;
