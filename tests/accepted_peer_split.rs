//! The tests of `accepted_peer` on a network that delivers bytes one by one, and late: `common/network.rs`.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "accepted_peer/mod.rs"]
mod behaviour;
