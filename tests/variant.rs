//! Values and their binary forms, natively and in a browser: against what Godot's engine made of them, by hand, by rule and
//! at random.
//!
//! In a browser the tests run in the page, and the scripted server has to run already: `cargo run -p testkit`.

mod support;

#[path = "variant/any.rs"]
mod any;
#[path = "variant/array.rs"]
mod array;
#[path = "variant/by_hand.rs"]
mod by_hand;
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
#[path = "variant/packets.rs"]
mod packets;
#[path = "variant/properties.rs"]
mod properties;
#[path = "../testkit/src/random.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod random;
#[path = "variant/text.rs"]
mod text;
#[cfg(feature = "multiplayer")]
#[path = "variant/typed.rs"]
mod typed;
#[path = "variant/vectors.rs"]
mod vectors;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
