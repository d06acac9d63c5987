//! Networks that break: connections that are cut, reset, half-closed or held up at every byte of a handshake and of a short
//! dialogue. Both ends notice in time, tell the right cause, and have every packet that arrived whole.
//!
//! The proxy that does it keeps what it let pass. What each end must make of that is worked out from those bytes alone.

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
