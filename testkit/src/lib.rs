//! A scripted WebSocket server for the tests of `websocket-peer`.
//!
//! The path of a connection's URL is its script: `/echo`, `/close/4001/bye`, `/cut-mid-frame`, … ([`script`] lists them
//! all). Most scripts misbehave on purpose, so HTTP heads and [frames](frame) are written by hand. Nothing here uses
//! `websocket-peer`, so a bug in one cannot hide a bug in the other.
//!
//! Any path may have `?key=K`: the server then records the connection, and `/events/K` returns the record ([`events`]).
//!
//! A [`proxy`] between a client and any server simulates a network that delays, splits, stalls and breaks.
//!
//! ```
//! let server = testkit::Server::start()?;
//! let url = server.url("/echo"); // ws://127.0.0.1:PORT/echo
//! # assert!(url.starts_with("ws://127.0.0.1:") && url.ends_with("/echo"));
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod certs;
mod connection;
pub mod events;
pub mod frame;
mod handshake;
pub mod proxy;
pub mod random;
pub mod script;
mod scripts;
mod server;
mod stream;
pub mod waiting;

pub use server::Server;
