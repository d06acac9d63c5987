//! Frames: bytes to messages, and messages to bytes. No socket, no clock.
//!
//! The opcodes are tungstenite's. The rest is not left to its `WebSocketContext`, because a server must see what that hides:
//! how many fragments a message has, text that is broken long before its end, and where every buffered byte is. Here an
//! idle connection holds no buffer, a message is copied once on its way in, and a shared packet not at all on its way out.
//! Fuzzing holds what is read here against what tungstenite reads.
//! Source: RFC 6455, sections 5 to 8.

mod close;
mod decoder;
mod encoder;
mod header;
mod mask;
mod message;

pub(super) use self::{
    close::CloseFrame,
    decoder::{Breach, Decoder, Item, Limits},
    encoder::{Encoder, Kind},
    header::MAX_HEADER,
};

/// The longest payload of a control frame (RFC 6455, 5.5).
pub(super) const MAX_CONTROL: usize = 125;
