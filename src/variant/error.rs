//! Errors of decoding, encoding and converting values.

use std::{convert::Infallible, fmt};

use super::VariantType;

/// The bytes do not contain a valid value. `at` is an offset in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end in the middle of a value.
    Truncated {
        /// The offset of the missing part.
        at: usize,
    },
    /// There is no type with this number.
    UnknownType {
        /// The number.
        id: u32,
        /// The offset of the number.
        at: usize,
    },
    /// A count or length is larger than the rest of the bytes allows.
    TooMany {
        /// The count or length.
        count: u32,
        /// The offset of the count or length.
        at: usize,
    },
    /// A string is not valid UTF-8.
    InvalidUtf8 {
        /// The offset of the string.
        at: usize,
    },
    /// A node path has an old format, which Godot rejects, too.
    OldNodePath {
        /// The offset of the path.
        at: usize,
    },
    /// An element, key or value has another type than its typed container accepts.
    ElementType {
        /// The type that the container accepts.
        expected: VariantType,
        /// The type of the element.
        found: VariantType,
        /// The offset of the element.
        at: usize,
    },
    /// An object with properties was found, but [`Objects::ById`](super::Objects::ById) was given.
    ObjectNotAllowed {
        /// The offset of the object.
        at: usize,
    },
    /// More than 1024 containers are nested.
    TooDeep {
        /// The offset of the innermost container.
        at: usize,
    },
}

/// The value cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// More than 1024 containers are nested.
    TooDeep,
    /// A string or a container has more than 2³¹ - 1 bytes or elements.
    TooLong,
    /// The value contains an [`Object::Full`](super::Object::Full), but [`Objects::ById`](super::Objects::ById) was
    /// given.
    ObjectNotAllowed,
    /// A string contains a NUL. Godot would drop the rest of the string.
    NulInText,
    /// An [`Object::Full`](super::Object::Full) has no class name. It would be decoded as a null object.
    NoClass,
}

/// A value has another type than expected, or does not fit into the expected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongType {
    /// The expected type.
    pub expected: &'static str,
    /// The type of the value.
    pub found: VariantType,
}

impl DecodeError {
    /// Returns the offset of the error in the bytes.
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

impl WrongType {
    /// Creates an error for a conversion from a [`Variant`](super::Variant). `expected` describes the values that can be
    /// converted.
    pub const fn new(expected: &'static str, found: VariantType) -> Self {
        Self { expected, found }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { .. } => f.write_str("the bytes end in the middle of a value")?,
            Self::UnknownType { id, .. } => write!(f, "there is no type {id}")?,
            Self::TooMany { count, .. } => write!(f, "a count of {count} exceeds the rest of the bytes")?,
            Self::InvalidUtf8 { .. } => f.write_str("a string is not valid UTF-8")?,
            Self::OldNodePath { .. } => f.write_str("a node path has an old format")?,
            Self::ElementType { expected, found, .. } => {
                write!(f, "a container of {expected} does not accept {found}")?;
            }
            Self::ObjectNotAllowed { .. } => f.write_str("an object with properties is not allowed")?,
            Self::TooDeep { .. } => f.write_str("more than 1024 containers are nested")?,
        }
        write!(f, ", at byte {}", self.at())
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooDeep => "more than 1024 containers are nested",
            Self::TooLong => "a string or a container has more than 2147483647 bytes or elements",
            Self::ObjectNotAllowed => "an object with properties is not allowed",
            Self::NulInText => "a string contains a NUL",
            Self::NoClass => "an object has no class name",
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
