//! The contract, natively, over a network that delivers single bytes with delays: `common/network.rs`.

#![cfg(not(target_family = "wasm"))]

#[path = "contract/mod.rs"]
mod behaviour;
mod support;
