//! What can be wrong with a call.

use std::fmt;

use crate::variant::WrongType;

/// A call does not fit the declaration of its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError {
    /// There is no method of this name or number.
    UnknownMethod,
    /// The method takes fewer arguments, or more.
    ArgumentCount {
        /// How many it takes at min.
        min: usize,
        /// How many it takes at max.
        max: usize,
        /// How many there are.
        found: usize,
    },
    /// The method takes an argument of another type, or within other bounds.
    Argument {
        /// Which it is, from 0 on.
        index: usize,
        /// What it should be, and what it is.
        error: WrongType,
    },
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMethod => f.write_str("there is no such method"),
            Self::ArgumentCount { min: 1, max: 1, found } => {
                write!(f, "the method takes 1 argument, not {found}")
            }
            Self::ArgumentCount { min, max, found } if min == max => {
                write!(f, "the method takes {max} arguments, not {found}")
            }
            Self::ArgumentCount { min, max, found } => {
                write!(f, "the method takes {min} to {max} arguments, not {found}")
            }
            Self::Argument { index, error } => write!(f, "argument {index}: {error}"),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Argument { error, .. } => Some(error),
            _ => None,
        }
    }
}
