//! TLS of native programs: which certificates a client trusts, a server with a certificate, and failures.
//!
//! The tests make all certificates, by authorities that no other program knows.

#![cfg(not(target_family = "wasm"))]

mod common;

#[cfg(not(feature = "tls"))]
#[path = "tls/disabled.rs"]
mod disabled;
#[cfg(feature = "tls")]
#[path = "tls/faults.rs"]
mod faults;
#[cfg(feature = "tls")]
#[path = "tls/pinned.rs"]
mod pinned;
#[cfg(feature = "tls")]
#[path = "tls/server.rs"]
mod server;
#[cfg(feature = "tls")]
#[path = "tls/trust.rs"]
mod trust;
