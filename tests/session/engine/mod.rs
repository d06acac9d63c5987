//! Our sessions in the place of an engine: in each role they are told what the engine was told, and must say what it said, byte
//! for byte.

mod authentication;
mod script;
mod session;
