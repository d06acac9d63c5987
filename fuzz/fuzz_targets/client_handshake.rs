//! Runs the target `client_handshake`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| websocket_peer::fuzz::run("client_handshake", data));
