//! The scripts, seen from the other end.

mod client;
mod misbehaviour;
mod polite;
