//! Peers and servers that take over streams whose handshake was made elsewhere.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "server/host.rs"]
mod host;
#[path = "upgraded/peer.rs"]
mod peer;
#[path = "upgraded/server.rs"]
mod server;
