//! Settings of peers and servers, and their checks.

mod liveness;
#[cfg(feature = "serde")]
mod reading;
mod request_values;
mod server;
mod share;
mod tls;

use std::time::Duration;

pub use liveness::Liveness;
pub(crate) use liveness::{HasStarter, Starter};
pub use server::{OriginPolicy, RateLimits, SendOverflow, ServerOptions};
pub(crate) use share::Share;
pub use tls::{TlsCertificate, TlsOptions, TlsRoots};

use crate::{error::Error, http::is_token};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The default of [`ServerOptions::max_request_size`], in bytes.
pub(crate) const MAX_REQUEST_SIZE: usize = 8 * KIB;

/// The largest size of a buffer or message: the largest that a 32-bit platform, such as WebAssembly, can hold.
const MAX_SIZE: usize = i32::MAX as usize;
/// The longest time limit. A longer one is probably a mistake.
const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Defines one chaining setter for each plain field.
macro_rules! setters {
    ($($field:ident: $type:ty),* $(,)?) => {$(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
        #[must_use]
        pub fn $field(mut self, $field: $type) -> Self {
            self.$field = $field;
            self
        }
    )*};
}
pub(crate) use setters;

/// The settings of a peer. All have defaults. Change a field, or chain the setters of the same names.
///
/// [`connect`](crate::WebSocketPeer::connect) and [`accept`](crate::WebSocketPeer::accept) check them, with the same
/// result on every platform. They apply to that connection.
///
/// ```
/// use std::time::Duration;
/// use websocket_peer::PeerOptions;
///
/// let options = PeerOptions::default().protocols(["chat"]).connect_timeout(Duration::from_secs(5));
/// assert_eq!(options.max_message_size, 1024 * 1024);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default = "reading::peer_defaults", deny_unknown_fields))]
pub struct PeerOptions {
    /// The largest message accepted, in payload bytes. A larger one ends the connection with
    /// [`CloseCause::MessageTooBig`](crate::CloseCause::MessageTooBig). Default: 1 MiB; 64 KiB in
    /// [`PeerOptions::for_server`].
    pub max_message_size: usize,
    /// The size of the inbox, in payload bytes. At least `max_message_size`. Default: 4 MiB.
    ///
    /// When the inbox is full, reading stops until there is room. Natively TCP then slows the sender down; in a
    /// browser, packets wait in the backlog. A peer holds at most this and one unfinished message.
    ///
    /// Godot: `inbound_buffer_size`.
    pub inbound_buffer_size: usize,
    /// The size of the send queue, in payload bytes, and the largest packet that can be sent. Packets that do not fit
    /// are rejected with [`Error::SendQueueFull`]. Default: 4 MiB.
    ///
    /// Godot: `outbound_buffer_size`.
    #[doc(alias = "encode_buffer_max_size")]
    pub outbound_buffer_size: usize,
    /// The maximum number of packets in the inbox, and in the send queue. Default: 4096.
    ///
    /// Godot: `max_queued_packets`.
    pub max_queued_packets: usize,
    /// The size of the backlog, in payload bytes. At least `max_message_size`. Default: 16 MiB.
    ///
    /// The backlog takes packets for which the inbox has no room, such as those that arrive while a tab is hidden and
    /// the program does not poll. When it overflows, the connection ends with
    /// [`CloseCause::InboxOverflow`](crate::CloseCause::InboxOverflow).
    ///
    /// Platform: browsers only, because they have no flow control for messages.
    pub backlog_buffer_size: usize,
    /// The maximum number of packets in the backlog. Default: 65,536.
    ///
    /// Platform: browsers only.
    pub max_backlog_packets: usize,
    /// The sub-protocols to offer, best first; for an accepted peer, those to choose from. Default: none.
    ///
    /// Clients that offer none of them are rejected, unless [`require_protocol`](Self::require_protocol) is `false`.
    ///
    /// Godot: `supported_protocols`.
    #[doc(alias = "supported_protocols")]
    pub protocols: Vec<String>,
    /// Reject clients that offer none of the [`protocols`](Self::protocols), with status 400. If `false`, they are
    /// accepted without a sub-protocol. Has no effect if `protocols` is empty. Default: true.
    ///
    /// A protocol that the hook of [`on_request`](crate::WebSocketServer::on_request) chooses counts as one of
    /// `protocols`.
    ///
    /// For accepted peers only. A client always rejects a protocol that it did not offer, and a server that chooses
    /// none of those that it offered (RFC 6455, 4.1, and the Fetch standard).
    ///
    /// Godot: always on. An engine ends the TCP connection without an answer.
    pub require_protocol: bool,
    /// Additional header fields of the handshake, as names and values. Default: none.
    ///
    /// Platform: not available in browsers. There [`connect`](crate::WebSocketPeer::connect) returns
    /// [`Error::Unsupported`] if there are any.
    ///
    /// Godot: `handshake_headers`.
    #[doc(alias = "handshake_headers")]
    pub headers: Vec<(String, String)>,
    /// Allow [`connect`](crate::WebSocketPeer::connect) to use ports that browsers block. They belong to other
    /// protocols, such as 25, 6000, 6667 or 10080. If `false`, `connect` returns [`Error::BlockedPort`] for them.
    /// Default: false.
    ///
    /// Pages cannot connect to a server on such a port, so set this only to reach a server that already uses one.
    /// Source: Fetch Standard, "bad port".
    ///
    /// Platform: browsers cannot connect to blocked ports. There `connect` returns [`Error::Unsupported`] for them if
    /// this is `true`.
    pub allow_blocked_ports: bool,
    /// The time limit for opening a connection: name lookup, TCP, TLS and handshake together. The connection then ends
    /// with [`Timeout::Connect`](crate::Timeout::Connect). Default: 10 s; 5 s in [`PeerOptions::for_server`].
    #[cfg_attr(feature = "serde", serde(with = "crate::serialization::seconds"))]
    pub connect_timeout: Duration,
    /// The time limit for the other end to answer a close. The connection then ends with
    /// [`Timeout::Close`](crate::Timeout::Close). Default: 3 s.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialization::seconds"))]
    pub close_timeout: Duration,
    /// The interval between pings. Zero: no pings. Default: 20 s.
    ///
    /// Pings are sent whether the connection is busy or idle, and measure the round-trip time
    /// ([`Stats::rtt`](crate::Stats::rtt)). While one is unanswered, the next is sent only after this time without any
    /// incoming data. A connection of a server sends its first ping earlier, after a quarter of this time or more, so
    /// that connections which opened together do not send their pings together.
    ///
    /// Platform: natively only. Pages cannot send pings; browsers answer those of servers themselves.
    ///
    /// Godot: `heartbeat_interval`, in seconds.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialization::seconds"))]
    pub heartbeat_interval: Duration,
    /// The time limit for an answer after [`heartbeat_interval`](Self#structfield.heartbeat_interval) without incoming
    /// data. If nothing at all is received, the connection ends with [`Timeout::Heartbeat`](crate::Timeout::Heartbeat).
    /// Default: 20 s.
    ///
    /// Platform: natively only.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialization::seconds"))]
    pub heartbeat_timeout: Duration,
    /// A probe packet to send after a silence, and the time limit for its answer. Default: none.
    ///
    /// It is meant for browsers, in which pages cannot send pings. Without it, a connection that was lost while a laptop
    /// slept, or while a phone had the page in the background, is detected after minutes, or never. It works natively as
    /// well, but there the heartbeat does the same without support by the other end's program.
    ///
    /// The probe is sent at once, without the silence, after events that often break connections: when the machine
    /// resumes from sleep, and in a browser at the events `online`, `offline` and `pageshow` and when the page becomes
    /// visible again. Workers receive only the first two.
    pub liveness: Option<Liveness>,
    /// Send small packets at once (`TCP_NODELAY`), without waiting to share a segment. Default: true.
    ///
    /// Platform: browsers always do.
    ///
    /// Godot: `set_no_delay`.
    #[doc(alias = "set_no_delay")]
    pub nodelay: bool,
    /// The certificates of secure connections. Default: the platform's certificate authorities, and no certificate of
    /// this end.
    pub tls: TlsOptions,
}

impl Default for PeerOptions {
    fn default() -> Self {
        Self {
            max_message_size: MIB,
            inbound_buffer_size: 4 * MIB,
            outbound_buffer_size: 4 * MIB,
            max_queued_packets: 4096,
            backlog_buffer_size: 16 * MIB,
            max_backlog_packets: 65_536,
            protocols: Vec::new(),
            require_protocol: true,
            headers: Vec::new(),
            allow_blocked_ports: false,
            connect_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(3),
            heartbeat_interval: Duration::from_secs(20),
            heartbeat_timeout: Duration::from_secs(20),
            liveness: None,
            nodelay: true,
            tls: TlsOptions::default(),
        }
    }
}

impl PeerOptions {
    /// Returns the defaults for peers that a server accepts, made for untrusted clients: messages of at most 64 KiB,
    /// and 5 s for TLS and handshake.
    #[must_use]
    pub fn for_server() -> Self {
        Self { max_message_size: 64 * KIB, connect_timeout: Duration::from_secs(5), ..Self::default() }
    }

    setters! {
        max_message_size: usize,
        inbound_buffer_size: usize,
        outbound_buffer_size: usize,
        max_queued_packets: usize,
        backlog_buffer_size: usize,
        max_backlog_packets: usize,
        allow_blocked_ports: bool,
        require_protocol: bool,
        connect_timeout: Duration,
        close_timeout: Duration,
        heartbeat_interval: Duration,
        heartbeat_timeout: Duration,
        nodelay: bool,
        tls: TlsOptions,
    }

    /// Sets [`liveness`](Self#structfield.liveness).
    #[must_use]
    pub fn liveness(mut self, liveness: Liveness) -> Self {
        self.liveness = Some(liveness);
        self
    }

    /// Sets [`protocols`](Self#structfield.protocols).
    #[must_use]
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a field to [`headers`](Self#structfield.headers).
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Checks all options.
    pub(crate) fn check(&self) -> Result<(), Error> {
        Ok(self.check_values()?)
    }

    fn check_values(&self) -> Result<(), InvalidValue> {
        let sizes = [
            ("max_message_size", self.max_message_size),
            ("inbound_buffer_size", self.inbound_buffer_size),
            ("outbound_buffer_size", self.outbound_buffer_size),
            ("max_queued_packets", self.max_queued_packets),
            ("backlog_buffer_size", self.backlog_buffer_size),
            ("max_backlog_packets", self.max_backlog_packets),
        ];
        for (option, size) in sizes {
            check_size(option, size)?;
        }
        let [_, inbound, _, _, backlog, _] = sizes;
        for (option, size) in [inbound, backlog] {
            if size < self.max_message_size {
                let reason = "it is less than `max_message_size`";
                return Err(InvalidValue { option, reason });
            }
        }
        let times = [
            ("connect_timeout", self.connect_timeout, false),
            ("close_timeout", self.close_timeout, false),
            ("heartbeat_interval", self.heartbeat_interval, true),
            ("heartbeat_timeout", self.heartbeat_timeout, false),
        ];
        for (option, time, may_be_zero) in times {
            check_time(option, time, may_be_zero)?;
        }
        if let Some(liveness) = &self.liveness {
            liveness.check(self.outbound_buffer_size)?;
        }
        self.check_protocols()?;
        check_headers(&self.headers)?;
        self.tls.check()
    }

    fn check_protocols(&self) -> Result<(), InvalidValue> {
        let invalid = |reason| Err(InvalidValue { option: "protocols", reason });
        for (index, protocol) in self.protocols.iter().enumerate() {
            if protocol.is_empty() {
                return invalid("one is empty");
            }
            if !is_token(protocol.as_bytes()) {
                return invalid("one has a character that is not allowed in an HTTP token");
            }
            if self.protocols[..index].contains(protocol) {
                return invalid("one is listed twice");
            }
        }
        Ok(())
    }
}

/// An option, and the rule that its value breaks. It is smaller than [`Error`], which keeps the code of the many
/// checks small.
#[derive(Debug)]
pub(crate) struct InvalidValue {
    option: &'static str,
    reason: &'static str,
}

impl From<InvalidValue> for Error {
    fn from(InvalidValue { option, reason }: InvalidValue) -> Self {
        Self::InvalidOption { option, reason }
    }
}

fn check_size(option: &'static str, size: usize) -> Result<(), InvalidValue> {
    match size {
        0 => Err(InvalidValue { option, reason: "it is zero" }),
        1..=MAX_SIZE => Ok(()),
        _ => Err(InvalidValue { option, reason: "it is over 2,147,483,647" }),
    }
}

fn check_time(option: &'static str, time: Duration, may_be_zero: bool) -> Result<(), InvalidValue> {
    if time.is_zero() && !may_be_zero {
        return Err(InvalidValue { option, reason: "it is zero" });
    }
    if time > MAX_TIME {
        return Err(InvalidValue { option, reason: "it is over 24 hours" });
    }
    Ok(())
}

/// Checks the additional header fields of a handshake.
pub(crate) fn check_headers(headers: &[(String, String)]) -> Result<(), InvalidValue> {
    /// The fields that the handshake itself sets, besides `sec-websocket-*`.
    const RESERVED_HEADERS: [&str; 5] =
        ["host", "connection", "upgrade", "content-length", "transfer-encoding"];
    let invalid = |reason| Err(InvalidValue { option: "headers", reason });
    for (name, value) in headers {
        if !is_token(name.as_bytes()) {
            return invalid("a name is empty or has a character that is not allowed in a field name");
        }
        let is_reserved = |reserved: &str| name.eq_ignore_ascii_case(reserved);
        let prefix = "sec-websocket-";
        let has_prefix = name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        if has_prefix || RESERVED_HEADERS.into_iter().any(is_reserved) {
            return invalid(
                "a field is reserved for the handshake (host, connection, upgrade, sec-websocket-…)",
            );
        }
        let mut ends = value.chars().next().into_iter().chain(value.chars().next_back());
        if value.is_empty() || ends.any(char::is_whitespace) {
            return invalid("a value is empty, or has white space around it");
        }
        // A line break would let the value inject another field.
        if !value.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b)) {
            return invalid("a value has a character other than printable ASCII");
        }
    }
    Ok(())
}
