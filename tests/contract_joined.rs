//! The contract once more, natively, on a network that holds bytes back and delivers many at once: `common/network.rs`.

#![cfg(not(target_family = "wasm"))]

#[path = "contract/mod.rs"]
mod behaviour;
mod support;
