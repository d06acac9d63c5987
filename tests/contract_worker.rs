//! The contract in a browser's dedicated worker. No tests natively.

#![cfg(target_family = "wasm")]

#[path = "contract/mod.rs"]
mod behaviour;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
