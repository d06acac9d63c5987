//! The contract, natively, over a network that delays bytes and joins them into large reads: `common/network.rs`.

#![cfg(not(target_family = "wasm"))]

#[path = "contract/mod.rs"]
mod behaviour;
mod support;
