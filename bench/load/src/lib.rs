//! Loads and measures a server. [`cores`] and [`server`] start it; [`ring`], [`connection`] and [`pool`] are the
//! clients, as cheap as possible so that the server is the limit; [`transport`] is their socket, with [`tls`] if asked; [`session`] makes them clients of a Godot session;
//! [`echo`], [`idle`], [`broadcast`] and [`relay`] are the loads, at a [`pace`] or as fast as possible. [`rooms`] has the
//! loads for many sessions, with clients of its own.

pub mod broadcast;
pub mod connection;
pub mod cores;
pub mod echo;
#[path = "../../../testkit/src/frame.rs"]
#[allow(dead_code, reason = "tests use the rest")]
mod frame;
pub mod handshake;
pub mod idle;
pub mod pace;
pub mod pool;
pub mod relay;
pub mod ring;
pub mod rooms;
pub mod server;
pub mod session;
pub mod tls;
pub mod transport;
