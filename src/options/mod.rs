//! What can be set on a peer before it connects or accepts.

mod liveness;
mod server;
mod share;
mod tls;

use std::time::Duration;

pub use liveness::Liveness;
pub use server::{OriginPolicy, RateLimits, SendOverflow, ServerOptions};
pub(crate) use share::Share;
pub use tls::{TlsCertificate, TlsOptions, TlsRoots};

use crate::{error::Error, http::is_token};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// How many bytes the head of a request may have where nobody says otherwise.
pub(crate) const MAX_REQUEST_SIZE: usize = 8 * KIB;

/// The largest size that a buffer or message may be given: what a 32-bit platform, WebAssembly among them, can hold.
const MAX_SIZE: usize = i32::MAX as usize;
/// The longest time that may be given: beyond a day a time limit is a typing error.
const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Chaining setters, one a plain field.
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

/// The settings of a peer. All have defaults; change a field, or chain the setters of the same names.
///
/// They are checked by [`connect`](crate::WebSocketPeer::connect) and [`accept`](crate::WebSocketPeer::accept), with
/// the same verdict on every platform, and hold for that connection.
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
pub struct PeerOptions {
    /// The largest message to receive, in payload bytes; a larger one ends the connection with
    /// [`CloseCause::MessageTooBig`](crate::CloseCause::MessageTooBig). Default: 1 MiB; 64 KiB in [`PeerOptions::for_server`].
    pub max_message_size: usize,
    /// How many payload bytes may wait to be read. Default: 4 MiB; at least `max_message_size`.
    ///
    /// When as much waits, reading stops until there is room: natively TCP then slows the sender; in a browser
    /// packets wait in the backlog. The memory that a peer can hold is this, and one message under way.
    ///
    /// Godot: `inbound_buffer_size`.
    pub inbound_buffer_size: usize,
    /// How many payload bytes may wait to be sent; a packet beyond it is refused with
    /// [`Error::SendQueueFull`]. Also the largest packet that can be sent. Default: 4 MiB.
    ///
    /// Godot: `outbound_buffer_size`.
    pub outbound_buffer_size: usize,
    /// How many packets may wait to be read, and how many to be sent. Default: 4096.
    ///
    /// Godot: `max_queued_packets`.
    pub max_queued_packets: usize,
    /// How many payload bytes may wait beyond the inbox where the platform cannot slow the sender. Default: 16 MiB; at
    /// least `max_message_size`.
    ///
    /// Platform: browsers only. While a tab is hidden and nobody polls, packets wait here; one too many ends the
    /// connection with [`CloseCause::InboxOverflow`](crate::CloseCause::InboxOverflow).
    pub backlog_buffer_size: usize,
    /// How many packets may wait there. Default: 65,536.
    ///
    /// Platform: browsers only.
    pub max_backlog_packets: usize,
    /// The sub-protocols to offer, best first; for an accepted peer, those to choose from. Default: none.
    ///
    /// A client that offers none of them is refused, unless [`require_protocol`](Self::require_protocol) is off.
    ///
    /// Godot: `supported_protocols`.
    pub protocols: Vec<String>,
    /// Refuses clients that offer none of the named [`protocols`](Self::protocols); they are answered 400. Without named
    /// protocols it has no effect. Default: true.
    ///
    /// A protocol that the hook of [`on_request`](crate::WebSocketServer::on_request) chooses counts as a named one. If this is
    /// off, such a client is accepted without a sub-protocol.
    ///
    /// Only for accepted peers: a client takes none but a protocol that it offers, and closes the connection if it offers some
    /// and gets none (RFC 6455, 4.1, and the Fetch standard).
    ///
    /// Godot: always on. An engine ends the TCP connection without an answer.
    pub require_protocol: bool,
    /// Header fields to add to the handshake, as names and values. Default: none.
    ///
    /// Platform: a browser sends none; there [`connect`](crate::WebSocketPeer::connect) answers
    /// [`Error::Unsupported`] if there are any.
    ///
    /// Godot: `handshake_headers`.
    pub headers: Vec<(String, String)>,
    /// Connects to ports that browsers block, too: those of other protocols, such as 25, 6000, 6667 or 10080. Default:
    /// false; then [`connect`](crate::WebSocketPeer::connect) returns [`Error::BlockedPort`] for them.
    ///
    /// A server on such a port cannot be reached from a page, so this is for programs that have to reach one that is
    /// there. Source: Fetch Standard, "bad port".
    ///
    /// Platform: a browser cannot be told to connect to them; there `connect` returns [`Error::Unsupported`] if this is
    /// true and the port is blocked. Other ports are not affected.
    pub allow_blocked_ports: bool,
    /// The time for everything until the connection is open: name, TCP, TLS and handshake together. Default: 10 s;
    /// 5 s in [`PeerOptions::for_server`].
    pub connect_timeout: Duration,
    /// The time for the other end to answer a close. Default: 3 s.
    pub close_timeout: Duration,
    /// How often a ping is sent, whatever else is sent or received; zero: never. Its answer measures the round trip
    /// ([`Stats::rtt`](crate::Stats::rtt)). While one is unanswered, the next is sent after this time of silence. Default: 20 s.
    ///
    /// Platform: a browser lets no page send pings, and answers those of a server itself.
    ///
    /// Godot: `heartbeat_interval`, in seconds.
    pub heartbeat_interval: Duration,
    /// After a silence of [`heartbeat_interval`](Self#structfield.heartbeat_interval), in which a ping was sent: how much longer
    /// nothing at all may be received. Then the connection ends with [`Timeout::Heartbeat`](crate::Timeout::Heartbeat).
    /// Default: 20 s.
    ///
    /// Platform: natively only.
    pub heartbeat_timeout: Duration,
    /// A packet of the program's own that asks the other end for a sign of life after a silence, and the time for the
    /// answer. Default: none.
    ///
    /// For browsers, in which no page can send a ping, and a connection that died while a laptop slept or a phone had the
    /// page in the background is not noticed for minutes, or never. Natively the heartbeat does the same without the help
    /// of the other end's program; this is there, too, and works the same.
    ///
    /// The probe is also sent at once, without the silence, after what often ends connections unnoticed: when the machine
    /// has slept, and in a browser at the events `online`, `offline` and `pageshow` and when the page becomes visible
    /// again. In a worker there are only the first two.
    pub liveness: Option<Liveness>,
    /// Whether small packets leave at once (`TCP_NODELAY`) rather than waiting to share a segment. Default: true.
    ///
    /// Platform: a browser does so by itself.
    ///
    /// Godot: `set_no_delay`.
    pub nodelay: bool,
    /// Whom to trust, and who to be, on secure connections.
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
    /// The defaults for peers that a server accepts: whoever connects is a stranger, so messages of at most 64 KiB, and
    /// 5 s for a handshake to which the client already has a connection.
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

    /// Adds one to [`headers`](Self#structfield.headers).
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The one check of all of it.
    pub(crate) fn check(&self) -> Result<(), Error> {
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
                let why = "it is less than `max_message_size`, so that a message might never fit";
                return Err(Error::InvalidOption { option, reason: why });
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

    fn check_protocols(&self) -> Result<(), Error> {
        let invalid = |why| Err(Error::InvalidOption { option: "protocols", reason: why });
        for (index, protocol) in self.protocols.iter().enumerate() {
            if protocol.is_empty() {
                return invalid("one is empty");
            }
            if !is_token(protocol.as_bytes()) {
                return invalid("one has a character that no HTTP token has");
            }
            if self.protocols[..index].contains(protocol) {
                return invalid("one is named twice");
            }
        }
        Ok(())
    }
}

fn check_size(option: &'static str, size: usize) -> Result<(), Error> {
    match size {
        0 => Err(Error::InvalidOption { option, reason: "it is zero" }),
        1..=MAX_SIZE => Ok(()),
        _ => Err(Error::InvalidOption { option, reason: "it is over 2,147,483,647" }),
    }
}

fn check_time(option: &'static str, time: Duration, may_be_zero: bool) -> Result<(), Error> {
    if time.is_zero() && !may_be_zero {
        return Err(Error::InvalidOption { option, reason: "it is zero" });
    }
    if time > MAX_TIME {
        return Err(Error::InvalidOption { option, reason: "it is over 24 hours" });
    }
    Ok(())
}

/// Whether these fields may stand in a handshake beside its own.
pub(crate) fn check_headers(headers: &[(String, String)]) -> Result<(), Error> {
    /// The fields that the handshake itself is made of.
    const OURS: [&str; 5] = ["host", "connection", "upgrade", "content-length", "transfer-encoding"];
    let invalid = |why| Err(Error::InvalidOption { option: "headers", reason: why });
    for (name, value) in headers {
        if !is_token(name.as_bytes()) {
            return invalid("a name is empty or has a character that no field name has");
        }
        let lower = name.to_ascii_lowercase();
        if OURS.contains(&lower.as_str()) || lower.starts_with("sec-websocket-") {
            return invalid("a field is the handshake's own (host, connection, upgrade, sec-websocket-…)");
        }
        if value.is_empty() || value.trim() != value {
            return invalid("a value is empty, or has white space around it");
        }
        // Not a byte that could end the line: the next one would be a field of somebody else's making.
        if !value.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b)) {
            return invalid("a value has a character other than printable ASCII");
        }
    }
    Ok(())
}
