//! The contract once more, natively, on a network that delivers bytes one by one, and late: `common/network.rs`.

#![cfg(not(target_family = "wasm"))]

#[path = "contract/mod.rs"]
mod behaviour;
mod support;
