//! What loads a server and measures it. [`cores`] and [`server`] set the stage; [`ring`], [`connection`] and [`crowd`] are the
//! clients, as cheap as possible so that the server is what limits; [`echo`], [`idle`] and [`broadcast`] are what they do.

pub mod broadcast;
pub mod connection;
pub mod cores;
pub mod crowd;
pub mod echo;
pub mod handshake;
pub mod idle;
pub mod ring;
pub mod server;
