//! A client's request, as the program that serves it sees it.

use std::{fmt, net::SocketAddr};

use bytes::Bytes;

use crate::http::is_token;

/// What a client asked for: the request that began its connection, checked and parsed. Mostly it asks for a WebSocket; where it
/// does not, [`is_upgrade`](Self::is_upgrade) is `false`.
///
/// A server shows it to the hook of [`on_request`](crate::WebSocketServer::on_request), which decides with it, and
/// later in [`PeerInfo`](crate::PeerInfo). A clone shares the bytes. Everything in it was written by a stranger:
///
/// - [`origin`](Self::origin) can be believed only if a browser sent it. Whoever is no browser sends what it likes, or none:
///   it keeps foreign pages away from a player's cookies, not cheaters from a server.
/// - A ticket in the [`query`](Self::query) ends in the logs of every proxy on the way. Rather let clients send it
///   as a [sub-protocol](Self::protocols) or in the first packet. `Debug` shows neither the query nor any field's
///   value.
///
/// Platform: a browser accepts no connections, so no program meets one there.
#[derive(Clone)]
pub struct Request {
    addr: SocketAddr,
    is_secure: bool,
    is_upgrade: bool,
    is_head: bool,
    target_len: usize,
    host_len: usize,
    /// All in one piece: the target, the host, and `name:value` with a line feed for each field. No name has a colon
    /// and no value a line feed, so that where they end need not be kept.
    head: Bytes,
}

#[allow(dead_code, reason = "only backends that accept connections have requests")]
impl Request {
    /// `target` is path and query; the fields come as a parser gives them, with no line feed in any.
    pub(crate) fn new<'a>(
        addr: SocketAddr,
        is_secure: bool,
        host: &str,
        target: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        let mut head = Vec::with_capacity(1024);
        head.extend_from_slice(target.as_bytes());
        head.extend_from_slice(host.as_bytes());
        for (name, value) in fields {
            debug_assert!(is_token(name.as_bytes()) && !value.contains(&b'\n'));
            head.extend_from_slice(name.as_bytes());
            head.push(b':');
            head.extend_from_slice(value.trim_ascii());
            head.push(b'\n');
        }
        // It may be kept for as long as the connection lasts: not a byte more than it needs.
        let head = head.into_boxed_slice().into();
        let (target_len, host_len) = (target.len(), host.len());
        Self { addr, is_secure, is_upgrade: true, is_head: false, target_len, host_len, head }
    }

    /// Makes it one that does not ask for a WebSocket, of the method HEAD or else GET.
    pub(crate) fn into_plain(self, is_head: bool) -> Self {
        Self { is_upgrade: false, is_head, ..self }
    }
}

impl Request {
    /// Who connected. Behind a proxy that is the proxy.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Whether it came over TLS that this server speaks itself.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Returns `true` if the client asks for a WebSocket, and `false` for a plain HTTP request, such as that of a health check.
    /// A plain request can be answered by [`Admission::respond`](crate::Admission::respond), but it cannot be accepted.
    pub fn is_upgrade(&self) -> bool {
        self.is_upgrade
    }

    /// The method: `GET`; for a request that is no [upgrade](Self::is_upgrade) also `HEAD`.
    pub fn method(&self) -> &str {
        if self.is_head { "HEAD" } else { "GET" }
    }

    /// The path, as it was sent: percent-encoding is not undone, and nothing in it is resolved. It begins with `/`.
    pub fn path(&self) -> &str {
        let target = self.target();
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// What follows the path's `?`, as it was sent. Keep it out of logs.
    pub fn query(&self) -> Option<&str> {
        self.target().split_once('?').map(|(_, query)| query)
    }

    /// The host that was asked for, with the port unless it is the scheme's own. Empty for an HTTP/1.0 request without the field,
    /// which is never an [upgrade](Self::is_upgrade).
    pub fn host(&self) -> &str {
        self.text(self.target_len, self.target_len + self.host_len)
    }

    /// The site whose page connects, as its browser tells: `https://example.com`, or `null` where the browser hides it.
    /// `None` where the field is missing, which is so for most programs that are no browsers, and where it is no ASCII.
    pub fn origin(&self) -> Option<&str> {
        self.header("origin")
            .filter(|value| value.is_ascii())
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The value of the first field of this name, in whatever case it was sent, without the white space around it.
    /// Bytes: what a stranger sends need not be text.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// Every header field, name and value, in the order in which they were sent.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let fields = self.head.get(self.target_len + self.host_len..).unwrap_or_default();
        fields.split(|&byte| byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            Some((name, &line[colon + 1..]))
        })
    }

    /// The sub-protocols that the client offers, best first. What is no token is left out.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        self.values("sec-websocket-protocol")
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|offered| is_token(offered))
            .filter_map(|offered| std::str::from_utf8(offered).ok())
    }

    /// The URL that the client asked for, query included: of the scheme `ws` or `wss`; of `http` or `https` where it is no
    /// [upgrade](Self::is_upgrade).
    pub fn url(&self) -> String {
        let scheme = match (self.is_upgrade, self.is_secure) {
            (true, false) => "ws",
            (true, true) => "wss",
            (false, false) => "http",
            (false, true) => "https",
        };
        format!("{scheme}://{}{}", self.host(), self.target())
    }

    /// The memory that it takes.
    pub(crate) fn memory_usage(&self) -> usize {
        self.head.len()
    }

    fn target(&self) -> &str {
        self.text(0, self.target_len)
    }

    /// A part that was text when it came in.
    fn text(&self, start: usize, end: usize) -> &str {
        self.head.get(start..end).and_then(|part| std::str::from_utf8(part).ok()).unwrap_or_default()
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.headers().filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl fmt::Debug for Request {
    /// Shows nothing that a secret might be in: of the query only that there is one, of the fields only how many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("addr", &self.addr)
            .field("is_secure", &self.is_secure)
            .field("is_upgrade", &self.is_upgrade)
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
    fn every_part_is_found_again() {
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
    fn a_plain_request_has_its_method_and_scheme() {
        let plain = request("/a", &[]).into_plain(true);
        assert_eq!((plain.method(), plain.is_upgrade()), ("HEAD", false));
        assert_eq!(plain.url(), "https://h.example:99/a");
        assert_eq!(request("/a", &[]).into_plain(false).method(), "GET");
    }

    #[test]
    fn what_is_not_there_is_none_and_what_is_empty_is_empty() {
        let nothing = request("/", &[]);
        assert_eq!((nothing.path(), nothing.query(), nothing.origin()), ("/", None, None));
        assert_eq!((nothing.headers().count(), nothing.protocols().count()), (0, 0));
        let empty = request("/?", &[("Origin", b""), ("X", b"")]);
        assert_eq!((empty.query(), empty.origin(), empty.header("x")), (Some(""), Some(""), Some(&b""[..])));
    }

    #[test]
    fn bytes_that_are_no_text_stay_bytes() {
        let request =
            request("/é", &[("Origin", b"https://\xff"), ("X", b"\x80\t\xfe"), ("Y", "ü".as_bytes())]);
        assert_eq!((request.path(), request.origin()), ("/é", None));
        assert_eq!(request.header("x"), Some(&b"\x80\t\xfe"[..]));
        assert_eq!(request.header("y"), Some("ü".as_bytes()));
    }

    #[test]
    fn of_the_protocols_only_tokens_are_offered() {
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
    fn debug_keeps_secrets() {
        let request = request("/room?ticket=s3cret", &[("Cookie", b"s3cret"), ("Authorization", b"s3cret")]);
        let shown = format!("{request:?}");
        assert!(shown.contains("/room") && shown.contains("192.0.2.1:5000"), "{shown}");
        assert!(!shown.contains("s3cret") && !shown.contains("ticket"), "{shown}");
        let forged = format!("{:?}", self::request("/a\u{85}b\u{202e}", &[]));
        assert!(forged.is_ascii(), "{forged}");
    }

    #[test]
    fn it_is_small_and_a_clone_shares_its_bytes() {
        assert!(size_of::<Request>() <= 96, "{}", size_of::<Request>());
        let one = request("/a", &[("X", b"y")]);
        let two = one.clone();
        assert_eq!(one.header("x").map(<[u8]>::as_ptr), two.header("x").map(<[u8]>::as_ptr));
    }
}
