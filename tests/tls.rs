//! Secure connections of native programs: whom a client trusts, a server with a certificate, and what goes wrong.
//!
//! All certificates are made here and now, by authorities that nobody else knows.

#![cfg(not(target_family = "wasm"))]

mod common;

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
#[cfg(not(feature = "tls"))]
#[path = "tls/without.rs"]
mod without;
