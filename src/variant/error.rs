//! What can be wrong with bytes, with a value to be encoded, and with a value's type.

use std::{convert::Infallible, fmt};

use super::VariantType;

/// The bytes are no value. `at` is how far from their start that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// They end in the middle of a value.
    Truncated {
        /// Where the missing part begins.
        at: usize,
    },
    /// There is no type of this number.
    UnknownType {
        /// The number.
        id: u32,
        /// Where it stands.
        at: usize,
    },
    /// More elements, or a longer text, than the rest of the bytes could hold.
    TooMany {
        /// How many there should be.
        count: u32,
        /// Where that stands.
        at: usize,
    },
    /// A text that is no UTF-8.
    InvalidUtf8 {
        /// Where the text begins.
        at: usize,
    },
    /// A node path in a form that Godot gave up long ago.
    OldNodePath {
        /// Where it begins.
        at: usize,
    },
    /// An element, a key or a value that its typed container cannot hold.
    ElementType {
        /// What the container holds.
        expected: VariantType,
        /// What the element is.
        found: VariantType,
        /// Where the element begins.
        at: usize,
    },
    /// An object that is not by number, where [`Objects::Full`](super::Objects::Full) was not asked for.
    ObjectNotAllowed {
        /// Where it begins.
        at: usize,
    },
    /// More than 1024 containers within each other.
    TooDeep {
        /// Where the innermost one begins.
        at: usize,
    },
}

/// The value cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// More than 1024 containers within each other.
    TooDeep,
    /// A text or a container with more than 2³¹ - 1 bytes or elements.
    TooLong,
    /// An object that is not by number, where [`Objects::Full`](super::Objects::Full) was not asked for.
    ObjectNotAllowed,
    /// A text with a NUL in it: Godot's end there, and the rest would be lost.
    NulInText,
    /// A whole object without the name of its class, which would be read as none.
    NoClass,
}

/// A value is of another type than the one that was asked for, or does not fit into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongType {
    /// What was asked for.
    pub expected: &'static str,
    /// What the value is.
    pub found: VariantType,
}

impl DecodeError {
    /// How far from the start of the bytes it shows that they are no value.
    pub fn at(&self) -> usize {
        match *self {
            Self::Truncated { at }
            | Self::UnknownType { at, .. }
            | Self::TooMany { at, .. }
            | Self::InvalidUtf8 { at }
            | Self::OldNodePath { at }
            | Self::ElementType { at, .. }
            | Self::ObjectNotAllowed { at }
            | Self::TooDeep { at } => at,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { .. } => f.write_str("the bytes end in the middle of a value")?,
            Self::UnknownType { id, .. } => write!(f, "there is no type {id}")?,
            Self::TooMany { count, .. } => write!(f, "{count} do not fit into the rest of the bytes")?,
            Self::InvalidUtf8 { .. } => f.write_str("a text is no UTF-8")?,
            Self::OldNodePath { .. } => f.write_str("a node path has a form that is no longer in use")?,
            Self::ElementType { expected, found, .. } => {
                write!(f, "a container of {expected} cannot hold {found}")?;
            }
            Self::ObjectNotAllowed { .. } => f.write_str("a whole object is not allowed here")?,
            Self::TooDeep { .. } => f.write_str("more than 1024 containers are within each other")?,
        }
        write!(f, ", at byte {}", self.at())
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooDeep => "more than 1024 containers are within each other",
            Self::TooLong => "a text or a container has more than 2147483647 bytes or elements",
            Self::ObjectNotAllowed => "a whole object is not allowed here",
            Self::NulInText => "a text has a NUL in it",
            Self::NoClass => "a whole object has no class",
        })
    }
}

impl fmt::Display for WrongType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for DecodeError {}
impl std::error::Error for EncodeError {}
impl std::error::Error for WrongType {}

impl From<Infallible> for WrongType {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
