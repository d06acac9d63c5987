//! The plugins on a bare app, over real sockets. The other end is a peer or a server of the library.

#![cfg(not(target_family = "wasm"))]

#[path = "plugins/client.rs"]
mod client;
#[path = "plugins/exit.rs"]
mod exit;
#[path = "support/replacing.rs"]
mod replacing;
#[path = "plugins/schedules.rs"]
mod schedules;
#[path = "plugins/server.rs"]
mod server;
#[cfg(feature = "multiplayer")]
#[path = "plugins/session.rs"]
mod session;
#[cfg(feature = "multiplayer")]
#[path = "plugins/session_history.rs"]
mod session_history;
#[path = "plugins/support.rs"]
mod support;
