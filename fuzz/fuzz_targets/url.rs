//! Runs the target `url`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| websocket_peer::fuzz::run("url", data));
