//! What only native programs can show: their own sockets and threads, the wire byte for byte, and the time a call
//! takes.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "native/echo.rs"]
mod echo;
#[path = "native/flow.rs"]
mod flow;
#[path = "native/hooks.rs"]
mod hooks;
#[path = "native/leaving.rs"]
mod leaving;
#[path = "native/liveness.rs"]
mod liveness;
#[path = "native/names.rs"]
mod names;
#[path = "native/polling.rs"]
mod polling;
#[path = "native/resources.rs"]
mod resources;
#[path = "native/waiting.rs"]
mod waiting;
