//! Errors of calls.

use std::fmt;

use crate::variant::WrongType;

/// A call does not match the declaration of its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError {
    /// There is no method with this name or number.
    UnknownMethod,
    /// The number of arguments is wrong.
    ArgumentCount {
        /// The smallest number of arguments.
        min: usize,
        /// The largest number of arguments.
        max: usize,
        /// The number of arguments in the call.
        found: usize,
    },
    /// An argument has a wrong type, or does not fit into the type.
    Argument {
        /// The index of the argument, from 0.
        index: usize,
        /// The expected and the actual type.
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
