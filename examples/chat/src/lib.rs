//! A chat with the messages of Godot's chat demo: unmodified demos join it, and its clients join them.
//!
//! [`protocol`] has the messages and the rules for names and lines. [`room`] is the server's logic, without I/O.
//! [`server`] runs it on a socket. [`client`] is a client for native programs and for pages, the same code in both.

pub mod client;
mod mode;
pub mod pace;
pub mod protocol;
pub mod room;
pub mod server;

pub use client::{ChatClient, ChatError, ChatEvent};
pub use mode::{Mode, SUB_PROTOCOL};
pub use protocol::Message;
pub use server::ChatServer;
