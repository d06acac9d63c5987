//! The contract once more, in a dedicated worker. Natively there is nothing to repeat.

#![cfg(target_family = "wasm")]

#[path = "contract/mod.rs"]
mod behaviour;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
