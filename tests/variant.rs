//! Tests of `Variant`, natively and in a browser: with recorded values of a Godot engine, expected values, and random
//! values.
//!
//! In a browser the tests need a running scripted server: `cargo run -p testkit`.

mod support;

#[path = "variant/array.rs"]
mod array;
#[path = "variant/conversions.rs"]
mod conversions;
#[path = "variant/cost.rs"]
mod cost;
#[path = "variant/decoding.rs"]
mod decoding;
#[path = "variant/depth.rs"]
mod depth;
#[path = "variant/dictionary.rs"]
mod dictionary;
#[path = "variant/encoding.rs"]
mod encoding;
#[path = "variant/engine.rs"]
mod engine;
#[path = "variant/expected.rs"]
mod expected;
#[path = "variant/packets.rs"]
mod packets;
#[path = "variant/properties.rs"]
mod properties;
#[path = "variant/random.rs"]
mod random;
#[path = "variant/text.rs"]
mod text;
#[path = "variant/typed.rs"]
mod typed;
#[path = "variant/vectors.rs"]
mod vectors;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
