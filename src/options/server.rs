//! The settings of a server: whom it lets in, how many of them, and what each may do.

use std::time::Duration;

use super::{MAX_REQUEST_SIZE, MIB, PeerOptions, check_size, check_time, setters};
use crate::{error::Error, http::split_authority};

/// The settings of a [`WebSocketServer`](crate::WebSocketServer). All have defaults, made for a public port; change a
/// field, or chain the setters of the same names.
///
/// They are checked when the server is bound.
///
/// ```
/// use websocket_peer::{OriginPolicy, ServerOptions};
///
/// let options = ServerOptions::default()
///     .max_peers(200)
///     .paths(["/game"])
///     .origins(OriginPolicy::List(vec!["https://game.example".into()]));
/// assert_eq!(options.max_request_size, 8 * 1024);
/// ```
///
/// Platform: a browser binds no ports; there they are of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerOptions {
    /// The options of every peer; the hook of [`on_request`](crate::WebSocketServer::on_request) can give a peer others.
    /// Their [`connect_timeout`](PeerOptions::connect_timeout) is what a handshake may take, and with a
    /// [`tls.certificate`](crate::TlsOptions::identity) the server speaks TLS. Default: [`PeerOptions::for_server`].
    pub connection: PeerOptions,
    /// The number of peers that may be open at once; one more is answered 503. Default: 4096.
    pub max_peers: usize,
    /// The number of them from one address; one more is answered 503. Default: 1024, which a school behind one address
    /// stays below.
    ///
    /// The addresses of an IPv6 /64 count as one. Behind a proxy all peers have its address: raise this to `max_peers` there.
    pub max_peers_per_address: usize,
    /// The number of handshakes that may be under way at once. Default: 256.
    ///
    /// When there is one more, the oldest one from the network with the most handshakes makes room, and is answered 503:
    /// clients that connect and send nothing cannot keep others out. One whose bytes the server has yet to read makes room only
    /// if all are like that. Networks are an IPv4 /24 and an IPv6 /48, in it the
    /// /56, in that the /64; in the last of them the address.
    pub max_pending_handshakes: usize,
    /// The number of handshakes from one address; one more is answered 503. Default: 16.
    ///
    /// The addresses of an IPv6 /64 count as one. Behind a proxy all clients have its address: raise this to `max_pending_handshakes`
    /// there.
    pub max_pending_handshakes_per_address: usize,
    /// The number of connections that are accepted from one address in a second; two seconds' worth may come at once, one
    /// more is answered 429. Zero: no limit. Default: 128.
    ///
    /// The addresses of an IPv6 /64 count as one. Behind a proxy all clients have its address: set this to zero there, and
    /// let the proxy limit them.
    pub max_connections_per_address_per_second: u32,
    /// How many bytes the head of a request may have; a longer one is answered 431. Default: 8 KiB.
    pub max_request_size: usize,
    /// The memory in bytes that all peers together may hold, both ways: whole packets, parts of them, and requests. Bytes that
    /// wait for several peers count once. Default: 1 GiB.
    ///
    /// Each of `max_peers` peers has a share that is its own: room for a request and for one message each way, of
    /// [`max_message_size`](PeerOptions::max_message_size). The rest is common, and must be at least as much as two such shares;
    /// options that leave less are an error. A peer that holds more than its share takes the rest from what is common. While
    /// that is used up, peers above their share can be sent nothing; while half of it is used up, they are not read from.
    /// Peers within their share go on as if nothing were.
    ///
    /// [`ServerStats::memory`](crate::ServerStats::memory) is never more than this and one turn, 256 KiB. Not counted is what
    /// the system and TLS hold, and up to 16 KiB a peer that are kept for its next packets until its next heartbeat.
    pub max_buffered_bytes: usize,
    /// The values of the field `Host` that are served, with or without a port; requests for others are answered 421. Without a
    /// port an entry serves every port. Upper and lower case are alike. Empty: all are served. Default: empty.
    ///
    /// Set it where pages may connect and the server has something to protect, such as in a private network:
    /// [`OriginPolicy::SameHost`] compares the page's host with this field, and a page whose own name leads to this server
    /// (DNS rebinding) has them equal.
    pub hosts: Vec<String>,
    /// The paths at which WebSockets are served, each exactly as clients send it; other paths are answered 404. Empty: all are
    /// served. Default: empty.
    pub paths: Vec<String>,
    /// The sites whose pages may connect; others are answered 403. Default: [`OriginPolicy::SameHost`].
    pub origins: OriginPolicy,
    /// Whether clients may connect that name no origin, as programs that are no browsers do; if not, they are
    /// answered 403. Default: true.
    pub allow_missing_origin: bool,
    /// Whether a listener that is bound to an IPv6 address takes IPv4 connections, too, where the system can do that.
    /// Default: false.
    pub dual_stack: bool,
    /// How much each peer may send. The hook can give a peer others.
    pub rate_limits: RateLimits,
    /// What becomes of a packet for a peer whose outbound queue is full. Default: [`SendOverflow::Refuse`].
    pub send_overflow: SendOverflow,
    /// How long a peer's outbound queue may stay full; then the peer is closed with
    /// [`Limit::SlowReader`](crate::Limit::SlowReader). The time stands still while the server leaves unread what the peer has sent.
    /// Zero: for ever. Default: 10 s.
    pub slow_reader_timeout: Duration,
}

impl ServerOptions {
    setters! {
        connection: PeerOptions,
        max_peers: usize,
        max_peers_per_address: usize,
        max_pending_handshakes: usize,
        max_pending_handshakes_per_address: usize,
        max_connections_per_address_per_second: u32,
        max_request_size: usize,
        max_buffered_bytes: usize,
        origins: OriginPolicy,
        allow_missing_origin: bool,
        dual_stack: bool,
        rate_limits: RateLimits,
        send_overflow: SendOverflow,
        slow_reader_timeout: Duration,
    }

    /// Sets [`hosts`](Self#structfield.hosts).
    #[must_use]
    pub fn hosts<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.hosts = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// Sets [`paths`](Self#structfield.paths).
    #[must_use]
    pub fn paths<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.paths = paths.into_iter().map(Into::into).collect();
        self
    }

    /// The one check of all of it.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.connection.check()?;
        for (option, size) in [
            ("max_peers", self.max_peers),
            ("max_peers_per_address", self.max_peers_per_address),
            ("max_pending_handshakes", self.max_pending_handshakes),
            ("max_pending_handshakes_per_address", self.max_pending_handshakes_per_address),
            ("max_request_size", self.max_request_size),
        ] {
            check_size(option, size)?;
        }
        self.check_memory(self.share())?;
        for host in &self.hosts {
            check_host(host).map_err(|why| Error::InvalidOption { option: "hosts", reason: why })?;
        }
        for path in &self.paths {
            check_path(path).map_err(|why| Error::InvalidOption { option: "paths", reason: why })?;
        }
        if let OriginPolicy::List(origins) = &self.origins {
            for origin in origins {
                check_origin(origin)
                    .map_err(|why| Error::InvalidOption { option: "origins", reason: why })?;
            }
        }
        check_time("slow_reader_timeout", self.slow_reader_timeout, true)?;
        self.rate_limits.check()
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            connection: PeerOptions::for_server(),
            max_peers: 4096,
            max_peers_per_address: 1024,
            max_pending_handshakes: 256,
            max_pending_handshakes_per_address: 16,
            max_connections_per_address_per_second: 128,
            max_request_size: MAX_REQUEST_SIZE,
            max_buffered_bytes: 1024 * MIB,
            hosts: Vec::new(),
            paths: Vec::new(),
            origins: OriginPolicy::default(),
            allow_missing_origin: true,
            dual_stack: false,
            rate_limits: RateLimits::default(),
            send_overflow: SendOverflow::default(),
            slow_reader_timeout: Duration::from_secs(10),
        }
    }
}

/// How much a peer of a server may send. Bursts of two seconds' worth are let through; beyond them the peer is closed with
/// [`CloseCause::Limit`](crate::CloseCause::Limit).
///
/// Zero is no limit, in each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimits {
    /// Packets a second. Default: 2000.
    pub max_packets_per_second: u32,
    /// Bytes a second, frame headers included. Default: 4 MiB.
    pub max_bytes_per_second: u32,
    /// Pings, pongs and empty fragments a second: what costs work and brings no packet. Default: 100.
    pub max_control_frames_per_second: u32,
    /// The fragments that one message may come in. Default: 1024.
    pub max_fragments: u32,
    /// The time from the first byte of a message, or of a frame, to its last; then the peer is closed with
    /// [`Timeout::Message`](crate::Timeout::Message). It stands still while the server leaves unread what the peer has
    /// sent. Default: 10 s.
    pub max_message_time: Duration,
}

impl RateLimits {
    setters! {
        max_packets_per_second: u32,
        max_bytes_per_second: u32,
        max_control_frames_per_second: u32,
        max_fragments: u32,
        max_message_time: Duration,
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        check_time("rate_limits.max_message_time", self.max_message_time, true)
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            max_packets_per_second: 2000,
            max_bytes_per_second: 4 << 20,
            max_control_frames_per_second: 100,
            max_fragments: 1024,
            max_message_time: Duration::from_secs(10),
        }
    }
}

/// The sites whose pages may connect to a server. A browser lets every page open a WebSocket to every server, and sends
/// that server's cookies along; only the server can object.
///
/// A program that is no browser can name any origin, or none: see
/// [`allow_missing_origin`](ServerOptions::allow_missing_origin).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginPolicy {
    /// Those of the host that the request was sent to, whatever their scheme and port.
    #[default]
    SameHost,
    /// These: `https://example.com`, with a port where it is not the scheme's own. Upper and lower case are alike.
    List(Vec<String>),
    /// All of them, and pages that hide their origin. For servers that know their users by more than cookies.
    Any,
}

/// What becomes of a packet for a peer whose outbound queue is full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendOverflow {
    /// It is not taken: [`Error::SendQueueFull`].
    #[default]
    Refuse,
    /// It is taken, and the oldest ones that wait make room for it. For states of which only the newest matters.
    DropOldest,
}

/// Returns an error for an entry that no `Host` of a request can be.
fn check_host(host: &str) -> Result<(), &'static str> {
    if host.contains("://") || host.contains('/') {
        return Err("one is a URL; name the host, and a port if only that is served");
    }
    if host.contains('*') {
        return Err("one has a *; name each host");
    }
    match split_authority(host) {
        Some((_, Some(""))) | None => Err("one has no valid host or port"),
        Some(_) => Ok(()),
    }
}

fn check_path(path: &str) -> Result<(), &'static str> {
    if !path.starts_with('/') {
        return Err("one does not begin with /");
    }
    if path.contains(['?', '#']) {
        return Err("one has a query or a fragment; only the path is compared");
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("one has a character other than printable ASCII; percent-encode it, as clients do");
    }
    Ok(())
}

/// Whether a browser could send it, in whatever case: an entry that never matches is a mistake.
fn check_origin(origin: &str) -> Result<(), &'static str> {
    if origin.eq_ignore_ascii_case("null") {
        return Err("one is null, which any page can be; if all may connect, say `OriginPolicy::Any`");
    }
    let (scheme, authority) =
        origin.split_once("://").ok_or("one is not of the form scheme://host[:port]")?;
    let is_scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.bytes().all(is_scheme_byte) {
        return Err("one has no valid scheme");
    }
    if authority.contains('/') {
        return Err("one has a path or ends with /; an origin ends with its host or port");
    }
    if authority.contains('*') {
        return Err(
            "one has a *; name each origin, or say `OriginPolicy::Any` and decide in the server's hook",
        );
    }
    let own_port = match scheme.to_ascii_lowercase().as_str() {
        "http" => "80",
        "https" => "443",
        _ => "",
    };
    match split_authority(authority) {
        None => Err("one has no valid host or port after its scheme"),
        Some((_, Some(port))) if port == own_port || port.is_empty() => {
            Err("one has its scheme's own port, which browsers leave away; leave it away, too")
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_invalid(options: &ServerOptions, name: &str) {
        match options.check() {
            Err(Error::InvalidOption { option, reason: why }) => {
                assert_eq!((option, why.is_empty()), (name, false))
            }
            other => panic!("{options:?} was answered with {other:?}"),
        }
    }

    fn with_origins(origins: &[&str]) -> ServerOptions {
        let origins = origins.iter().map(|&origin| origin.into()).collect();
        ServerOptions::default().origins(OriginPolicy::List(origins))
    }

    #[test]
    fn the_defaults_are_valid_and_those_for_strangers() {
        let options = ServerOptions::default();
        assert_eq!(options.check(), Ok(()));
        assert_eq!(options.connection, PeerOptions::for_server());
        assert_eq!(options.connection.connect_timeout, Duration::from_secs(5));
        assert_eq!(
            (options.max_peers, options.max_pending_handshakes, options.max_pending_handshakes_per_address),
            (4096, 256, 16)
        );
        assert_eq!((options.origins, options.send_overflow), (OriginPolicy::SameHost, SendOverflow::Refuse));
    }

    #[test]
    fn a_limit_of_zero_or_beyond_reason_is_named() {
        let default = ServerOptions::default;
        for size in [0, 1 << 31] {
            assert_invalid(&default().max_peers(size), "max_peers");
            assert_invalid(&default().max_pending_handshakes(size), "max_pending_handshakes");
            assert_invalid(
                &default().max_pending_handshakes_per_address(size),
                "max_pending_handshakes_per_address",
            );
            assert_invalid(&default().max_request_size(size), "max_request_size");
            assert_invalid(&default().max_peers_per_address(size), "max_peers_per_address");
        }
    }

    #[test]
    fn a_host_that_no_request_could_name_is_invalid() {
        for host in ["", "http://h", "h/", "*.h", "h:", "h:x", "h h", "u@h"] {
            assert_invalid(&ServerOptions::default().hosts(["good.example", host]), "hosts");
        }
        let good = ServerOptions::default().hosts(["h", "H.Example:8443", "127.0.0.1", "[::1]:9"]);
        assert_eq!(good.check(), Ok(()));
    }

    #[test]
    fn the_peers_options_are_checked_too() {
        let peer = PeerOptions::for_server().close_timeout(Duration::ZERO);
        assert_invalid(&ServerOptions::default().connection(peer), "close_timeout");
    }

    #[test]
    fn times_may_be_zero_but_not_days() {
        let day = Duration::from_secs(24 * 60 * 60);
        assert_invalid(&ServerOptions::default().slow_reader_timeout(day * 2), "slow_reader_timeout");
        let limits = RateLimits::default().max_message_time(day * 2);
        assert_invalid(&ServerOptions::default().rate_limits(limits), "rate_limits.max_message_time");
        let unlimited = RateLimits::default()
            .max_packets_per_second(0)
            .max_bytes_per_second(0)
            .max_control_frames_per_second(0)
            .max_fragments(0)
            .max_message_time(Duration::ZERO);
        let options = ServerOptions::default().rate_limits(unlimited).slow_reader_timeout(Duration::ZERO);
        assert_eq!(options.check(), Ok(()));
    }

    #[test]
    fn a_path_that_no_client_could_ask_for_is_invalid() {
        for path in ["", "game", "/game?x", "/game#x", "/a b", "/é", "/\n", "http://h/"] {
            assert_invalid(&ServerOptions::default().paths(["/", path]), "paths");
        }
        assert_eq!(ServerOptions::default().paths(["/", "/a/b", "/%C3%A9"]).check(), Ok(()));
    }

    #[test]
    fn an_origin_that_no_browser_would_send_is_invalid() {
        for origin in [
            "",
            "h",
            "null",
            "https://",
            "https://h/",
            "https://h/x",
            "https://u@h",
            "https://h:443",
            "HTTP://h:80",
            "https://h:",
            "https://h:x",
            "https://*.h",
            "*",
            "://h",
            "ht tp://h",
            "1http://h",
            "https://é",
            "https://a https://b",
        ] {
            assert_invalid(&with_origins(&["https://good.example", origin]), "origins");
        }
        let good = with_origins(&[
            "https://h",
            "HTTPS://H.Example:8443",
            "http://h:443",
            "http://[::1]:9",
            "app://x",
        ]);
        assert_eq!(good.check(), Ok(()));
        assert_eq!(with_origins(&[]).check(), Ok(()), "nobody's pages");
    }
}
