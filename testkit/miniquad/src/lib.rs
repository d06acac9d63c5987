//! The contract in a page without wasm-bindgen, and tests of the interface to JavaScript. `page/run.js` loads the
//! module for each test, and reports the outcome.

#![cfg(target_family = "wasm")]
#![allow(unsafe_code, reason = "the exports of the tests, and what `imports` has")]

#[path = "../../../tests/contract/mod.rs"]
mod behaviour;
mod imports;
mod interface;
mod run;
#[path = "../../../tests/support/mod.rs"]
mod support;
