//! The server's side: reads and checks requests. What to answer is decided elsewhere; [`response`](super::response)
//! writes it.

use std::{borrow::Cow, net::SocketAddr};

use super::head::{Fields, HeadBuffer, HeadOutcome, LineEnds};
use crate::{
    admission::Rejection,
    http::{read_target, split_authority},
    request::Request,
};

/// The largest number of header fields.
const MAX_FIELDS: usize = 64;

/// The handshake of a server.
#[derive(Debug)]
pub(in super::super) struct ServerUpgrade {
    head: HeadBuffer,
}

/// The result of the bytes so far.
#[derive(Debug)]
pub(in super::super) enum RequestOutcome {
    /// The head is incomplete.
    Incomplete,
    /// A valid upgrade request. `rest` has the bytes after its head.
    Upgrade { request: Request, rest: Vec<u8> },
    /// A valid request without upgrade. `rejection` is the answer, unless the program gives another.
    Plain { request: Request, rejection: Rejection },
    /// The request is not valid.
    Invalid(Rejection),
}

impl ServerUpgrade {
    /// Returns a handshake for a request whose head has at most `max_size` bytes.
    pub(in super::super) fn new(max_size: usize) -> Self {
        Self { head: HeadBuffer::new(max_size, LineEnds::Strict) }
    }

    /// Handles bytes from the client.
    pub(in super::super) fn receive(
        &mut self,
        bytes: &[u8],
        from: SocketAddr,
        secure: bool,
    ) -> RequestOutcome {
        if self.head.is_empty() && !begins_a_request(bytes) {
            return RequestOutcome::Invalid(bad_request(
                "the request is not HTTP; a secure one may have come to a plain server",
            ));
        }
        match self.head.push(bytes) {
            HeadOutcome::Incomplete => RequestOutcome::Incomplete,
            HeadOutcome::BareLineFeed => {
                RequestOutcome::Invalid(bad_request("the request's lines do not end as in HTTP"))
            }
            HeadOutcome::TooLarge => RequestOutcome::Invalid(too_large("the request's head is too long")),
            HeadOutcome::Complete { head, rest } => {
                read(&head, rest, from, secure).unwrap_or_else(RequestOutcome::Invalid)
            }
        }
    }
}

fn read(head: &[u8], rest: Vec<u8>, from: SocketAddr, secure: bool) -> Result<RequestOutcome, Rejection> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(head) {
        Ok(httparse::Status::Complete(end)) if end == head.len() => {}
        Err(httparse::Error::TooManyHeaders) => {
            return Err(too_large("the request has over 64 header fields"));
        }
        _ => return Err(bad_request("the request is not HTTP")),
    }
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Err(bad_request("the request is not HTTP/1.1"));
    };
    let line = RequestLine { method, target, version };
    let fields = Fields(request.headers);
    let make = |(host, target): (&str, Cow<'_, str>)| {
        let fields = request.headers.iter().map(|field| (field.name, field.value));
        Request::new(from, secure, host, &target, fields)
    };
    match check_upgrade(line, fields) {
        Ok(target) => Ok(RequestOutcome::Upgrade { request: make(target), rest }),
        Err(rejection) => {
            let target = check_plain(line, fields).ok_or(rejection)?;
            Ok(RequestOutcome::Plain { request: make(target).into_plain(method == "HEAD"), rejection })
        }
    }
}

/// The request line.
#[derive(Clone, Copy)]
struct RequestLine<'a> {
    method: &'a str,
    target: &'a str,
    /// The number after `HTTP/1.`.
    version: u8,
}

/// Checks an upgrade request, and returns host and target (RFC 6455, 4.2.1).
fn check_upgrade<'a>(
    line: RequestLine<'a>,
    fields: Fields<'a>,
) -> Result<(&'a str, Cow<'a, str>), Rejection> {
    if line.version != 1 {
        return Err(bad_request("the request is not HTTP/1.1"));
    }
    if line.method != "GET" {
        return Err(Rejection { status: 405, reason: "the request's method is not GET" });
    }
    let target = read_target(line.target, read_host(fields)?).map_err(bad_request)?;
    check_fields(fields)?;
    check_one_meaning(fields)?;
    Ok(target)
}

/// Checks a GET or HEAD request without any sign of an upgrade, and returns host and target. A wrong upgrade request
/// returns `None`, so that the response explains the error to its client. HTTP/1.0 is accepted, also without host,
/// because many health checks use it.
fn check_plain<'a>(line: RequestLine<'a>, fields: Fields<'a>) -> Option<(&'a str, Cow<'a, str>)> {
    let asks_for_websocket = fields.has_token("upgrade", "websocket")
        || fields.values("sec-websocket-key").next().is_some()
        || fields.values("sec-websocket-version").next().is_some();
    if !matches!(line.method, "GET" | "HEAD") || asks_for_websocket {
        return None;
    }
    let host = match fields.only("host") {
        Ok(None) if line.version == 0 => "",
        _ => read_host(fields).ok()?,
    };
    check_one_meaning(fields).ok()?;
    read_target(line.target, host).ok()
}

fn read_host(fields: Fields<'_>) -> Result<&str, Rejection> {
    match fields.only("host").map(|host| host.map(std::str::from_utf8)) {
        Ok(Some(Ok(host))) if split_authority(host).is_some() => Ok(host),
        _ => Err(bad_request("the request has no valid Host, or several")),
    }
}

/// Checks the fields that ask for an upgrade.
fn check_fields(fields: Fields<'_>) -> Result<(), Rejection> {
    if !fields.has_token("upgrade", "websocket") || !fields.has_token("connection", "upgrade") {
        return Err(Rejection { status: 426, reason: "the request does not upgrade to websocket" });
    }
    if fields.only("sec-websocket-version") != Ok(Some(b"13")) {
        return Err(Rejection { status: 426, reason: "the request's WebSocket version is not 13" });
    }
    if !matches!(fields.only("sec-websocket-key"), Ok(Some(key)) if is_key(key)) {
        return Err(bad_request("the request's key is not 16 bytes in base64"));
    }
    Ok(())
}

/// Checks the fields that must be missing, or present at most once.
fn check_one_meaning(fields: Fields<'_>) -> Result<(), Rejection> {
    // A proxy before this server might read frames as a body, or a body as frames.
    let has_body = fields.values("content-length").any(|length| length != b"0");
    if has_body || fields.values("transfer-encoding").next().is_some() {
        return Err(bad_request("the request announces a body"));
    }
    if fields.only("origin").is_err() {
        return Err(bad_request("the request has several Origins"));
    }
    Ok(())
}

fn bad_request(reason: &'static str) -> Rejection {
    Rejection { status: 400, reason }
}

fn too_large(reason: &'static str) -> Rejection {
    Rejection { status: 431, reason }
}

/// Returns `true` if these can be the first bytes of a method. Those of a TLS handshake cannot: they might never be
/// followed by an empty line.
fn begins_a_request(bytes: &[u8]) -> bool {
    bytes.first().is_none_or(u8::is_ascii_alphabetic)
}

/// Returns `true` for 16 bytes in base64: 22 digits, and two characters of padding.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key[..22].iter().all(is_digit) && &key[22..] == b"=="
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_SIZE: usize = 8 * 1024;
    const GOOD: &str = "Host: h.example:99\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13";

    fn receive(head: &[u8]) -> RequestOutcome {
        ServerUpgrade::new(MAX_SIZE).receive(head, ([192, 0, 2, 1], 5000).into(), false)
    }

    #[track_caller]
    fn request(head: &str) -> Request {
        match receive(format!("{head}\r\n\r\n").as_bytes()) {
            RequestOutcome::Upgrade { request, rest } if rest.is_empty() => request,
            other => panic!("{head}\n→ {other:?}"),
        }
    }

    #[track_caller]
    fn assert_rejected(head: &str, status: u16) {
        match receive(format!("{head}\r\n\r\n").as_bytes()) {
            RequestOutcome::Invalid(rejection) | RequestOutcome::Plain { rejection, .. }
                if !rejection.reason.is_empty() =>
            {
                assert_eq!(rejection.status, status, "{head}")
            }
            other => panic!("{head}\n→ {other:?}"),
        }
    }

    #[test]
    fn a_good_request_is_read() {
        let request = request(&format!("GET /chat?x=1 HTTP/1.1\r\n{GOOD}\r\nOrigin:  https://h.example "));
        assert_eq!(request.url(), "ws://h.example:99/chat?x=1");
        assert_eq!((request.path(), request.query()), ("/chat", Some("x=1")));
        assert_eq!(request.origin(), Some("https://h.example"));
        assert_eq!(request.header("sec-websocket-key"), Some(&b"dGhlIHNhbXBsZSBub25jZQ=="[..]));
        assert_eq!(request.headers().count(), 6);
        assert_eq!(request.addr(), ([192, 0, 2, 1], 5000).into());
    }

    #[test]
    fn a_bad_request_is_rejected() {
        let without = |name: &str| {
            let lines: Vec<&str> = GOOD.split("\r\n").filter(|line| !line.starts_with(name)).collect();
            format!("GET / HTTP/1.1\r\n{}", lines.join("\r\n"))
        };
        for (head, status) in [
            (format!("POST / HTTP/1.1\r\n{GOOD}"), 405),
            (format!("OPTIONS * HTTP/1.1\r\n{GOOD}"), 405),
            (format!("CONNECT h:80 HTTP/1.1\r\n{GOOD}"), 405),
            (format!("GET / HTTP/1.0\r\n{GOOD}"), 400),
            (format!("GET /\r\n{GOOD}"), 400),
            ("hello".into(), 400),
            (without("Host"), 400),
            (without("Upgrade"), 426),
            (without("Connection"), 426),
            (without("Sec-WebSocket-Key"), 400),
            (without("Sec-WebSocket-Version"), 426),
            (format!("{}\r\nSec-WebSocket-Version: 8", without("Sec-WebSocket-Version")), 426),
            (format!("{}\r\nSec-WebSocket-Key: short", without("Sec-WebSocket-Key")), 400),
            (format!("GET / HTTP/1.1\r\n{GOOD}\r\nHost: two"), 400),
            (format!("GET / HTTP/1.1\r\n{GOOD}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400),
            (format!("GET / HTTP/1.1\r\n{GOOD}\r\nOrigin: a\r\nOrigin: b"), 400),
            (format!("GET / HTTP/1.1\r\n{GOOD}{}", "\r\nA: b".repeat(64)), 431),
            (format!("GET /{} HTTP/1.1\r\n{GOOD}", "x".repeat(MAX_SIZE)), 431),
        ] {
            assert_rejected(&head, status);
        }
        for host in ["", "u@h", "h/x", "h h", "h:x", "h\"", "é"] {
            assert_rejected(&format!("{}\r\nHost: {host}", without("Host")), 400);
        }
    }

    #[test]
    fn a_request_without_upgrade_is_read() {
        for (head, method, host, status) in [
            ("GET /health?a HTTP/1.1\r\nHost: h.example:99", "GET", "h.example:99", 426),
            ("HEAD /health?a HTTP/1.1\r\nHost: h", "HEAD", "h", 405),
            ("GET http://o/health?a HTTP/1.1\r\nHost: h\r\nContent-Length: 0", "GET", "o", 426),
            ("GET /health?a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c", "GET", "h", 426),
            ("GET /health?a HTTP/1.0", "GET", "", 400),
            ("HEAD /health?a HTTP/1.0\r\nHost: h", "HEAD", "h", 400),
        ] {
            match receive(format!("{head}\r\n\r\nmore").as_bytes()) {
                RequestOutcome::Plain { request, rejection } => {
                    assert_eq!(
                        (request.is_upgrade(), request.method(), request.host()),
                        (false, method, host)
                    );
                    assert_eq!((request.path(), request.query()), ("/health", Some("a")), "{head}");
                    assert_eq!(rejection.status, status, "{head}");
                }
                other => panic!("{head}\n→ {other:?}"),
            }
        }
    }

    #[test]
    fn an_invalid_request_is_not_a_plain_one() {
        for head in [
            "POST / HTTP/1.1\r\nHost: h",
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\r\nHost: h\r\nHost: h",
            "GET / HTTP/1.0\r\nHost: h x",
            "GET * HTTP/1.1\r\nHost: h",
            "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1",
            "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked",
            "GET / HTTP/1.1\r\nHost: h\r\nOrigin: a\r\nOrigin: b",
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket",
            "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 13",
        ] {
            assert!(
                matches!(receive(format!("{head}\r\n\r\n").as_bytes()), RequestOutcome::Invalid(_)),
                "{head}"
            );
        }
    }

    #[test]
    fn a_target_may_be_a_url_and_its_host_replaces_the_field() {
        for (target, host, path, query) in [
            ("http://other.example/chat?x=/1", "other.example", "/chat", Some("x=/1")),
            ("HTTPS://other.example:8443", "other.example:8443", "/", None),
            ("ws://[::1]:80?x", "[::1]:80", "/", Some("x")),
            ("wss://h//x", "h", "//x", None),
        ] {
            let request = request(&format!("GET {target} HTTP/1.1\r\n{GOOD}"));
            assert_eq!((request.host(), request.path(), request.query()), (host, path, query), "{target}");
        }
    }

    #[test]
    fn a_target_that_is_neither_path_nor_url_is_rejected() {
        for target in [
            "*",
            "chat",
            "?x",
            "h:80",
            "http:/x",
            "http://",
            "http:///x",
            "http://?x",
            "http://u@h/",
            "http://u:p@h/",
            "ftp://h/",
            "://h/",
            "/#x",
            "/x?y#z",
            "http://h/#x",
        ] {
            assert_rejected(&format!("GET {target} HTTP/1.1\r\n{GOOD}"), 400);
        }
    }

    #[test]
    fn a_request_that_announces_a_body_is_rejected() {
        for field in [
            "Content-Length: 1",
            "content-length: 00",
            "Content-Length: 0, 5",
            "Content-Length: 0\r\nContent-Length: 5",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: identity",
            "Transfer-Encoding:",
        ] {
            assert_rejected(&format!("GET / HTTP/1.1\r\n{GOOD}\r\n{field}"), 400);
        }
        request(&format!("GET / HTTP/1.1\r\n{GOOD}\r\nContent-Length: 0"));
    }

    #[test]
    fn fields_that_two_parsers_would_read_differently_are_rejected() {
        for field in ["X : y", " folded", "X: y\rZ: w", "X: \0", "X\0: y", "\n\nGET / HTTP/1.1"] {
            assert_rejected(&format!("GET / HTTP/1.1\r\n{GOOD}\r\n{field}"), 400);
        }
    }

    #[test]
    fn the_limit_of_the_head_is_exact() {
        let head = format!("GET / HTTP/1.1\r\n{GOOD}\r\n\r\n");
        let receive =
            |limit: usize| ServerUpgrade::new(limit).receive(head.as_bytes(), ([0; 4], 1).into(), false);
        assert!(matches!(receive(head.len()), RequestOutcome::Upgrade { .. }));
        assert!(matches!(receive(head.len() - 1), RequestOutcome::Invalid(Rejection { status: 431, .. })));
    }

    #[test]
    fn field_values_need_not_be_text() {
        let mut head = format!("GET / HTTP/1.1\r\n{GOOD}\r\nSec-WebSocket-Protocol: ").into_bytes();
        head.extend_from_slice(b"\xff\xfe\r\nX: \x80\r\n\r\nrest");
        let RequestOutcome::Upgrade { request, rest } = receive(&head) else { panic!("rejected") };
        assert_eq!(
            (request.protocols().count(), request.header("X"), &rest[..]),
            (0, Some(&b"\x80"[..]), &b"rest"[..])
        );
    }
}
