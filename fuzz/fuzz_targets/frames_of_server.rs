//! Runs the target `frames_of_server`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| websocket_peer::fuzz::run("frames_of_server", data));
