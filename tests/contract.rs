//! The contract: what a peer promises, written once and kept by every backend.
//!
//! Natively the scripted server runs inside the test process. In a browser the tests run in the page, and the server
//! has to run already: `cargo run -p testkit`. The same tests run in a dedicated worker: `contract_worker.rs`.

#[path = "contract/mod.rs"]
mod behaviour;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
