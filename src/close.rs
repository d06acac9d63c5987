//! How a connection ends: the code that can be asked for, and what is known afterwards.

use std::fmt;

use crate::error::Error;

/// The longest close reason in bytes of UTF-8: a control frame carries 125, two of them are the code (RFC 6455, 5.5).
pub(crate) const MAX_REASON: usize = 123;

/// A close code that may be sent.
///
/// A client can send what a browser can: 1000, and 3000 to 4999 (3000 to 3999 are for registered uses, 4000 to 4999
/// are yours). A value made by [`new`](Self::new) is one of these. An accepted peer, the server's side, may also send
/// the codes that [`for_server`](Self::for_server) takes.
///
/// ```
/// use websocket_peer::CloseCode;
///
/// const KICKED: u16 = 4001;
/// assert_eq!(CloseCode::new(KICKED)?.get(), 4001);
/// assert!(CloseCode::new(1006).is_err()); // never sent by anyone (RFC 6455, 7.4.1)
/// # Ok::<(), websocket_peer::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);

    /// 1001: a server goes down.
    pub(crate) const GOING_AWAY: Self = Self(1001);

    /// 1008: the other end went over a limit.
    pub(crate) const POLICY: Self = Self(1008);

    /// A code that every peer may send: 1000, or 3000 to 4999.
    ///
    /// # Errors
    /// [`Error::InvalidCloseCode`] for any other number.
    pub fn new(code: u16) -> Result<Self, Error> {
        match code {
            1000 | 3000..=4999 => Ok(Self(code)),
            _ => Err(Error::InvalidCloseCode { code }),
        }
    }

    /// A code that an accepted peer may send: those of [`new`](Self::new), and 1001 to 1003 and 1007 to 1014
    /// (RFC 6455, 7.4.1, and the IANA registry).
    ///
    /// Godot engines and WebKit take 1012 to 1014 for a protocol error, and lose code and reason: for them, use a code of
    /// your own from 4000 on.
    ///
    /// # Errors
    /// [`Error::InvalidCloseCode`] for any other number; later from
    /// [`close_with`](crate::WebSocketPeer::close_with), when a peer that connected is asked to send it.
    pub fn for_server(code: u16) -> Result<Self, Error> {
        match code {
            1001..=1003 | 1007..=1014 => Ok(Self(code)),
            _ => Self::new(code),
        }
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }

    /// Whether a client may send it, too.
    pub(crate) fn is_for_clients(self) -> bool {
        Self::new(self.0).is_ok()
    }
}

impl Default for CloseCode {
    /// [`NORMAL`](Self::NORMAL).
    fn default() -> Self {
        Self::NORMAL
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How the last connection ended. `Display` says it in a sentence.
///
/// Godot: `get_close_code`, `get_close_reason`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseInfo {
    /// The code of the closing handshake: the one that the other end sent, or the one that this end had to give
    /// because of what it received (1002, 1007, 1009; 4008 for an overflow in a browser; 1008 for an excess of a
    /// server's peer). `None` where there was none: no close frame at all, or one without a code.
    pub code: Option<u16>,
    /// The reason that came with the code, as the other end wrote it: treat it as hostile text.
    pub reason: String,
    /// Why the connection ended, as far as the platform lets us know.
    pub cause: CloseCause,
}

impl CloseInfo {
    pub(crate) fn new(cause: CloseCause) -> Self {
        Self { code: None, reason: String::new(), cause }
    }

    pub(crate) fn with_code(cause: CloseCause, code: u16) -> Self {
        Self { code: Some(code), reason: String::new(), cause }
    }

    /// Whether both ends said goodbye: a close frame went each way (the browser's `wasClean`).
    pub fn was_clean(&self) -> bool {
        matches!(self.cause, CloseCause::Local | CloseCause::Remote)
    }

    /// The number that Godot's `get_close_code` would give: the code, 0 for a close frame without one, -1 where there
    /// was no close frame.
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
    /// An end without a closing handshake: for transports of your own, under a
    /// [`Session`](crate::multiplayer::Session).
    fn from(cause: CloseCause) -> Self {
        Self::new(cause)
    }
}

impl fmt::Display for CloseInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)?;
        if let Some(code) = self.code {
            write!(f, " (code {code}")?;
            if !self.reason.is_empty() {
                write!(f, ", reason: {}", self.reason.escape_debug())?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// Why a connection ended. Natively the whole list can occur; a browser hides much of it, and what it then tells is
/// said at the variant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseCause {
    /// This end asked to close, and the other end answered.
    Local,
    /// The other end closed with a close frame.
    Remote,
    /// This end gave the connection up without a closing handshake: `abort()`, or `close()` while connecting.
    Aborted,
    /// The host's name has no address.
    ///
    /// Platform: a browser tells `Refused`.
    Unresolved,
    /// The connection never opened: nobody listens there, the network does not lead there, or the server answered
    /// the upgrade with another status than 101.
    ///
    /// Platform: a browser gives this cause, without a status, for every connection that does not open, be it a
    /// wrong certificate, a handshake that breaks the rules, mixed content (a `ws:` address in an `https:` page) or
    /// a permission that the user denied.
    Refused {
        /// The HTTP status that the server answered with, if it did.
        status: Option<u16>,
    },
    /// What came in place of a handshake was none, or one that breaks the rules of RFC 6455, section 4.
    ///
    /// Platform: a browser tells `Refused`.
    Handshake {
        /// The rule.
        why: &'static str,
    },
    /// The secure channel could not be made.
    ///
    /// Platform: a browser tells `Refused`.
    Tls {
        /// What was wrong.
        failure: TlsFailure,
    },
    /// The connection was open, and went away without a close frame.
    Lost,
    /// A time limit of [`Options`](crate::Options) or [`PeerLimits`](crate::PeerLimits) ran out.
    TimedOut {
        /// Which of them.
        what: Deadline,
    },
    /// The other end broke the rules of RFC 6455, and was told so with the code in [`CloseInfo::code`] (1002; 1007
    /// for text that is no UTF-8).
    ///
    /// Platform: a browser tells the other end, but here only `Lost`.
    Protocol,
    /// The other end sent a message larger than [`Options::max_message_size`](crate::Options::max_message_size).
    ///
    /// Platform: natively the other end is told with 1009. A browser lets no page send that code, so it is told
    /// with 4009 there; [`CloseInfo::code`] is 1009 on both.
    TooBig,
    /// More packets waited than [`Options::backlog_buffer_size`](crate::Options::backlog_buffer_size) and
    /// [`max_backlog_packets`](crate::Options::max_backlog_packets) allow.
    ///
    /// Platform: only in browsers, which cannot slow a sender down; the other end is told with 4008. Natively TCP
    /// slows it, and nothing is lost.
    Overflow,
    /// The other end, a peer of a server, went over one of the server's limits, and was told so with 1008.
    ///
    /// Platform: only natively, as servers are.
    Excess {
        /// Which limit.
        what: Excess,
    },
}

impl fmt::Display for CloseCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("closed by this end"),
            Self::Remote => f.write_str("closed by the other end"),
            Self::Aborted => f.write_str("given up by this end"),
            Self::Unresolved => f.write_str("the host name has no address"),
            Self::Refused { status: Some(status) } => {
                write!(f, "the server refused the connection with HTTP status {status}")
            }
            Self::Refused { status: None } => f.write_str("the connection was refused"),
            Self::Handshake { why } => write!(f, "no valid WebSocket handshake: {why}"),
            Self::Tls { failure } => write!(f, "no secure connection: {failure}"),
            Self::Lost => f.write_str("the connection was lost"),
            Self::TimedOut { what } => f.write_str(match what {
                Deadline::Connect => "the connection did not open in time",
                Deadline::Close => "the other end did not answer the close in time",
                Deadline::Id => "the server said no id in time",
                Deadline::Heartbeat => "the other end fell silent",
                Deadline::Liveness => "the other end did not answer the probe in time",
                Deadline::Message => "a message of the other end was not whole within `max_message_time`",
            }),
            Self::Protocol => f.write_str("the other end broke the WebSocket protocol"),
            Self::TooBig => f.write_str("the other end sent a message over `max_message_size`"),
            Self::Overflow => f.write_str("more packets arrived than the backlog may hold"),
            Self::Excess { what } => write!(f, "the other end {what}"),
        }
    }
}

/// A time limit that can end a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deadline {
    /// [`Options::connect_timeout`](crate::Options::connect_timeout).
    Connect,
    /// [`Options::close_timeout`](crate::Options::close_timeout).
    Close,
    /// [`SessionOptions::id_timeout`](crate::multiplayer::SessionOptions::id_timeout).
    Id,
    /// [`Options::heartbeat_timeout`](crate::Options::heartbeat_timeout).
    Heartbeat,
    /// [`Liveness::timeout`](crate::Liveness::timeout).
    Liveness,
    /// [`PeerLimits::max_message_time`](crate::PeerLimits::max_message_time). The other end was told with 1008.
    Message,
}

/// A limit that a peer of a server went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Excess {
    /// [`PeerLimits::max_packets_per_second`](crate::PeerLimits::max_packets_per_second).
    Packets,
    /// [`PeerLimits::max_bytes_per_second`](crate::PeerLimits::max_bytes_per_second).
    Bytes,
    /// [`PeerLimits::max_control_frames_per_second`](crate::PeerLimits::max_control_frames_per_second).
    ControlFrames,
    /// [`PeerLimits::max_fragments`](crate::PeerLimits::max_fragments).
    Fragments,
    /// [`ServerOptions::max_time_full`](crate::ServerOptions::max_time_full): it takes its packets too slowly.
    Slow,
    /// [`SessionOptions::max_rejected_packets_per_second`](crate::multiplayer::SessionOptions::max_rejected_packets_per_second).
    Rejected,
    /// A packet of a [multiplayer session](crate::multiplayer) found its outbound queue full. Such a session is reliable and
    /// ordered, so nobody can miss a packet of it and stay.
    Behind,
}

impl fmt::Display for Excess {
    /// What the other end did.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Packets => "sent packets faster than `max_packets_per_second`",
            Self::Bytes => "sent bytes faster than `max_bytes_per_second`",
            Self::ControlFrames => "sent control frames faster than `max_control_frames_per_second`",
            Self::Fragments => "sent a message in more fragments than `max_fragments`",
            Self::Rejected => "sent rejected packets faster than `max_rejected_packets_per_second`",
            Self::Behind => "took packets more slowly than the session makes them",
            Self::Slow => "left its outbound queue full for longer than `max_time_full`",
        })
    }
}

/// What was wrong with the secure channel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The certificate was issued by nobody whom this end trusts.
    UnknownIssuer,
    /// The certificate is for another name.
    WrongName,
    /// The certificate is no longer, or not yet, valid.
    Expired,
    /// Something else, in words that a person can read. They may change with each version.
    Other(String),
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => f.write_str("the certificate was issued by an unknown authority"),
            Self::WrongName => f.write_str("the certificate is for another name"),
            Self::Expired => f.write_str("the certificate is expired or not yet valid"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_nobody_may_send_cannot_be_held() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert_eq!(CloseCode::new(code), Err(Error::InvalidCloseCode { code }));
            assert_eq!(CloseCode::for_server(code), Err(Error::InvalidCloseCode { code }));
        }
        for code in [1000, 3000, 3999, 4000, 4999] {
            assert!(CloseCode::new(code).unwrap().is_for_clients());
        }
        for code in [1001, 1003, 1007, 1011, 1014] {
            assert!(CloseCode::new(code).is_err());
            assert!(!CloseCode::for_server(code).unwrap().is_for_clients());
        }
    }

    #[test]
    fn a_reason_cannot_forge_a_line_of_a_log() {
        let info = CloseInfo { code: Some(4000), reason: "a\nb".into(), cause: CloseCause::Remote };
        assert_eq!(info.to_string(), "closed by the other end (code 4000, reason: a\\nb)");
    }

    #[test]
    fn an_excess_names_the_limit() {
        for (what, limit) in [
            (Excess::Packets, "`max_packets_per_second`"),
            (Excess::Bytes, "`max_bytes_per_second`"),
            (Excess::ControlFrames, "`max_control_frames_per_second`"),
            (Excess::Fragments, "`max_fragments`"),
            (Excess::Slow, "`max_time_full`"),
            (Excess::Rejected, "`max_rejected_packets_per_second`"),
        ] {
            let sentence = CloseCause::Excess { what }.to_string();
            assert!(sentence.starts_with("the other end ") && sentence.ends_with(limit), "{sentence}");
        }
    }

    #[test]
    fn godot_numbers_tell_no_frame_from_an_empty_one() {
        assert_eq!(CloseInfo::new(CloseCause::Lost).godot_code(), -1);
        assert_eq!(CloseInfo::new(CloseCause::Remote).godot_code(), 0);
        assert_eq!(CloseInfo::with_code(CloseCause::TooBig, 1009).godot_code(), 1009);
    }
}
