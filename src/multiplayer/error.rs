//! Errors of calls to a session.

use std::fmt;

use crate::{error::Error, variant::EncodeError};

/// A mistake in a call to a session. The call has changed nothing.
///
/// The errors are the same on every platform. The text of each variant describes the remedy. Errors that also exist
/// without a session are in [`Peer`](Self::Peer), so `?` converts an [`Error`] to this type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The session has no such node: it was removed, or belongs to another session. Drop the key.
    UnknownNode,
    /// The node cannot be registered or used like this. Correct its path, methods or properties.
    InvalidNode {
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// The node has no method of this name. Declare it at both ends.
    UnknownMethod,
    /// The method, the property or the packet does not take these values. Pass values as declared.
    InvalidArguments {
        /// The rule that they break.
        reason: String,
    },
    /// A call of this end's own method that is not declared `call_local`. Call the function directly.
    NotCallLocal,
    /// Another peer is the authority of the node. Ask that peer, or call
    /// [`set_authority`](super::Session::set_authority) at all ends.
    NotAuthority,
    /// The peer is not authenticating, or has completed authentication. Send packets instead.
    NotAuthenticating,
    /// An error that also exists without a session: [`Error::NotOpen`], [`Error::UnknownPeer`],
    /// [`Error::PacketTooBig`], [`Error::InvalidVariant`], …
    Peer(Error),
}

impl SessionError {
    /// Returns the number of Godot's `Error` constant for the same mistake.
    ///
    /// Godot: `@GlobalScope.Error`.
    pub fn godot_code(&self) -> i32 {
        const ERR_UNAUTHORIZED: i32 = 4;
        const ERR_FILE_CANT_WRITE: i32 = 13;
        const ERR_INVALID_PARAMETER: i32 = 31;
        const ERR_DOES_NOT_EXIST: i32 = 33;
        match self {
            Self::UnknownNode => ERR_DOES_NOT_EXIST,
            Self::InvalidNode { .. }
            | Self::UnknownMethod
            | Self::InvalidArguments { .. }
            | Self::NotCallLocal => ERR_INVALID_PARAMETER,
            Self::NotAuthority => ERR_UNAUTHORIZED,
            Self::NotAuthenticating => ERR_FILE_CANT_WRITE,
            Self::Peer(error) => error.godot_code(),
        }
    }

    /// Returns the variant's name, which is the `name` of the JavaScript error.
    #[cfg(feature = "js")]
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::UnknownNode => "UnknownNode",
            Self::InvalidNode { .. } => "InvalidNode",
            Self::UnknownMethod => "UnknownMethod",
            Self::InvalidArguments { .. } => "InvalidArguments",
            Self::NotCallLocal => "NotCallLocal",
            Self::NotAuthority => "NotAuthority",
            Self::NotAuthenticating => "NotAuthenticating",
            Self::Peer(error) => error.name(),
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownNode => f.write_str("the session has no such node"),
            Self::InvalidNode { reason } => write!(f, "invalid node: {reason}"),
            Self::UnknownMethod => f.write_str("the node has no method of this name"),
            Self::InvalidArguments { reason } => write!(f, "invalid arguments: {reason}"),
            Self::NotCallLocal => f.write_str("the method is not declared `call_local`"),
            Self::NotAuthority => f.write_str("another peer is the authority of the node"),
            Self::NotAuthenticating => f.write_str("the peer is not authenticating"),
            Self::Peer(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SessionError {
    /// Returns the source of the [`Error`] in [`Peer`](Self::Peer), whose text is this error's own.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Peer(error) => error.source(),
            _ => None,
        }
    }
}

impl From<Error> for SessionError {
    fn from(error: Error) -> Self {
        Self::Peer(error)
    }
}

impl From<EncodeError> for SessionError {
    fn from(error: EncodeError) -> Self {
        Self::Peer(error.into())
    }
}
