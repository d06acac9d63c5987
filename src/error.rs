//! The errors of calls. What happens on the network is not an error: see [`CloseInfo`](crate::CloseInfo).

use std::{fmt, io, ops::Deref, sync::Arc};

#[cfg(feature = "variant")]
use crate::variant::EncodeError;
use crate::{
    state::ReadyState,
    text::{decimal, write_parts},
};

/// A call cannot be carried out. The peer or server has not changed.
///
/// The variants are the same on every platform. The text of each explains how to correct the call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The address is not a `ws:` or `wss:` URL that all platforms read alike. Correct the URL.
    InvalidUrl {
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// Browsers block the URL's port, because it belongs to another protocol (Fetch Standard, "bad port"). Let the server
    /// listen on another port. Native programs can set
    /// [`PeerOptions::allow_blocked_ports`](crate::PeerOptions::allow_blocked_ports).
    BlockedPort {
        /// The port.
        port: u16,
    },
    /// A value in [`PeerOptions`](crate::PeerOptions), [`ServerOptions`](crate::ServerOptions) or
    /// [`UpgradedStream`](crate::UpgradedStream) is not valid. Correct that option.
    #[non_exhaustive]
    InvalidOption {
        /// The name of the field.
        option: &'static str,
        /// The rule that its value breaks.
        reason: &'static str,
    },
    /// The close code cannot be sent by this peer. Clients may send 1000 and 3000 to 4999; see
    /// [`CloseCode`](crate::CloseCode).
    InvalidCloseCode {
        /// The code.
        code: u16,
    },
    /// The close reason is longer than the 123 bytes of UTF-8 that a close frame carries. Shorten it.
    ReasonTooLong {
        /// The length of the reason, in bytes of UTF-8.
        len: usize,
    },
    /// The peer is connecting or open already. Close it, or use another peer.
    AlreadyInUse,
    /// The connection is not open. Wait for [`ReadyState::Open`], or connect again.
    NotOpen {
        /// The state of the peer.
        state: ReadyState,
    },
    /// The send queue has no room for the packet: the other end, or the network, is slower than this end sends. The packet
    /// was not queued. Poll and try again later, send less, or drop the packet.
    #[non_exhaustive]
    SendQueueFull {
        /// The length of a packet that would fit now, in bytes. 0 if the number of packets is at its limit.
        room: usize,
    },
    /// The packet is larger than [`PeerOptions::outbound_buffer_size`](crate::PeerOptions::outbound_buffer_size), so it can
    /// never be sent. Split it, or raise the option.
    PacketTooBig {
        /// The length of the packet, in bytes.
        len: usize,
        /// The largest length that can be sent, in bytes.
        max: usize,
    },
    /// The server cannot admit another peer. Try again later, or raise the limit that `reason` names, such as
    /// [`max_peers`](crate::ServerOptions::max_peers).
    #[non_exhaustive]
    ServerFull {
        /// The limit that is reached.
        reason: &'static str,
    },
    /// The server or session has no such peer: it is closed, or belongs to another one. Drop its key.
    UnknownPeer,
    /// The value cannot be encoded. Send another one.
    #[cfg(feature = "variant")]
    InvalidVariant {
        /// The part that has no binary form.
        reason: EncodeError,
    },
    /// This platform, or this build of the crate, cannot do it. If `what` names a feature of the crate, enable it.
    #[non_exhaustive]
    Unsupported {
        /// The operation.
        what: &'static str,
    },
    /// The operating system reported an error of this end's own socket or file.
    #[non_exhaustive]
    Io {
        /// The kind of the error.
        kind: io::ErrorKind,
        /// The error.
        source: IoError,
    },
}

impl Error {
    /// Returns the number of the constant in Godot's `Error` that its `WebSocketPeer` returns in the same case.
    ///
    /// Godot: `@GlobalScope.Error`.
    pub fn godot_code(&self) -> i32 {
        const FAILED: i32 = 1;
        const ERR_UNAVAILABLE: i32 = 2;
        const ERR_OUT_OF_MEMORY: i32 = 6;
        const ERR_ALREADY_IN_USE: i32 = 22;
        const ERR_CANT_ACQUIRE_RESOURCE: i32 = 28;
        const ERR_INVALID_PARAMETER: i32 = 31;
        const ERR_DOES_NOT_EXIST: i32 = 33;
        match self {
            Self::InvalidUrl { .. }
            | Self::BlockedPort { .. }
            | Self::InvalidOption { .. }
            | Self::InvalidCloseCode { .. }
            | Self::ReasonTooLong { .. } => ERR_INVALID_PARAMETER,
            #[cfg(feature = "variant")]
            Self::InvalidVariant { reason } => match reason {
                EncodeError::TooDeep | EncodeError::TooLong => ERR_OUT_OF_MEMORY,
                EncodeError::ObjectNotAllowed | EncodeError::NulInText | EncodeError::NoClass => {
                    ERR_INVALID_PARAMETER
                }
            },
            Self::AlreadyInUse => ERR_ALREADY_IN_USE,
            Self::NotOpen { .. } | Self::Io { .. } => FAILED,
            Self::SendQueueFull { .. } | Self::PacketTooBig { .. } => ERR_OUT_OF_MEMORY,
            Self::ServerFull { .. } => ERR_CANT_ACQUIRE_RESOURCE,
            Self::UnknownPeer => ERR_DOES_NOT_EXIST,
            Self::Unsupported { .. } => ERR_UNAVAILABLE,
        }
    }

    /// Returns the name of the variant, which is the `name` of the JavaScript error.
    #[cfg(feature = "js")]
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::InvalidUrl { .. } => "InvalidUrl",
            Self::BlockedPort { .. } => "BlockedPort",
            Self::InvalidOption { .. } => "InvalidOption",
            Self::InvalidCloseCode { .. } => "InvalidCloseCode",
            Self::ReasonTooLong { .. } => "ReasonTooLong",
            Self::AlreadyInUse => "AlreadyInUse",
            Self::NotOpen { .. } => "NotOpen",
            Self::SendQueueFull { .. } => "SendQueueFull",
            Self::PacketTooBig { .. } => "PacketTooBig",
            Self::ServerFull { .. } => "ServerFull",
            Self::UnknownPeer => "UnknownPeer",
            #[cfg(feature = "variant")]
            Self::InvalidVariant { .. } => "InvalidVariant",
            Self::Unsupported { .. } => "Unsupported",
            Self::Io { .. } => "Io",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidUrl { reason } => write_parts(f, &["invalid WebSocket URL: ", reason]),
            Self::BlockedPort { port } => {
                let port = decimal((*port).into());
                let rest = ", which belongs to another protocol; use another port";
                write_parts(f, &["browsers block port ", &port, rest])
            }
            Self::InvalidOption { option, reason } => {
                write_parts(f, &["invalid option `", option, "`: ", reason])
            }
            Self::InvalidCloseCode { code } => {
                let rest = " cannot be sent from here; 1000 and 3000 to 4999 can";
                write_parts(f, &["close code ", &decimal((*code).into()), rest])
            }
            Self::ReasonTooLong { len } => {
                let rest = " bytes; at most 123 fit into a close frame";
                write_parts(f, &["the close reason has ", &decimal(*len), rest])
            }
            Self::AlreadyInUse => f.write_str("the peer is connecting or open already"),
            Self::NotOpen { state } => write_parts(f, &["the peer is ", state.name(), ", not open"]),
            Self::SendQueueFull { room } => {
                let start = "the send queue is full; a packet of ";
                write_parts(f, &[start, &decimal(*room), " bytes would fit now"])
            }
            Self::PacketTooBig { len, max } => {
                let middle = " bytes can never be sent; `outbound_buffer_size` is ";
                write_parts(f, &["a packet of ", &decimal(*len), middle, &decimal(*max)])
            }
            Self::ServerFull { reason } => write_parts(f, &["no place for one more peer: ", reason]),
            Self::UnknownPeer => f.write_str("there is no such peer, or no longer"),
            #[cfg(feature = "variant")]
            Self::InvalidVariant { reason } => write!(f, "the value cannot be encoded: {reason}"),
            Self::Unsupported { what } => write_parts(f, &["unsupported here: ", what]),
            Self::Io { source, .. } => source.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    /// Returns the [`io::Error`] of [`Io`](Self::Io) and the `EncodeError` of `InvalidVariant`.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            #[cfg(feature = "variant")]
            Self::InvalidVariant { reason } => Some(reason),
            Self::Io { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

#[cfg(feature = "variant")]
impl From<EncodeError> for Error {
    fn from(reason: EncodeError) -> Self {
        Self::InvalidVariant { reason }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let text = error.to_string();
        Self::io(error, text)
    }
}

impl Error {
    /// Creates an [`Io`](Self::Io) whose text is known. A page that uses no other needs no texts of the standard library.
    pub(crate) fn io(error: io::Error, text: String) -> Self {
        Self::Io { kind: error.kind(), source: IoError(Arc::new((error, text))) }
    }
}

/// An [`io::Error`] that can be cloned. It derefs to the error.
///
/// Two of them are equal if their kinds and texts are.
#[derive(Clone)]
pub struct IoError(Arc<(io::Error, String)>);

impl Deref for IoError {
    type Target = io::Error;

    fn deref(&self) -> &io::Error {
        &self.0.0
    }
}

impl PartialEq for IoError {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.0.1 == other.0.1
    }
}

impl Eq for IoError {}

impl fmt::Debug for IoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.0, f)
    }
}

impl fmt::Display for IoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.1)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn an_io_error_is_kept_and_compared_by_kind_and_text() {
        let refused = |text| Error::from(io::Error::new(io::ErrorKind::ConnectionRefused, text));
        assert_eq!(refused("a"), refused("a"));
        assert_ne!(refused("a"), refused("b"));
        assert_ne!(refused("a"), Error::from(io::Error::other("a")));
        let error = Error::from(io::Error::from_raw_os_error(2)).clone();
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        assert_eq!(source.and_then(io::Error::raw_os_error), Some(2));
        // What a `main` that returns the error prints.
        let inner = format!("{:?}", io::Error::from_raw_os_error(2));
        assert_eq!(format!("{error:?}"), format!("Io {{ kind: NotFound, source: {inner} }}"));
    }
}
