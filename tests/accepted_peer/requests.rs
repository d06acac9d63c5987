//! Requests: which are accepted, which are rejected with which response, and requests that arrive in unusual parts.

use std::time::{Duration, Instant};

use websocket_peer::{CloseCause, PeerOptions, ReadyState, Timeout, WebSocketPeer};

use crate::common::{
    PATIENCE, closed, eventually, opened,
    raw::{ANSWER, End, REQUEST, Raw, TEXT, accepting, client_frame, end_from, frame_from},
    receive, until,
};

/// Sends a request. Returns the response after the peer has ended TCP.
#[track_caller]
fn answer(request: &[u8]) -> (String, WebSocketPeer) {
    let (mut peer, mut raw) = accepting(PeerOptions::for_server());
    raw.send_while(request, || {
        peer.poll();
    });
    assert_eq!(end_from(&mut peer, &mut raw), End::Eof, "a reset would destroy the answer");
    (String::from_utf8(raw.rest().to_vec()).unwrap(), peer)
}

#[track_caller]
fn assert_rejected(request: &[u8], status: &str) -> String {
    let (answer, mut peer) = answer(request);
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
    let info = closed(&mut peer);
    let CloseCause::HandshakeFailed { reason: why, .. } = info.cause else { panic!("{info:?}") };
    assert_eq!((info.code, info.reason.as_str()), (None, ""));
    let (head, body) = answer.split_once("\r\n\r\n").expect("an empty line");
    assert_eq!(body, format!("{why}\n"), "both ends get the same reason");
    assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{head}");
    assert!(head.contains("\r\nConnection: close"), "{head}");
    assert_eq!((peer.url(), peer.protocol(), peer.available()), (None, None, 0));
    answer
}

/// Returns the valid request without its field `name`.
fn without(name: &str) -> String {
    let lines: Vec<&str> = REQUEST.split("\r\n").filter(|line| !line.starts_with(name)).collect();
    lines.join("\r\n")
}

/// Returns the valid request with one more line.
fn with(line: &str) -> String {
    REQUEST.replace("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"))
}

#[test]
fn an_invalid_request_is_answered_400() {
    for request in [
        "hello\r\n\r\n",
        "\r\n\r\n",
        "GET\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
        &REQUEST.replace("HTTP/1.1", "HTTP/1.0"),
        &REQUEST.replace("HTTP/1.1", "HTTP/2"),
        &REQUEST.replace("HTTP/1.1", "HTTP/1.1 more"),
        &without("Host:"),
        &with("Host: another"),
        &with("no colon"),
        &with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        &without("Sec-WebSocket-Key:"),
        &REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "abc"),
        &REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=?"),
    ] {
        assert_rejected(request.as_bytes(), "400 Bad Request");
    }
    assert_rejected(b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n", "400 Bad Request");
    assert_rejected(b"\0\xff\xfe\r\n\r\n", "400 Bad Request");
}

#[test]
fn a_bare_line_feed_is_answered_400_at_once() {
    // The client sends nothing else. After the connect timeout there would be no response.
    for request in [
        REQUEST.replace("\r\n", "\n"),
        REQUEST.replacen("\r\n", "\n", 1),
        with("X: y\nZ: z"),
        "GET / HTTP/1.1\n".into(),
    ] {
        let answer = assert_rejected(request.as_bytes(), "400 Bad Request");
        assert!(answer.ends_with("the request's lines do not end as in HTTP\n"), "{answer}");
    }
}

#[test]
fn another_method_is_answered_405() {
    for method in ["POST", "HEAD", "OPTIONS", "get"] {
        let answer = assert_rejected(REQUEST.replacen("GET", method, 1).as_bytes(), "405 Method Not Allowed");
        assert!(answer.contains("\r\nAllow: GET\r\n"), "{answer}");
    }
}

#[test]
fn a_request_without_the_right_upgrade_is_answered_426() {
    for request in [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        &without("Upgrade:"),
        &without("Connection:"),
        &without("Sec-WebSocket-Version:"),
        &REQUEST.replace("Version: 13", "Version: 8"),
        &REQUEST.replace("Upgrade: websocket", "Upgrade: h2c"),
        &REQUEST.replace("Connection: Upgrade", "Connection: close"),
    ] {
        let answer = assert_rejected(request.as_bytes(), "426 Upgrade Required");
        assert!(answer.contains("\r\nUpgrade: websocket\r\n"), "{answer}");
        assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{answer}");
    }
}

#[test]
fn a_head_has_at_most_8_kib_and_64_fields() {
    const TOO_LARGE: &str = "431 Request Header Fields Too Large";
    assert_rejected(with(&format!("X: {}", "x".repeat(8 * 1024))).as_bytes(), TOO_LARGE);
    assert_rejected(&[b'x'; 100_000], TOO_LARGE);
    assert_rejected(with(&["X: y"; 64].join("\r\n")).as_bytes(), TOO_LARGE);

    let room = 8 * 1024 - REQUEST.len() - "\r\nX: ".len();
    for request in [with(&format!("X: {}", "x".repeat(room))), with(&["X: y"; 59].join("\r\n"))] {
        let (mut peer, mut raw) = accepting(PeerOptions::for_server());
        raw.send(request);
        opened(&mut peer);
    }
}

#[test]
fn the_response_survives_bytes_that_the_client_still_sends() {
    // A socket that is closed with unread bytes sends a reset, which destroys what was sent before.
    let more = with("no colon") + &"and much more, ".repeat(20_000);
    assert_rejected(more.as_bytes(), "400 Bad Request");
}

#[test]
fn a_request_that_arrives_byte_by_byte_is_accepted() {
    let (mut peer, mut raw) = accepting(PeerOptions::for_server());
    for byte in REQUEST.as_bytes() {
        assert_eq!(peer.poll(), ReadyState::Connecting);
        raw.send([*byte]);
    }
    opened(&mut peer);
    assert_eq!(eventually("the answer", || raw.head()), ANSWER);
    assert_eq!(peer.url(), Some("ws://h.example:99/chat?x=1"));
}

#[test]
fn an_endless_request_of_one_byte_a_poll_times_out() {
    let limit = Duration::from_millis(500);
    let (mut peer, mut raw) = accepting(PeerOptions::for_server().connect_timeout(limit));
    let start = Instant::now();
    raw.send("GET / HTTP/1.1\r\nX: ");
    until("the peer times out", || {
        if peer.state() == ReadyState::Connecting {
            raw.send("x");
        }
        peer.poll() == ReadyState::Closed
    });
    assert_eq!(closed(&mut peer).cause, CloseCause::TimedOut(Timeout::Connect));
    assert!(start.elapsed() >= limit);
    end_from(&mut peer, &mut raw);
}

#[test]
fn a_client_that_disconnects_within_its_request_fails_the_handshake() {
    for request in ["", "GET / HT", REQUEST.trim_end()] {
        let (mut peer, mut raw) = accepting(PeerOptions::for_server());
        raw.send(request);
        drop(raw);
        let info = closed(&mut peer);
        assert!(matches!(info.cause, CloseCause::HandshakeFailed { .. }), "{request:?}: {info:?}");
        assert_eq!(peer.url(), None);
    }
}

#[test]
fn frames_behind_the_request_are_read() {
    let (mut peer, mut raw) = accepting(PeerOptions::for_server());
    let frames = ["first", "second"].map(|text| client_frame(TEXT, text)).concat();
    raw.send([REQUEST.as_bytes(), &frames].concat());
    opened(&mut peer);
    assert_eq!(receive(&mut peer).as_text(), Some("first"));
    assert_eq!(receive(&mut peer).as_text(), Some("second"));
    peer.send_text("answer").unwrap();
    assert_eq!(eventually("the head", || raw.head()), ANSWER);
    assert_eq!(frame_from(&mut peer, &mut raw).payload, b"answer");
}

#[test]
fn a_partial_frame_behind_the_request_is_kept() {
    let (mut peer, mut raw) = accepting(PeerOptions::for_server());
    let frame = client_frame(TEXT, "whole");
    let (start, rest) = frame.split_at(5);
    raw.send([REQUEST.as_bytes(), start].concat());
    opened(&mut peer);
    raw.send(rest);
    assert_eq!(receive(&mut peer).as_text(), Some("whole"));
}

/// Returns a request that offers these sub-protocols, one a field.
fn offering(offered: &[&str]) -> String {
    let lines: Vec<String> = offered.iter().map(|line| format!("Sec-WebSocket-Protocol: {line}")).collect();
    if lines.is_empty() { REQUEST.to_owned() } else { with(&lines.join("\r\n")) }
}

/// Returns the peer's choice and its response for a client that sends the fields `offered`.
fn chosen(options: PeerOptions, offered: &[&str]) -> (Option<String>, String) {
    let (mut peer, mut raw): (WebSocketPeer, Raw) = accepting(options);
    raw.send(offering(offered));
    opened(&mut peer);
    let answer = eventually("the answer", || raw.head());
    (peer.protocol().map(str::to_owned), answer)
}

#[test]
fn the_first_offered_protocol_that_the_server_supports_is_chosen() {
    for (known, offered, expected) in [
        (&["a", "b"][..], &["b, a"][..], Some("b")),
        (&["b"], &["zz", "b"], Some("b")),
        (&["b"], &["a,b , c"], Some("b")),
        (&[], &["a"], None),
    ] {
        let (protocol, answer) = chosen(PeerOptions::for_server().protocols(known.iter().copied()), offered);
        assert_eq!(protocol.as_deref(), expected, "{known:?} {offered:?}");
        let line = answer.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
        assert_eq!(line, expected, "{answer}");
    }
}

#[test]
fn a_client_that_offers_no_supported_protocol_is_answered_400() {
    for offered in [&[][..], &["b"], &["A"], &[","], &["a b"]] {
        let (mut peer, mut raw) = accepting(PeerOptions::for_server().protocols(["a"]));
        raw.send(offering(offered));
        let answer = eventually("the answer", || {
            peer.poll();
            raw.head()
        });
        assert!(answer.starts_with("HTTP/1.1 400 "), "{offered:?}: {answer}");
        eventually("the end", || (peer.poll() == ReadyState::Closed).then_some(()));
        let cause = peer.close_info().map(|info| info.cause.clone());
        assert!(matches!(cause, Some(CloseCause::HandshakeFailed { .. })), "{offered:?}: {cause:?}");
    }
}

#[test]
fn an_optional_protocol_may_be_missing() {
    for offered in [&[][..], &["b"], &["A"], &[","]] {
        let options = PeerOptions::for_server().protocols(["a"]).require_protocol(false);
        let (protocol, answer) = chosen(options, offered);
        assert_eq!(protocol, None, "{offered:?}");
        assert!(!answer.contains("Sec-WebSocket-Protocol"), "{answer}");
    }
}

#[test]
fn extensions_are_not_accepted() {
    let (mut peer, mut raw) = accepting(PeerOptions::for_server());
    raw.send(with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"));
    opened(&mut peer);
    assert_eq!(eventually("the answer", || raw.head()), ANSWER);
}

#[test]
fn a_blocking_stream_becomes_non_blocking() {
    let (mut peer, _raw) = accepting(PeerOptions::for_server());
    let start = Instant::now();
    assert_eq!(peer.poll(), ReadyState::Connecting);
    assert!(start.elapsed() < PATIENCE, "the accepted stream blocks in reads");
}
