//! The settings of a server: which clients it admits, how many, and the limits of each.

use std::time::Duration;

use super::{
    MAX_REQUEST_SIZE, MIB, PeerOptions, check_size, check_time,
    request_values::{check_host, check_origin, check_path},
    setters,
};
use crate::error::Error;

/// The settings of a [`WebSocketServer`](crate::WebSocketServer). All have defaults, made for a public port. Change a
/// field, or chain the setters of the same names.
///
/// [`bind`](crate::WebSocketServer::bind) checks them.
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
/// Platform: natively only, as servers are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct ServerOptions {
    /// The options of each connection. The hook of [`on_request`](crate::WebSocketServer::on_request) can replace them
    /// for single peers. Default: [`PeerOptions::for_server`].
    ///
    /// Its [`connect_timeout`](PeerOptions::connect_timeout) is the time limit of a handshake. With a
    /// [`tls.certificate`](crate::TlsOptions::certificate) the server speaks TLS.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::reading::peer_options_for_server"))]
    pub connection: PeerOptions,
    /// The maximum number of open peers. Further clients are rejected with status 503. Default: 4096.
    pub max_peers: usize,
    /// The maximum number of open peers from one IP address. Further clients are rejected with status 503. Default:
    /// 1024, enough for a school behind one address.
    ///
    /// The addresses of an IPv6 /64 count as one. Behind a proxy all peers have its address: set this to `max_peers`
    /// there.
    pub max_peers_per_address: usize,
    /// The maximum number of handshakes under way. Default: 256.
    ///
    /// A new connection beyond it displaces the oldest handshake of the network with the most handshakes, which is
    /// rejected with status 503. So clients that connect and send nothing cannot keep others out. A handshake with
    /// unread input is displaced only if all have some. Networks are compared by IPv4 /24, or by IPv6 /48, /56 and /64
    /// in turn, and then by address.
    pub max_pending_handshakes: usize,
    /// The maximum number of handshakes under way from one IP address. Further clients are rejected with status 503.
    /// Default: 16.
    ///
    /// The addresses of an IPv6 /64 count as one. Behind a proxy all clients have its address: set this to
    /// `max_pending_handshakes` there.
    pub max_pending_handshakes_per_address: usize,
    /// The maximum rate of new connections from one IP address, with bursts of two seconds' worth. Further clients are
    /// rejected with status 429. Zero: no limit. Default: 128.
    ///
    /// The addresses of an IPv6 /64 count as one. Behind a proxy all clients have its address: set this to zero there,
    /// and limit them in the proxy.
    pub max_connections_per_address_per_second: u32,
    /// The maximum size of the head of a request, in bytes. Longer ones are rejected with status 431. Default: 8 KiB.
    pub max_request_size: usize,
    /// The maximum memory for all peers together, in bytes: packets in both directions, partial messages, and requests.
    /// Bytes that are queued for several peers count once; those of a received packet of a few bytes count for each. Default:
    /// 1 GiB.
    ///
    /// Each of the `max_peers` peers has a guaranteed share: a request, and one message of
    /// [`max_message_size`](PeerOptions::max_message_size) in each direction. The rest is a common pool, which must
    /// have at least two shares, or [`bind`](crate::WebSocketServer::bind) returns an error. Memory of a peer beyond
    /// its share comes from the pool. While half of the pool is in use, the server does not read from peers above their
    /// share; while all of it is in use, it cannot send to them, either. Peers within their share are not affected.
    ///
    /// [`ServerStats::memory`](crate::ServerStats::memory) exceeds this by at most one read of 256 KiB. The count
    /// excludes buffers of the system and of TLS, and what is kept for the next packets until it was not used for 0.2 s,
    /// while the server is polled: up to 24 KiB for each peer, and 4 MiB for messages of at least 64 KiB.
    pub max_buffered_bytes: usize,
    /// The accepted values of the header field `Host`, with or without a port. Requests for others are rejected
    /// with status 421. An entry without a port matches every port. The comparison ignores case. Empty: all are
    /// accepted. Default: empty.
    ///
    /// Set it if pages may connect and the server is worth protecting, for instance in a private network. It stops DNS
    /// rebinding: a page whose own host name resolves to this server passes [`OriginPolicy::SameHost`].
    pub hosts: Vec<String>,
    /// The paths of WebSockets, exactly as clients send them. Requests for others are rejected with status 404. Empty:
    /// all are accepted. Default: empty.
    pub paths: Vec<String>,
    /// The sites whose pages may connect. Pages of others are rejected with status 403. Default:
    /// [`OriginPolicy::SameHost`].
    pub origins: OriginPolicy,
    /// Accept clients that send no `Origin`, as programs other than browsers do. If `false`, they are rejected with
    /// status 403. Default: true.
    pub allow_missing_origin: bool,
    /// Accept IPv4 connections on a listener that is bound to an IPv6 address, where the system supports it. Default:
    /// false.
    pub dual_stack: bool,
    /// The limits on what each peer sends. The hook of [`on_request`](crate::WebSocketServer::on_request) can replace
    /// them for single peers.
    pub rate_limits: RateLimits,
    /// What to do with a packet for a peer whose send queue is full. Default: [`SendOverflow::Reject`].
    pub send_overflow: SendOverflow,
    /// The time for which a peer's send queue may stay full. The peer is then closed with
    /// [`Limit::SlowReader`](crate::Limit::SlowReader). Zero: no limit. Default: 10 s.
    ///
    /// The time does not pass while the server has stopped reading from the peer.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialization::seconds"))]
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

    /// Checks all options.
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
            check_host(host).map_err(|reason| Error::InvalidOption { option: "hosts", reason })?;
        }
        for path in &self.paths {
            check_path(path).map_err(|reason| Error::InvalidOption { option: "paths", reason })?;
        }
        if let OriginPolicy::List(origins) = &self.origins {
            for origin in origins {
                check_origin(origin).map_err(|reason| Error::InvalidOption { option: "origins", reason })?;
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

/// Limits on what a peer of a server sends. A peer that exceeds one is closed with
/// [`CloseCause::LimitExceeded`](crate::CloseCause::LimitExceeded).
///
/// Zero: no limit. The rates allow bursts of two seconds' worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct RateLimits {
    /// The maximum rate of packets. Default: 2000.
    pub max_packets_per_second: u32,
    /// The maximum rate of bytes, frame headers included. Default: 4 MiB.
    pub max_bytes_per_second: u32,
    /// The maximum rate of pings, pongs and empty fragments, which cost work and deliver no data. Default: 100.
    pub max_control_frames_per_second: u32,
    /// The maximum number of fragments of a message. Default: 1024.
    pub max_fragments: u32,
    /// The time limit for a message or a frame, from its first byte to its last. The peer is then closed with
    /// [`Timeout::Message`](crate::Timeout::Message). Default: 10 s.
    ///
    /// The time does not pass while the server has stopped reading from the peer.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialization::seconds"))]
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
        Ok(check_time("rate_limits.max_message_time", self.max_message_time, true)?)
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

/// The sites whose pages may connect to a server. Browsers allow every page to open a WebSocket to every server, and
/// send that server's cookies along, so the server itself must check the origin.
///
/// Programs other than browsers can send any origin, or none: see
/// [`allow_missing_origin`](ServerOptions::allow_missing_origin).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum OriginPolicy {
    /// The host that the request was sent to, with any scheme and port.
    #[default]
    SameHost,
    /// The listed origins, such as `https://example.com`, with a port if it is not the scheme's default. The comparison
    /// ignores case.
    List(Vec<String>),
    /// All origins, also `null`. For servers that authenticate their users by more than cookies.
    Any,
}

/// What to do with a packet for a peer whose send queue is full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SendOverflow {
    /// Reject it with [`Error::SendQueueFull`].
    #[default]
    Reject,
    /// Accept it, and drop the oldest queued packets to make room. Use it for values of which only the newest
    /// matters.
    DropOldest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_invalid(options: &ServerOptions, name: &str) {
        match options.check() {
            Err(Error::InvalidOption { option, reason }) => {
                assert_eq!((option, reason.is_empty()), (name, false))
            }
            other => panic!("{options:?}: {other:?}"),
        }
    }

    fn with_origins(origins: &[&str]) -> ServerOptions {
        let origins = origins.iter().map(|&origin| origin.into()).collect();
        ServerOptions::default().origins(OriginPolicy::List(origins))
    }

    #[test]
    fn the_defaults_are_valid_and_made_for_untrusted_clients() {
        let options = ServerOptions::default();
        assert_eq!(options.check(), Ok(()));
        assert_eq!(options.connection, PeerOptions::for_server());
        assert_eq!(options.connection.connect_timeout, Duration::from_secs(5));
        assert_eq!(
            (options.max_peers, options.max_pending_handshakes, options.max_pending_handshakes_per_address),
            (4096, 256, 16)
        );
        assert_eq!((options.origins, options.send_overflow), (OriginPolicy::SameHost, SendOverflow::Reject));
    }

    #[test]
    fn a_size_of_zero_or_over_the_maximum_is_invalid() {
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
    fn a_host_that_no_request_can_have_is_invalid() {
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
    fn times_may_be_zero_but_not_over_a_day() {
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
    fn a_path_that_no_request_can_have_is_invalid() {
        for path in ["", "game", "/game?x", "/game#x", "/a b", "/é", "/\n", "http://h/"] {
            assert_invalid(&ServerOptions::default().paths(["/", path]), "paths");
        }
        assert_eq!(ServerOptions::default().paths(["/", "/a/b", "/%C3%A9"]).check(), Ok(()));
    }

    #[test]
    fn an_origin_that_no_browser_sends_is_invalid() {
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
        assert_eq!(with_origins(&[]).check(), Ok(()), "an empty list is valid");
    }
}
