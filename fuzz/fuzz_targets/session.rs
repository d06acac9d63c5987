//! Runs the target `session`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| websocket_peer::fuzz::run("session", data));
