//! What can be wrong with a packet.

use std::fmt;

/// Why a packet could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MalformedPacket {
    /// It has no byte at all.
    Empty,
    /// It ends before all that it has to contain, or announces.
    TooShort,
    /// It goes on where its kind has ended.
    TooLong,
    /// A call says that its node's number has a size that there is not.
    NodeIdSize,
    /// A call says that the path of its node begins before the call's head has ended, or behind the packet.
    PathOffset,
    /// A path or a name is no UTF-8.
    NotUtf8,
    /// A spawned node's name is empty, or has a character that no node's name may have.
    NodeName,
    /// It is about the session itself, but says nothing that is known.
    UnknownSystemCommand {
        /// The number of what it says.
        command: u8,
    },
}

impl fmt::Display for MalformedPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the packet is empty"),
            Self::TooShort => f.write_str("the packet ends too early"),
            Self::TooLong => f.write_str("the packet is longer than its kind can be"),
            Self::NodeIdSize => f.write_str("the node's number has no valid size"),
            Self::PathOffset => f.write_str("the node's path begins at no valid place"),
            Self::NotUtf8 => f.write_str("the path or name is no UTF-8"),
            Self::NodeName => f.write_str("the name is none that a node can have"),
            Self::UnknownSystemCommand { command } => write!(f, "there is no system command {command}"),
        }
    }
}

impl std::error::Error for MalformedPacket {}
