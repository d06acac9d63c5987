//! A server on a public port: every requirement of RFC 6455 for servers, and every threat that is known from advisories
//! about other libraries, each with a test.
//!
//! The tests for two of the threats are with those of `server.rs`: tokens in logs in `server/logging.rs`, and an
//! endless loop in a TLS handshake in `server/tls.rs`.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "hostile_clients/mod.rs"]
mod behaviour;
#[path = "server/host.rs"]
mod host;
