//! bevy_replicon over this crate: apps without a window, connected by real sockets.

mod apps;
mod connections;
mod hostile;
mod overload;
#[path = "../support/replacing.rs"]
mod replacing;
mod tic_tac_toe;
