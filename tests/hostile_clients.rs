//! A server on a public port: every duty of RFC 6455 that falls to a server, and every threat that is known from the
//! advisories about other libraries, each with a test of its name.
//!
//! Two of them have theirs with the tests of `server.rs`, where they belong by their matter: tokens that end in logs in
//! `server/records.rs`, and TLS that spins in `server/tls.rs`.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "hostile_clients/mod.rs"]
mod behaviour;
#[path = "server/host.rs"]
mod host;
