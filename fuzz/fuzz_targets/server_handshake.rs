//! Runs the target `server_handshake`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| websocket_peer::fuzz::run("server_handshake", data));
