//! [`Request`]: a client's HTTP request.

mod head;

use std::{fmt, net::SocketAddr};

use self::head::RequestHead;
use crate::http::is_token;

/// The HTTP request with which a client began its connection, checked and parsed. [`is_upgrade`](Self::is_upgrade)
/// returns `true` if it asks for a WebSocket.
///
/// A server passes it to the hook of [`on_request`](crate::WebSocketServer::on_request), and keeps it in
/// [`PeerInfo`](crate::PeerInfo). Clones share its bytes. All of it is untrusted input:
///
/// - Only browsers send a reliable [`origin`](Self::origin). Other programs can send any origin, or none. Checking it
///   protects a player's cookies from other sites' pages; it does not stop cheaters.
/// - The [`query`](Self::query) ends up in the logs of proxies. Let clients send a ticket as a
///   [sub-protocol](Self::protocols) or in the first packet instead. `Debug` shows neither the query nor the value of
///   any field.
///
/// Platform: natively only, as servers are.
#[derive(Clone)]
pub struct Request(RequestHead);

#[allow(dead_code, reason = "only backends that accept connections have requests")]
impl Request {
    /// Creates an upgrade request. `target` is the path with the query. The fields are parsed, so they contain no line
    /// feed.
    pub(crate) fn new<'a>(
        addr: SocketAddr,
        is_secure: bool,
        host: &str,
        target: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        let fields = fields.into_iter().map(|(name, value)| {
            debug_assert!(is_token(name.as_bytes()) && !value.contains(&b'\n'));
            (name, value.trim_ascii())
        });
        Self(RequestHead::new(addr, is_secure, host, target, fields))
    }

    /// Turns it into a plain HTTP request, with the method HEAD or GET.
    pub(crate) fn into_plain(self, is_head: bool) -> Self {
        Self(self.0.into_plain(is_head))
    }
}

impl Request {
    /// Returns the client's address. Behind a proxy it is the proxy's.
    pub fn addr(&self) -> SocketAddr {
        self.0.addr()
    }

    /// Returns `true` if it came over TLS that this server terminates itself.
    pub fn is_secure(&self) -> bool {
        self.0.is_secure()
    }

    /// Returns `true` if the client asks for a WebSocket, and `false` for a plain HTTP request, such as that of a
    /// health check. Plain requests can be answered by [`Admission::respond`](crate::Admission::respond), but not
    /// accepted.
    pub fn is_upgrade(&self) -> bool {
        self.0.is_upgrade()
    }

    /// Returns the method: `GET`, or `HEAD` for some plain requests.
    pub fn method(&self) -> &str {
        if self.0.is_head() { "HEAD" } else { "GET" }
    }

    /// Returns the path as it was sent, beginning with `/`. Nothing in it is percent-decoded or resolved.
    pub fn path(&self) -> &str {
        let target = self.0.target();
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// Returns the query as it was sent, without the `?`. Keep it out of logs.
    pub fn query(&self) -> Option<&str> {
        self.0.target().split_once('?').map(|(_, query)| query)
    }

    /// Returns the requested host, with the port unless it is the scheme's default. Empty for an HTTP/1.0 request
    /// without the field `Host`, which is never an [upgrade](Self::is_upgrade).
    pub fn host(&self) -> &str {
        self.0.host()
    }

    /// Returns the origin of the page that connects, as sent by its browser: `https://example.com`, or `null` if the
    /// browser hides it. `None` if the field is missing, as with most programs other than browsers, or not ASCII.
    pub fn origin(&self) -> Option<&str> {
        self.header("origin")
            .filter(|value| value.is_ascii())
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Returns the value of the first field with this name, without the white space around it. The comparison ignores
    /// case. The value is untrusted, and may not be text.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// Returns all header fields as names and values, in the order in which they were sent.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.fields().split(|&byte| byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            Some((name, &line[colon + 1..]))
        })
    }

    /// Returns the sub-protocols that the client offers, best first. Invalid names are left out.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        self.values("sec-websocket-protocol")
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|offered| is_token(offered))
            .filter_map(|offered| std::str::from_utf8(offered).ok())
    }

    /// Returns the requested URL, query included. Its scheme is `ws` or `wss`; `http` or `https` for plain requests.
    pub fn url(&self) -> String {
        let scheme = match (self.is_upgrade(), self.is_secure()) {
            (true, false) => "ws",
            (true, true) => "wss",
            (false, false) => "http",
            (false, true) => "https",
        };
        format!("{scheme}://{}{}", self.host(), self.0.target())
    }

    /// Returns the memory that it uses, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        self.0.memory_usage()
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.headers().filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl fmt::Debug for Request {
    /// Shows no secrets: only whether there is a query, and the number of header fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("addr", &self.addr())
            .field("is_secure", &self.is_secure())
            .field("is_upgrade", &self.is_upgrade())
            .field("method", &self.method())
            .field("path", &self.path())
            .field("has_query", &self.query().is_some())
            .field("headers", &self.headers().count())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, fields: &[(&str, &[u8])]) -> Request {
        let addr = SocketAddr::from(([192, 0, 2, 1], 5000));
        Request::new(addr, true, "h.example:99", target, fields.iter().copied())
    }

    #[test]
    fn every_part_is_returned_as_it_was_sent() {
        let request = request(
            "/a/b%20c?x=1?y=2",
            &[("Host", b"h.example:99"), ("Origin", b" https://h.example "), ("X-A", b"1:2"), ("x-a", b"3")],
        );
        assert_eq!(request.addr(), SocketAddr::from(([192, 0, 2, 1], 5000)));
        assert!(request.is_secure());
        assert_eq!((request.path(), request.query()), ("/a/b%20c", Some("x=1?y=2")));
        assert_eq!((request.host(), request.origin()), ("h.example:99", Some("https://h.example")));
        assert_eq!((request.header("X-a"), request.header("x-b")), (Some(&b"1:2"[..]), None));
        assert_eq!(
            request.headers().map(|(name, _)| name).collect::<Vec<_>>(),
            ["Host", "Origin", "X-A", "x-a"]
        );
        assert_eq!(request.url(), "wss://h.example:99/a/b%20c?x=1?y=2");
        assert_eq!((request.method(), request.is_upgrade()), ("GET", true));
    }

    #[test]
    fn every_kind_of_address_is_kept() {
        for addr in ["192.0.2.1:5000", "[2001:db8::1]:65535", "[fe80::1%7]:1"] {
            let addr: SocketAddr = addr.parse().expect("an address");
            assert_eq!(Request::new(addr, false, "h", "/", []).addr(), addr);
        }
        let flow = std::net::SocketAddrV6::new(std::net::Ipv6Addr::LOCALHOST, 1, u32::MAX, 9);
        assert_eq!(Request::new(flow.into(), false, "h", "/", []).addr(), flow.into());
    }

    #[test]
    fn the_host_may_differ_from_the_field() {
        for (fields, field) in [(vec![("Host", &b"other"[..])], Some(&b"other"[..])), (vec![], None)] {
            let request = request("/a", &fields);
            assert_eq!((request.host(), request.path()), ("h.example:99", "/a"));
            assert_eq!((request.header("host"), request.headers().count()), (field, fields.len()));
        }
    }

    #[test]
    fn a_plain_request_has_its_method_and_scheme() {
        let plain = request("/a", &[]).into_plain(true);
        assert_eq!((plain.method(), plain.is_upgrade()), ("HEAD", false));
        assert_eq!(plain.url(), "https://h.example:99/a");
        assert_eq!(request("/a", &[]).into_plain(false).method(), "GET");
    }

    #[test]
    fn missing_parts_are_none_and_empty_parts_are_empty() {
        let nothing = request("/", &[]);
        assert_eq!((nothing.path(), nothing.query(), nothing.origin()), ("/", None, None));
        assert_eq!((nothing.headers().count(), nothing.protocols().count()), (0, 0));
        let empty = request("/?", &[("Origin", b""), ("X", b"")]);
        assert_eq!((empty.query(), empty.origin(), empty.header("x")), (Some(""), Some(""), Some(&b""[..])));
    }

    #[test]
    fn values_that_are_not_text_are_returned_as_bytes() {
        let request =
            request("/é", &[("Origin", b"https://\xff"), ("X", b"\x80\t\xfe"), ("Y", "ü".as_bytes())]);
        assert_eq!((request.path(), request.origin()), ("/é", None));
        assert_eq!(request.header("x"), Some(&b"\x80\t\xfe"[..]));
        assert_eq!(request.header("y"), Some("ü".as_bytes()));
    }

    #[test]
    fn invalid_protocol_names_are_left_out() {
        let request = request(
            "/",
            &[
                ("Sec-WebSocket-Protocol", b"b, two words,, \xff,a"),
                ("Upgrade", b"websocket"),
                ("sec-websocket-protocol", b"c"),
            ],
        );
        assert_eq!(request.protocols().collect::<Vec<_>>(), ["b", "a", "c"]);
    }

    #[test]
    fn debug_shows_no_secrets() {
        let request = request("/room?ticket=s3cret", &[("Cookie", b"s3cret"), ("Authorization", b"s3cret")]);
        let shown = format!("{request:?}");
        assert!(shown.contains("/room") && shown.contains("192.0.2.1:5000"), "{shown}");
        assert!(!shown.contains("s3cret") && !shown.contains("ticket"), "{shown}");
        let forged = format!("{:?}", self::request("/a\u{85}b\u{202e}", &[]));
        assert!(forged.is_ascii(), "{forged}");
    }

    #[test]
    fn it_is_small_and_a_clone_shares_its_bytes() {
        assert!(size_of::<Option<Request>>() <= 16, "{}", size_of::<Option<Request>>());
        let one = request("/a", &[("X", b"y")]);
        let two = one.clone();
        assert_eq!(one.header("x").map(<[u8]>::as_ptr), two.header("x").map(<[u8]>::as_ptr));
        // The host is kept once, as the value of its field.
        let fields = [("Host", &b"h.example:99"[..])];
        let text = "/a".len() + "Host:h.example:99\n".len();
        let used = request("/a", &fields).memory_usage();
        assert!(used <= text + 40, "{used} bytes for {text}");
    }
}
