//! What can be wrong with a call. What the network does is no error: see [`CloseInfo`](crate::CloseInfo).

use std::{fmt, io};

use crate::{state::ReadyState, variant::EncodeError};

/// The call asked for something that cannot be done, or there is no room for it. The peer is as it was before.
///
/// The same on every platform. Each variant's text says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The address is no `ws:` or `wss:` URL that every platform understands alike. Correct the URL; `why` says where.
    InvalidUrl {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Browsers block the URL's port: it belongs to another protocol (Fetch Standard, "bad port"). Let the server listen on
    /// another port. Native programs can set [`PeerOptions::allow_blocked_ports`](crate::PeerOptions::allow_blocked_ports).
    BlockedPort {
        /// The port.
        port: u16,
    },
    /// A value in [`PeerOptions`](crate::PeerOptions), [`ServerOptions`](crate::ServerOptions) or
    /// [`UpgradedStream`](crate::UpgradedStream) makes no sense. Correct that
    /// option.
    InvalidOption {
        /// The field's name.
        option: &'static str,
        /// What is wrong with its value.
        why: &'static str,
    },
    /// This close code cannot be sent from here. Clients may send 1000 and 3000 to 4999; see
    /// [`CloseCode`](crate::CloseCode).
    InvalidCloseCode {
        /// The code that was asked for.
        code: u16,
    },
    /// The close reason is longer than the 123 bytes of UTF-8 that a close frame can carry. Shorten it.
    ReasonTooLong {
        /// Its length in bytes of UTF-8.
        len: usize,
    },
    /// The peer is connecting or open already. Close it, or use another peer.
    AlreadyInUse,
    /// There is no open connection to do this on. Wait for [`ReadyState::Open`], or connect again.
    NotOpen {
        /// The state that the peer is in.
        state: ReadyState,
    },
    /// The other end, or the network, takes packets more slowly than they are sent. Poll and try again later, send
    /// less, or drop the packet; it was not queued.
    SendQueueFull {
        /// How many bytes a packet may have to fit now; 0 where as many packets wait as may wait.
        room: usize,
    },
    /// The packet is larger than [`PeerOptions::outbound_buffer_size`](crate::PeerOptions::outbound_buffer_size) and can
    /// never be sent. Split it, or raise the option.
    PacketTooBig {
        /// The packet's length in bytes.
        len: usize,
        /// The greatest length that can be sent.
        max: usize,
    },
    /// The server has no place for one more peer. Try again later, or raise [`max_peers`](crate::ServerOptions::max_peers).
    ServerFull {
        /// What there is no place in.
        why: &'static str,
    },
    /// There is no such peer: it has closed, or never was one of this server's or session's. Forget its key.
    UnknownPeer,
    /// The value cannot be encoded: `why` says what in it. Send another one.
    InvalidVariant {
        /// What is wrong with it.
        why: EncodeError,
    },
    /// This platform, or this build of the crate, cannot do it. Do without, or see the feature that `what` names.
    Unsupported {
        /// What cannot be done.
        what: &'static str,
    },
    /// The operating system refused a call on this end's own socket.
    Io {
        /// The kind of failure.
        kind: io::ErrorKind,
        /// The system's own words.
        message: String,
    },
}

impl Error {
    /// The number of Godot's `Error` constant that its `WebSocketPeer` answers in the like case.
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
            Self::InvalidVariant { reason: why } => match why {
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

    /// The variant's name, for shells that have no enums.
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
            Self::InvalidVariant { .. } => "InvalidVariant",
            Self::Unsupported { .. } => "Unsupported",
            Self::Io { .. } => "Io",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidUrl { reason: why } => write!(f, "invalid WebSocket URL: {why}"),
            Self::BlockedPort { port } => {
                write!(f, "browsers block port {port}, which belongs to another protocol; use another port")
            }
            Self::InvalidOption { option, reason: why } => write!(f, "invalid option `{option}`: {why}"),
            Self::InvalidCloseCode { code } => {
                write!(f, "close code {code} cannot be sent from here; 1000 and 3000 to 4999 can")
            }
            Self::ReasonTooLong { len } => {
                write!(f, "the close reason has {len} bytes; at most 123 fit into a close frame")
            }
            Self::AlreadyInUse => f.write_str("the peer is connecting or open already"),
            Self::NotOpen { state } => write!(f, "the peer is {state}, not open"),
            Self::SendQueueFull { room } => {
                write!(f, "the outbound queue is full; a packet of {room} bytes would fit now")
            }
            Self::PacketTooBig { len, max } => {
                write!(f, "a packet of {len} bytes can never be sent; `outbound_buffer_size` is {max}")
            }
            Self::ServerFull { reason: why } => write!(f, "no place for one more peer: {why}"),
            Self::UnknownPeer => f.write_str("there is no such peer, or no longer"),
            Self::InvalidVariant { reason: why } => write!(f, "the value cannot be encoded: {why}"),
            Self::Unsupported { what } => write!(f, "unsupported here: {what}"),
            Self::Io { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

impl From<EncodeError> for Error {
    fn from(why: EncodeError) -> Self {
        Self::InvalidVariant { reason: why }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io { kind: error.kind(), message: error.to_string() }
    }
}
