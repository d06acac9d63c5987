//! Network faults: connections that are cut, reset, half-closed or delayed at every byte of a handshake and of a short
//! dialogue. Both ends notice in time, report the right cause, and receive every packet that arrived whole.
//!
//! The proxy records the bytes that it forwards. They alone determine what each end must report.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "faults/dialogue.rs"]
mod dialogue;
#[path = "faults/oracle.rs"]
mod oracle;
#[path = "faults/pair.rs"]
mod pair;
#[cfg(feature = "tls")]
#[path = "faults/secure.rs"]
mod secure;
#[path = "faults/server.rs"]
mod server;
