//! How a connection ends: the close codes that can be sent, and the information about a connection that has ended.

mod escape;

use std::fmt;

use crate::{
    error::Error,
    text::{decimal, write_parts},
};

/// The longest close reason in bytes of UTF-8: a control frame carries 125, two of them are the code (RFC 6455, 5.5).
const MAX_REASON: usize = 123;

/// Checks that a close reason fits into a close frame.
pub(crate) fn check_reason(reason: &str) -> Result<(), Error> {
    match reason.len() {
        0..=MAX_REASON => Ok(()),
        len => Err(Error::ReasonTooLong { len }),
    }
}

/// A close code that a close frame may carry (RFC 6455, 7.4, and the IANA registry): 1000 to 1003, 1007 to 1014 and
/// 3000 to 4999.
///
/// An accepted peer may send all of them. A peer that connected may send the same codes as a page in a browser:
/// [`NORMAL`](Self::NORMAL) and 3000 to 4999. Codes from 4000 on are for applications.
///
/// ```
/// use websocket_peer::CloseCode;
///
/// const KICKED: CloseCode = CloseCode::application::<4001>();
/// assert_eq!(KICKED.get(), 4001);
/// assert_eq!(CloseCode::new(4001), Ok(KICKED));
/// assert!(CloseCode::new(1006).is_err()); // never sent (RFC 6455, 7.4.1)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u16", into = "u16"))]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: a normal close.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server shuts down.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the other end broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: this kind of data is not accepted.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1007: a text message was not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: the other end broke a rule or exceeded a limit.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message was too big.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1010: the server did not negotiate an extension that the client needs.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: an internal error of the server.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the server restarts.
    ///
    /// Platform: Godot engines and WebKit treat 1012 to 1014 as protocol errors, and lose code and reason.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: the server is overloaded. Platform: see [`SERVICE_RESTART`](Self::SERVICE_RESTART).
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: a gateway got an invalid answer. Platform: see [`SERVICE_RESTART`](Self::SERVICE_RESTART).
    pub const BAD_GATEWAY: Self = Self(1014);

    /// Returns the close code of this number.
    ///
    /// # Errors
    /// [`Error::InvalidCloseCode`] for a number that no close frame may carry. A code that only a server may send is
    /// rejected by [`close_with`](crate::WebSocketPeer::close_with) of a peer that connected.
    pub const fn new(code: u16) -> Result<Self, Error> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(Self(code)),
            _ => Err(Error::InvalidCloseCode { code }),
        }
    }

    /// Returns a close code of an application or a library: 3000 to 4999. Another number does not compile.
    #[must_use]
    pub const fn application<const CODE: u16>() -> Self {
        const { assert!(CODE >= 3000 && CODE <= 4999, "application close codes are 3000 to 4999") }
        Self(CODE)
    }

    /// Returns the number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns `true` if a client may send it.
    pub(crate) fn is_for_clients(self) -> bool {
        matches!(self.0, 1000 | 3000..=4999)
    }
}

impl Default for CloseCode {
    /// [`NORMAL`](Self::NORMAL).
    fn default() -> Self {
        Self::NORMAL
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = Error;

    /// As [`CloseCode::new`].
    fn try_from(code: u16) -> Result<Self, Error> {
        Self::new(code)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How the last connection ended. `Display` writes it as a sentence.
///
/// Godot: `get_close_code`, `get_close_reason`.
#[doc(alias = "get_close_code")]
#[doc(alias = "get_close_reason")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseInfo {
    /// The code of the closing handshake: the code that the other end sent, or the code that this end sent because of
    /// an error or limit (1002, 1007, 1009; 4008 for an overflow in a browser; 1008 for a peer of a server that
    /// exceeded a limit). `None` if there was no close frame, or one without a code.
    pub code: Option<u16>,
    /// The reason that came with the code, as the other end wrote it. It is untrusted text.
    pub reason: String,
    /// Why the connection ended, as far as the platform reports it.
    pub cause: CloseCause,
}

impl CloseInfo {
    pub(crate) fn new(cause: CloseCause) -> Self {
        Self { code: None, reason: String::new(), cause }
    }

    pub(crate) fn with_code(cause: CloseCause, code: u16) -> Self {
        Self { code: Some(code), reason: String::new(), cause }
    }

    /// Returns `true` if a close frame was sent each way (the browser's `wasClean`).
    pub fn was_clean(&self) -> bool {
        matches!(self.cause, CloseCause::Local | CloseCause::Remote)
    }

    /// Returns the number that Godot's `get_close_code` would return: the code, 0 for a close frame without a code, -1
    /// if there was no close frame.
    ///
    /// Godot: `get_close_code`.
    #[doc(alias = "get_close_code")]
    pub fn godot_code(&self) -> i32 {
        match self.code {
            Some(code) => code.into(),
            None if self.was_clean() => 0,
            None => -1,
        }
    }
}

impl From<CloseCause> for CloseInfo {
    /// Returns the information for an end without a closing handshake, for a transport that the program provides to a
    /// `multiplayer::Session`.
    fn from(cause: CloseCause) -> Self {
        Self::new(cause)
    }
}

impl std::error::Error for CloseInfo {
    /// The [`cause`](Self::cause).
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl fmt::Display for CloseInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)?;
        if let Some(code) = self.code {
            write_parts(f, &[" (code ", &decimal(code.into())])?;
            if !self.reason.is_empty() {
                f.write_str(", reason: ")?;
                escape::write(&self.reason, f)?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// Why a connection ended.
///
/// Platform: a browser hides many of these causes. Each variant names what it reports instead.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseCause {
    /// This end closed the connection, and the other end answered.
    Local,
    /// The other end closed the connection with a close frame.
    Remote,
    /// This end dropped the connection without a closing handshake: `abort()`, or `close()` while connecting.
    Aborted,
    /// The host name has no address.
    ///
    /// Platform: `Refused` in a browser.
    DnsFailed,
    /// The connection never opened: the port is closed, the host cannot be reached, or the server answered the upgrade
    /// request with another status than 101.
    ///
    /// Platform: a browser reports this, without a status, for every connection that does not open: also for an invalid
    /// certificate, an invalid handshake, mixed content (a `ws:` address in an `https:` page) and a permission that the
    /// user denied.
    #[non_exhaustive]
    Refused {
        /// The HTTP status of the server's answer, if there was one.
        status: Option<u16>,
    },
    /// The other end did not make a valid handshake (RFC 6455, section 4).
    ///
    /// Platform: `Refused` in a browser.
    #[non_exhaustive]
    HandshakeFailed {
        /// The rule that was broken.
        reason: &'static str,
    },
    /// The TLS handshake failed.
    ///
    /// Platform: `Refused` in a browser.
    Tls(TlsFailure),
    /// The open connection was lost, without a close frame.
    ConnectionLost,
    /// A time limit ran out.
    TimedOut(Timeout),
    /// The other end broke RFC 6455, and was sent the code in [`CloseInfo::code`]: 1002, or 1007 for text that is not
    /// UTF-8.
    ///
    /// Platform: a browser sends the code, and reports `ConnectionLost` here.
    Protocol,
    /// The other end sent a message larger than
    /// [`PeerOptions::max_message_size`](crate::PeerOptions::max_message_size).
    ///
    /// Platform: natively the other end is sent 1009. A page cannot send that code, and sends 4009.
    /// [`CloseInfo::code`] is 1009 on both.
    MessageTooBig,
    /// More packets waited than [`PeerOptions::backlog_buffer_size`](crate::PeerOptions::backlog_buffer_size) and
    /// [`max_backlog_packets`](crate::PeerOptions::max_backlog_packets) allow. The other end was sent 4008.
    ///
    /// Platform: only in browsers, which have no flow control for messages. Natively TCP slows the sender down.
    InboxOverflow,
    /// A peer of a server exceeded a limit, and was sent 1008.
    ///
    /// Platform: only natively, as servers are.
    LimitExceeded(Limit),
}

impl fmt::Display for CloseCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("closed by this end"),
            Self::Remote => f.write_str("closed by the other end"),
            Self::Aborted => f.write_str("aborted by this end"),
            Self::DnsFailed => f.write_str("the host name has no address"),
            Self::Refused { status: Some(status) } => {
                let status = decimal((*status).into());
                write_parts(f, &["the server refused the connection with HTTP status ", &status])
            }
            Self::Refused { status: None } => f.write_str("the connection was refused"),
            Self::HandshakeFailed { reason } => write_parts(f, &["invalid WebSocket handshake: ", reason]),
            Self::Tls(failure) => {
                f.write_str("the TLS handshake failed: ")?;
                failure.fmt(f)
            }
            Self::ConnectionLost => f.write_str("the connection was lost"),
            Self::TimedOut(timeout) => timeout.fmt(f),
            Self::Protocol => f.write_str("the other end broke the WebSocket protocol"),
            Self::MessageTooBig => f.write_str("the other end sent a message over `max_message_size`"),
            Self::InboxOverflow => f.write_str("more packets arrived than the backlog may hold"),
            Self::LimitExceeded(limit) => {
                f.write_str("the other end ")?;
                limit.fmt(f)
            }
        }
    }
}

impl std::error::Error for CloseCause {
    /// The [`TlsFailure`] of [`Tls`](Self::Tls).
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Tls(failure) => Some(failure),
            _ => None,
        }
    }
}

/// A time limit that can end a connection. `Display` describes it as a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timeout {
    /// [`PeerOptions::connect_timeout`](crate::PeerOptions::connect_timeout). At a client of the feature `multiplayer`
    /// the server's id must arrive in that time, too.
    Connect,
    /// [`PeerOptions::close_timeout`](crate::PeerOptions::close_timeout).
    Close,
    /// [`PeerOptions::heartbeat_timeout`](crate::PeerOptions::heartbeat_timeout).
    Heartbeat,
    /// [`Liveness::timeout`](crate::Liveness::timeout).
    Liveness,
    /// [`RateLimits::max_message_time`](crate::RateLimits::max_message_time). The other end was sent 1008.
    Message,
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connection did not open in time",
            Self::Close => "the other end did not answer the close in time",
            Self::Heartbeat => "the other end did not answer a ping in time",
            Self::Liveness => "the other end did not answer the probe in time",
            Self::Message => "the other end did not finish a message within `max_message_time`",
        })
    }
}

/// A limit that a peer of a server exceeded. `Display` describes it, without the subject: "sent packets faster than …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`RateLimits::max_packets_per_second`](crate::RateLimits::max_packets_per_second).
    PacketRate,
    /// [`RateLimits::max_bytes_per_second`](crate::RateLimits::max_bytes_per_second).
    ByteRate,
    /// [`RateLimits::max_control_frames_per_second`](crate::RateLimits::max_control_frames_per_second).
    ControlFrameRate,
    /// [`RateLimits::max_fragments`](crate::RateLimits::max_fragments).
    Fragments,
    /// [`ServerOptions::slow_reader_timeout`](crate::ServerOptions::slow_reader_timeout); or the memory that its send
    /// queue held was needed for other packets of a session.
    SlowReader,
    /// `SessionOptions::max_rejected_packets_per_second`, of the feature `multiplayer`.
    RejectedPacketRate,
    /// The send queue had no room for a packet of a multiplayer session, or for a packet to several peers of a
    /// multiplayer server. These are reliable and ordered, so a peer that misses one packet cannot stay.
    SessionBacklog,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PacketRate => "sent packets faster than `max_packets_per_second`",
            Self::ByteRate => "sent bytes faster than `max_bytes_per_second`",
            Self::ControlFrameRate => "sent control frames faster than `max_control_frames_per_second`",
            Self::Fragments => "sent a message in more fragments than `max_fragments`",
            Self::RejectedPacketRate => "sent rejected packets faster than `max_rejected_packets_per_second`",
            Self::SessionBacklog => "read packets more slowly than the session sends them",
            Self::SlowReader => "read too slowly for the memory of the server, or for `slow_reader_timeout`",
        })
    }
}

/// Why a TLS handshake failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// No trusted authority issued the certificate.
    UnknownIssuer,
    /// The certificate is for another name.
    WrongName,
    /// The certificate has expired, or is not valid yet.
    Expired,
    /// Another failure, described for people. The text may change with each version.
    Other(String),
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => f.write_str("no trusted authority issued the certificate"),
            Self::WrongName => f.write_str("the certificate is for another name"),
            Self::Expired => f.write_str("the certificate is expired or not yet valid"),
            Self::Other(description) => f.write_str(description),
        }
    }
}

impl std::error::Error for TlsFailure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_no_close_frame_may_carry_are_invalid() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert_eq!(CloseCode::new(code), Err(Error::InvalidCloseCode { code }));
        }
        for code in [1000, 3000, 3999, 4000, 4999] {
            assert!(CloseCode::new(code).unwrap().is_for_clients());
        }
        for code in [1001, 1003, 1007, 1011, 1014] {
            assert!(!CloseCode::new(code).unwrap().is_for_clients());
        }
    }

    #[test]
    fn a_reason_cannot_forge_a_log_line() {
        let info = CloseInfo { code: Some(4000), reason: "a\nb".into(), cause: CloseCause::Remote };
        assert_eq!(info.to_string(), "closed by the other end (code 4000, reason: a\\nb)");
    }

    #[test]
    fn an_exceeded_limit_is_named() {
        for (limit, name) in [
            (Limit::PacketRate, "`max_packets_per_second`"),
            (Limit::ByteRate, "`max_bytes_per_second`"),
            (Limit::ControlFrameRate, "`max_control_frames_per_second`"),
            (Limit::Fragments, "`max_fragments`"),
            (Limit::SlowReader, "`slow_reader_timeout`"),
            (Limit::RejectedPacketRate, "`max_rejected_packets_per_second`"),
        ] {
            let sentence = CloseCause::LimitExceeded(limit).to_string();
            assert!(sentence.starts_with("the other end ") && sentence.ends_with(name), "{sentence}");
        }
    }

    #[test]
    fn godot_codes_distinguish_a_missing_close_frame_from_an_empty_one() {
        assert_eq!(CloseInfo::new(CloseCause::ConnectionLost).godot_code(), -1);
        assert_eq!(CloseInfo::new(CloseCause::Remote).godot_code(), 0);
        assert_eq!(CloseInfo::with_code(CloseCause::MessageTooBig, 1009).godot_code(), 1009);
    }
}
