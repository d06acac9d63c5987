//! The tests of `accepted_peer` on a network that holds bytes back and delivers many at once: `common/network.rs`.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "accepted_peer/mod.rs"]
mod behaviour;
