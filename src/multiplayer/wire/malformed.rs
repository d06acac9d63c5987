//! Errors of decoding packets.

use std::fmt;

/// A packet cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MalformedPacket {
    /// The packet is empty.
    Empty,
    /// The packet ends too early.
    TooShort,
    /// The packet has bytes after its end.
    TooLong,
    /// A call has an invalid size of the node id.
    NodeIdSize,
    /// The offset of the path in a call is in the header, or beyond the packet.
    PathOffset,
    /// A path or name is not valid UTF-8.
    NotUtf8,
    /// The name of a spawned node is empty, or contains a character that is not allowed.
    NodeName,
    /// The command of a SYS packet is not known.
    UnknownSystemCommand {
        /// The number of the command.
        command: u8,
    },
}

impl fmt::Display for MalformedPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the packet is empty"),
            Self::TooShort => f.write_str("the packet ends too early"),
            Self::TooLong => f.write_str("the packet is too long for its type"),
            Self::NodeIdSize => f.write_str("the size of the node id is not valid"),
            Self::PathOffset => f.write_str("the offset of the node's path is not valid"),
            Self::NotUtf8 => f.write_str("the path or name is not valid UTF-8"),
            Self::NodeName => f.write_str("the name is not valid for a node"),
            Self::UnknownSystemCommand { command } => write!(f, "there is no system command {command}"),
        }
    }
}

impl std::error::Error for MalformedPacket {}
