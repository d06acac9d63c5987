//! What loads a server and measures it. [`cores`] and [`server`] set the stage; [`ring`], [`connection`] and [`crowd`] are the
//! clients, as cheap as possible so that the server is what limits; [`session`] makes clients of a Godot session of them; [`echo`],
//! [`idle`], [`broadcast`] and [`relay`] are what they do, at a [`pace`] or as fast as they can.

pub mod broadcast;
pub mod connection;
pub mod cores;
pub mod crowd;
pub mod echo;
pub mod handshake;
pub mod idle;
pub mod pace;
pub mod relay;
pub mod ring;
pub mod server;
pub mod session;
