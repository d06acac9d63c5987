//! The requirements of RFC 6455 for servers.

use std::time::Duration;

use websocket_peer::{CloseCause, CloseCode, Error, PeerKey, PeerOptions, ReadyState, ServerOptions};

use crate::{
    common::raw::{
        BINARY, CLOSE, End, PING, PONG, REQUEST, Raw, TEXT, client_frame, close_payload, server_frame,
    },
    host::{Host, request, with_peer},
};

/// A client sends these bytes. Checks that it gets a close frame with this code, that nothing follows, and that TCP
/// ends without a reset.
#[track_caller]
fn assert_closed_with(bytes: impl AsRef<[u8]>, code: u16) {
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    host.send(&mut raw, [bytes.as_ref(), &client_frame(BINARY, vec![7; 60_000]).repeat(5)].concat());
    let frame = host.frame(&mut raw);
    assert_eq!((frame.close_code(), frame.masked), (Some(code), false));
    assert_eq!(host.end(&mut raw), End::Eof, "a reset would destroy the close frame");
    assert_eq!(raw.rest(), b"", "nothing follows a close frame");
    let cause = if code == 1009 { CloseCause::MessageTooBig } else { CloseCause::Protocol };
    let info = host.closed(key);
    assert_eq!((info.code, info.cause), (Some(code), cause));
    assert_eq!(host.events, [], "the program gets no invalid data");
}

#[test]
fn a_server_fails_on_unmasked_frames() {
    for bytes in [server_frame(TEXT, "hi"), server_frame(PING, ""), server_frame(CLOSE, [3, 0xE8])] {
        assert_closed_with(bytes, 1002);
    }
}

#[test]
fn a_server_does_not_mask_frames() {
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    host.server.send_text(key, "plain").unwrap();
    let frame = host.frame(&mut raw);
    assert_eq!((frame.masked, &frame.payload[..]), (false, &b"plain"[..]));
}

#[test]
fn no_extension_is_negotiated_so_decompression_bombs_are_impossible() {
    let mut host = Host::start(ServerOptions::default());
    let asking = request("/", &["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]);
    let mut raw = host.connect_and_send(asking);
    let head = host.until("the answer", |_| raw.head());
    assert!(!head.to_ascii_lowercase().contains("extensions"), "{head}");
    assert_closed_with(client_frame(0xC1, "not compressed"), 1002);
}

#[test]
fn a_server_checks_method_host_and_key() {
    let without = |name: &str| {
        let lines: Vec<&str> = REQUEST.split("\r\n").filter(|line| !line.starts_with(name)).collect();
        lines.join("\r\n")
    };
    let mut host = Host::start(ServerOptions::default());
    for (bytes, status) in [
        (REQUEST.replace("GET", "POST"), 405),
        (REQUEST.replace("HTTP/1.1", "HTTP/1.0"), 400),
        (without("Host"), 400),
        (without("Sec-WebSocket-Key"), 400),
        (REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), 400),
        (without("Upgrade"), 426),
        (without("Connection"), 426),
    ] {
        assert_eq!(host.status_for(&bytes), status, "{bytes}");
    }
    let mut raw = host.connect_and_send(REQUEST.replace("GET", "PUT"));
    assert!(host.rejection(&mut raw).head.contains("\r\nAllow: GET"));
    host.open_client();
}

#[test]
fn a_wrong_version_gets_426_and_the_header_with_the_right_one() {
    let mut host = Host::start(ServerOptions::default());
    for wrong in ["Sec-WebSocket-Version: 8", "Sec-WebSocket-Version: 14", "X-Version: 13"] {
        let mut raw = host.connect_and_send(REQUEST.replace("Sec-WebSocket-Version: 13", wrong));
        let rejection = host.rejection(&mut raw);
        assert_eq!(rejection.status, 426);
        assert!(rejection.head.contains("\r\nSec-WebSocket-Version: 13"), "{rejection:?}");
        assert!(rejection.head.contains("\r\nUpgrade: websocket"), "{rejection:?}");
    }
}

#[test]
fn reserved_bits_and_opcodes_get_1002() {
    for first in [0xC1, 0xA1, 0x91, 0xC2, 0xC9, 0x83, 0x87, 0x8B, 0x8F] {
        assert_closed_with(client_frame(first, "hi"), 1002);
    }
}

#[test]
fn a_control_frame_over_125_bytes_or_in_fragments_gets_1002() {
    assert_closed_with(client_frame(PING, [0; 126]), 1002);
    assert_closed_with(client_frame(CLOSE, close_payload(1000, &"x".repeat(124))), 1002);
    assert_closed_with(client_frame(0x09, "part"), 1002);
    assert_closed_with(client_frame(0x08, []), 1002);
}

#[test]
fn fragments_out_of_order_get_1002() {
    assert_closed_with(client_frame(0x80, "of nothing"), 1002);
    assert_closed_with([client_frame(0x01, "one"), client_frame(TEXT, "two")].concat(), 1002);
}

#[test]
fn invalid_utf8_in_text_and_reasons_gets_1007() {
    for payload in [&b"\xC3\x28"[..], b"\xF0\x9F\x8E", b"\xED\xA0\x80", b"\xFF", b"good until here \x80"] {
        assert_closed_with(client_frame(TEXT, payload), 1007);
    }
    assert_closed_with([client_frame(0x01, b"\xC3"), client_frame(0x80, b"\x28")].concat(), 1007);
    assert_closed_with(client_frame(CLOSE, [3, 0xE8, 0xC3, 0x28]), 1007);
}

#[test]
fn a_message_that_is_too_big_gets_1009() {
    assert_closed_with(client_frame(BINARY, vec![0; 65_537]), 1009);
    assert_closed_with(
        [client_frame(0x02, vec![0; 60_000]), client_frame(0x80, vec![0; 6_000])].concat(),
        1009,
    );
}

#[test]
fn a_close_is_echoed_once_and_nothing_is_sent_after_it() {
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    raw.send(client_frame(CLOSE, close_payload(4003, "bye")).repeat(3));
    raw.send(client_frame(PING, "answer me"));
    let echo = host.frame(&mut raw);
    assert_eq!((echo.first, &echo.payload[..]), (CLOSE, &close_payload(4003, "bye")[..]));
    assert_eq!(host.end(&mut raw), End::Eof);
    assert_eq!(raw.rest(), b"");
    host.closed(key);
}

#[test]
fn no_frame_is_sent_after_a_close_frame() {
    let beating = PeerOptions::for_server().heartbeat_interval(Duration::from_millis(50));
    let mut host = Host::start(with_peer(beating.close_timeout(Duration::from_millis(400))));
    let (key, mut raw) = host.open_client();
    host.server.close_with(key, CloseCode::NORMAL, "").unwrap();
    assert_eq!(host.server.send(key, b"x"), Err(Error::NotOpen { state: ReadyState::Closing }));
    host.server.close_with(key, CloseCode::NORMAL, "again").unwrap();
    raw.send(client_frame(PING, "answer me"));
    raw.send(client_frame(0x83, "invalid"));
    assert_eq!(host.frame(&mut raw).close_code(), Some(1000));
    host.closed(key);
    host.end(&mut raw);
    assert_eq!(raw.rest(), b"", "neither a pong nor a ping nor a second close");
}

#[test]
fn close_codes_that_are_not_allowed_are_rejected_in_both_directions() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000] {
        assert!(CloseCode::new(code).is_err());
        assert_closed_with(client_frame(CLOSE, close_payload(code, "")), 1002);
    }
    assert_closed_with(client_frame(CLOSE, [3]), 1002);
}

/// A ping between the fragments of a message is answered before the message has come whole.
#[test]
fn a_pong_has_the_payload_of_the_ping() {
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    for payload in [&b""[..], b"beat", &[0xAB; 125]] {
        raw.send([client_frame(0x01, "frag"), client_frame(PING, payload)].concat());
        let pong = host.frame(&mut raw);
        assert_eq!((pong.first, &pong.payload[..]), (PONG, payload));
        raw.send(client_frame(0x80, "ments"));
        assert_eq!(host.packet(key).as_text(), Some("fragments"));
    }
}

#[test]
fn single_bytes_are_assembled() {
    let mut host = Host::start(ServerOptions::default());
    let mut raw = host.connect();
    let frames = [client_frame(0x01, "one"), client_frame(PING, "p"), client_frame(0x80, "two")].concat();
    for byte in REQUEST.as_bytes().iter().chain(&frames) {
        raw.send([*byte]);
        host.step();
    }
    let key: PeerKey = host.opened();
    assert_eq!(host.packet(key).as_text(), Some("onetwo"));
}

#[test]
fn frames_that_come_with_the_request_are_not_lost() {
    let mut host = Host::start(ServerOptions::default());
    let frames: Vec<u8> = (0..100).flat_map(|number: u32| client_frame(TEXT, number.to_string())).collect();
    let _raw: Raw = host.connect_and_send([REQUEST.as_bytes(), &frames].concat());
    let key = host.opened();
    for number in 0..100 {
        assert_eq!(host.packet(key).as_text(), Some(&*number.to_string()));
    }
}
