//! The contract: the guarantees of a peer, which every backend must keep. Natively, or in a browser's page.
//!
//! Natively the scripted server runs in the test process. For a browser start it first: `cargo run -p testkit`. The
//! other `contract_*.rs` files run the same tests in a worker and over other networks.

#[path = "contract/mod.rs"]
mod behaviour;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
