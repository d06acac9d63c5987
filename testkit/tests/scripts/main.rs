//! The scripts, tested by clients.

mod client;
mod misbehaviour;
mod polite;
