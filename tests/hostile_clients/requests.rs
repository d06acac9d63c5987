//! Requests that are too large or invalid: sizes, counts, bytes that are not text, other protocols.

use std::time::Instant;

use websocket_peer::{Admission, ServerOptions};

use crate::{
    common::{
        PATIENCE, eventually,
        raw::{End, REQUEST, TEXT, client_frame},
    },
    host::{Host, request},
};

/// A request whose head has exactly this size.
fn sized(size: usize) -> String {
    let empty = request("/", &["X: "]);
    request("/", &[&format!("X: {}", "x".repeat(size - empty.len()))])
}

#[test]
fn a_head_over_the_limit_gets_431() {
    let mut host = Host::start(ServerOptions::default());
    let max = host.server.options().max_request_size;
    host.open_client_with(&sized(max));
    assert_eq!(host.status_for(sized(max + 1)), 431);
    let mut small = Host::start(ServerOptions::default().max_request_size(300));
    small.open_client_with(&sized(300));
    assert_eq!(small.status_for(sized(301)), 431);
}

/// Quadratic header parsing: a head is parsed once it is complete, and no bytes are kept beyond the limit.
#[test]
fn a_head_that_never_ends_is_rejected_at_the_limit() {
    let mut host = Host::start(ServerOptions::default());
    let mut raw = host.connect_and_send("GET / HTTP/1.1\r\nHost: h\r\n");
    let start = Instant::now();
    for _ in 0..8200 {
        raw.send("x");
        host.server.poll();
    }
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    assert_eq!(host.rejection(&mut raw).status, 431);
    assert!(host.server.stats().memory < 1000, "only the response");
}

/// Too many headers crash some servers.
#[test]
fn more_than_64_fields_get_431() {
    let mut host = Host::start(ServerOptions::default());
    let own = REQUEST.matches(": ").count();
    let with_fields = |count: usize| request("/", &vec!["A: b"; count - own]);
    host.open_client_with(&with_fields(64));
    assert_eq!(host.status_for(with_fields(65)), 431);
    assert_eq!(host.status_for(with_fields(500)), 431);
}

/// Header values that cause panics elsewhere: bytes that are not text, and names with a meaning in a language.
#[test]
fn header_values_that_are_not_text_cause_no_panic() {
    let mut host = Host::start(ServerOptions::default());
    host.server.on_request(|request| {
        for (name, value) in request.headers() {
            assert!(!name.is_empty() && !value.contains(&b'\n'));
        }
        let _ = (request.origin(), request.url(), request.protocols().count(), format!("{request:?}"));
        Admission::accept()
    });
    for field in [
        &b"Sec-WebSocket-Protocol: \xff\xfe, chat, \xc3\x28"[..],
        b"Sec-WebSocket-Protocol: constructor, __proto__",
        b"Sec-WebSocket-Extensions: constructor; __proto__=\xff",
        b"Cookie: \x80\x81\xff=\xfe",
        b"X-Empty:",
        b"X-Long: \xe2\x98\x83\xf0\x9f\x98\x80",
    ] {
        let (line, rest) = REQUEST.split_once("\r\n").unwrap();
        let bytes = [line.as_bytes(), b"\r\n", field, b"\r\n", rest.as_bytes()].concat();
        let mut raw = host.connect_and_send(bytes);
        let head = host.until("the answer", |_| raw.head());
        assert!(head.starts_with("HTTP/1.1 101 "), "{}: {head}", field.escape_ascii());
        let key = host.opened();
        raw.send(client_frame(TEXT, "alive"));
        host.packet(key);
    }
}

#[test]
fn requests_that_two_servers_would_read_differently_get_400() {
    let mut host = Host::start(ServerOptions::default());
    for line in [
        "Host: two",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "X : y",
        " folded",
        "X: \0",
        "X: a\rY: b",
        "Origin: a\r\nOrigin: b",
    ] {
        assert_eq!(host.status_for(request("/", &[line])), 400, "{line:?}");
    }
    for target in ["*", "http://", "/#x", "?x", "ftp://h/"] {
        assert_eq!(host.status_for(request(target, &[])), 400, "{target}");
    }
}

#[test]
fn a_tls_client_on_a_plain_port_gets_400_at_once() {
    let mut host = Host::start(ServerOptions::default());
    let hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3][..], &[0xAB; 501]].concat();
    assert_eq!(host.status_for(hello), 400);
}

#[test]
fn other_protocols_get_400_at_once() {
    let mut host = Host::start(ServerOptions::default());
    for bytes in
        [&b"\0\0\0\x10protocol"[..], b"\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b"\xff\xd8\xff", b"{}\r\n\r\n"]
    {
        assert_eq!(host.status_for(bytes), 400, "{}", bytes.escape_ascii());
    }
    assert_eq!(host.status_for("PRI * HTTP/2.0\r\n\r\n"), 400);
}

#[test]
fn a_path_that_is_not_served_gets_404() {
    let mut host = Host::start(ServerOptions::default().paths(["/game"]));
    assert_eq!(host.status_for(request("/", &[])), 404);
    assert_eq!(host.status_for(request("/game/../admin", &[])), 404);
    host.open_client_with(&request("/game?x=/else", &[]));
}

/// It gets the whole response, and no reset.
#[test]
fn a_client_that_continues_to_send_still_gets_the_response() {
    let mut host = Host::start(ServerOptions::default());
    let mut raw = host.connect();
    host.send(&mut raw, [&b"nonsense\r\n\r\n"[..], &[b'x'; 200_000]].concat());
    assert_eq!(host.rejection(&mut raw).status, 400);
}

/// TLS downgrades and leaks of credentials by redirects.
#[test]
fn a_rejection_is_never_a_redirect() {
    let mut host = Host::start(ServerOptions::default());
    for status in [300, 301, 302, 307, 308] {
        host.server.on_request(move |_| Admission::reject(status));
        assert_eq!(host.status_for(REQUEST), 403);
    }
}

/// There is no thread per connection.
#[test]
fn requests_are_answered_on_the_thread_that_polls() {
    let mut host = Host::start(ServerOptions::default());
    let here = std::thread::current().id();
    host.server.on_request(move |_| {
        assert_eq!(std::thread::current().id(), here);
        Admission::accept()
    });
    for _ in 0..20 {
        host.open_client();
    }
}

#[test]
fn a_client_that_half_closes_after_its_request_is_ended() {
    let mut host = Host::start(ServerOptions::default());
    for bytes in [&REQUEST[..40], REQUEST] {
        let mut raw = host.connect_and_send(bytes);
        raw.finish();
        eventually("the end of TCP", || {
            host.step();
            raw.end().filter(|end| *end == End::Eof)
        });
    }
    host.until_empty();
}
