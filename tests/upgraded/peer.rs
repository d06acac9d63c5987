//! A peer that takes over a stream, in either role.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use websocket_peer::{
    CloseCause, CloseCode, Error, Packet, PeerOptions, ReadyState, Role, UpgradedStream, WebSocketPeer,
};

use crate::common::{
    PATIENCE, closed, opened,
    raw::{
        BINARY, CLOSE, End, Raw, TEXT, client_frame, close_payload, end_from, frame_from, server_frame,
        tcp_pair,
    },
    receive,
};

/// Longer than any test runs.
const LONG: Duration = PATIENCE.saturating_mul(2);

/// Returns a peer that has taken over one end of a new connection, modified by `with`, and the other end.
fn upgraded(role: Role, with: impl FnOnce(UpgradedStream) -> UpgradedStream) -> (WebSocketPeer, Raw) {
    let (connected, accepted) = tcp_pair();
    let mut peer = WebSocketPeer::with_options(PeerOptions::default().connect_timeout(LONG));
    peer.accept_upgraded(with(UpgradedStream::new(accepted)), role).expect("a valid stream");
    (peer, Raw::new(connected))
}

#[test]
fn a_peer_is_open_at_the_next_poll_and_sends_and_receives_in_its_role() {
    for role in [Role::Server, Role::Client] {
        let (mut peer, mut raw) = upgraded(role, |upgraded| upgraded.protocol("game.v1"));
        assert_eq!((peer.state(), peer.protocol()), (ReadyState::Connecting, None));
        assert_eq!(peer.poll(), ReadyState::Open);
        assert_eq!((peer.protocol(), peer.url()), (Some("game.v1"), None));
        assert_eq!(peer.peer_addr(), Ok(raw.tcp().local_addr().unwrap()));
        peer.send_text("hello").unwrap();
        let frame = frame_from(&mut peer, &mut raw);
        let expected = (TEXT, role == Role::Client, &b"hello"[..]);
        assert_eq!((frame.first, frame.masked, &frame.payload[..]), expected, "no handshake comes before it");
        raw.send(if role == Role::Server {
            client_frame(BINARY, [1, 2])
        } else {
            server_frame(BINARY, [1, 2])
        });
        assert_eq!(receive(&mut peer), Packet::binary([1, 2]));
    }
}

#[test]
fn wait_opens_it() {
    for ahead in [Vec::new(), client_frame(TEXT, "first")] {
        let (mut peer, _raw) = upgraded(Role::Server, |upgraded| upgraded.read_ahead(ahead));
        let start = Instant::now();
        assert_eq!(peer.wait(LONG), ReadyState::Open);
        assert!(start.elapsed() < PATIENCE);
    }
}

#[test]
fn the_hook_is_called_to_open_it() {
    let (_connected, accepted) = tcp_pair();
    let (called, calls) = mpsc::channel();
    let mut peer = WebSocketPeer::with_options(PeerOptions::default().connect_timeout(LONG));
    peer.on_wake(move || called.send(()).unwrap()).unwrap();
    peer.accept_upgraded(UpgradedStream::new(accepted), Role::Server).unwrap();
    assert_eq!(calls.recv_timeout(PATIENCE), Ok(()));
    assert_eq!(peer.poll(), ReadyState::Open);
}

#[test]
fn frames_of_the_other_role_are_a_protocol_error() {
    for role in [Role::Server, Role::Client] {
        let (mut peer, mut raw) = upgraded(role, |upgraded| upgraded);
        raw.send(if role == Role::Server { server_frame(TEXT, "x") } else { client_frame(TEXT, "x") });
        assert_eq!(frame_from(&mut peer, &mut raw).close_code(), Some(1002));
        assert_eq!(closed(&mut peer).cause, CloseCause::Protocol);
    }
}

#[test]
fn bytes_that_were_read_ahead_come_first_wherever_they_are_split() {
    let frames =
        [client_frame(TEXT, "first"), client_frame(BINARY, vec![7; 300]), client_frame(TEXT, "last")]
            .concat();
    for split in [0, 1, 3, 11, 12, 200, frames.len() - 1, frames.len()] {
        let (ahead, behind) = frames.split_at(split);
        let (mut peer, mut raw) = upgraded(Role::Server, |upgraded| upgraded.read_ahead(ahead));
        raw.send(behind);
        assert_eq!(peer.poll(), ReadyState::Open);
        for expected in [Packet::text("first"), Packet::binary(vec![7; 300]), Packet::text("last")] {
            assert_eq!(receive(&mut peer), expected, "split at {split}");
        }
    }
}

#[test]
fn a_connection_that_has_already_ended_is_reported_as_open_first() {
    let ahead = [client_frame(TEXT, "bye"), client_frame(CLOSE, close_payload(4001, "done"))].concat();
    let (mut peer, raw) = upgraded(Role::Server, |upgraded| upgraded.read_ahead(ahead));
    drop(raw);
    assert_eq!(peer.poll(), ReadyState::Open);
    let info = closed(&mut peer);
    assert_eq!((info.code, info.reason.as_str(), info.cause), (Some(4001), "done", CloseCause::Remote));
    assert_eq!(peer.recv(), Some(Packet::text("bye")));

    let (mut peer, raw) = upgraded(Role::Client, |upgraded| upgraded);
    raw.reset();
    assert_eq!(peer.poll(), ReadyState::Open);
    assert_eq!(closed(&mut peer).cause, CloseCause::ConnectionLost);
}

#[test]
fn close_codes_are_those_of_the_role() {
    let going_away = CloseCode::new(1001).unwrap();
    let (mut peer, mut raw) = upgraded(Role::Server, |upgraded| upgraded);
    opened(&mut peer);
    peer.close_with(going_away, "").unwrap();
    assert_eq!(frame_from(&mut peer, &mut raw).close_code(), Some(1001));
    raw.send(client_frame(CLOSE, close_payload(1001, "")));
    assert_eq!(end_from(&mut peer, &mut raw), End::Eof);

    let (mut peer, _raw) = upgraded(Role::Client, |upgraded| upgraded);
    opened(&mut peer);
    assert_eq!(peer.close_with(going_away, ""), Err(Error::InvalidCloseCode { code: 1001 }));
}

#[test]
fn the_request_gives_the_url() {
    let fields = [("host", "h.example:99"), ("x-a", "1")];
    let (mut peer, _raw) = upgraded(Role::Server, |upgraded| upgraded.request("/game?x=1", fields));
    opened(&mut peer);
    assert_eq!(peer.url(), Some("ws://h.example:99/game?x=1"));
}

/// Any client may send this form (RFC 9112, 3.2.2), and hyper passes it on.
#[test]
fn the_request_may_be_in_absolute_form() {
    for (target, url) in [
        ("http://h.example:99/game?x=1", "ws://h.example:99/game?x=1"),
        ("HTTPS://h.example/", "ws://h.example/"),
        ("ws://[::1]:80?x", "ws://[::1]:80/?x"),
        ("wss://h.example", "ws://h.example/"),
    ] {
        for fields in [vec![("host", "other.example")], vec![]] {
            let (mut peer, _raw) = upgraded(Role::Server, |upgraded| upgraded.request(target, fields));
            opened(&mut peer);
            assert_eq!(peer.url(), Some(url), "{target}");
        }
    }
}

#[test]
fn options_apply_to_it() {
    let (connected, accepted) = tcp_pair();
    let options = PeerOptions::for_server().max_message_size(10).header("X-A", "1").protocols(["other"]);
    let mut peer = WebSocketPeer::with_options(options);
    peer.accept_upgraded(UpgradedStream::new(accepted), Role::Server).unwrap();
    let mut raw = Raw::new(connected);
    raw.send(client_frame(BINARY, [0; 11]));
    assert_eq!(closed(&mut peer).cause, CloseCause::MessageTooBig);
    assert_eq!(peer.protocol(), None);
}

#[test]
fn an_invalid_call_does_not_affect_the_peer_and_ends_the_stream() {
    type Change = fn(UpgradedStream) -> UpgradedStream;
    let invalid: [(&str, Change); 11] = [
        ("protocol", |upgraded| upgraded.protocol("two words")),
        ("protocol", |upgraded| upgraded.protocol("")),
        ("request", |upgraded| upgraded.request("game", [("a", "b")])),
        ("request", |upgraded| upgraded.request("/a b", [("a", "b")])),
        ("request", |upgraded| upgraded.request("/a#b", [("a", "b")])),
        ("request", |upgraded| upgraded.request("http://h/a b", [("a", "b")])),
        ("request", |upgraded| upgraded.request("http:///a", [("a", "b")])),
        ("request", |upgraded| upgraded.request("http://user@h/a", [("a", "b")])),
        ("request", |upgraded| upgraded.request("ftp://h/a", [("a", "b")])),
        ("request", |upgraded| upgraded.request("/", [("a:b", "c")])),
        ("request", |upgraded| upgraded.request("/", [("a", "b\r\nc: d")])),
    ];
    for (name, with) in invalid {
        let (connected, accepted) = tcp_pair();
        let mut peer = WebSocketPeer::new();
        match peer.accept_upgraded(with(UpgradedStream::new(accepted)), Role::Server) {
            Err(Error::InvalidOption { option, .. }) => assert_eq!(option, name),
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closed, None));
        assert_eq!(end_from(&mut peer, &mut Raw::new(connected)), End::Eof);
    }
    let (mut peer, mut raw) = upgraded(Role::Server, |upgraded| upgraded);
    let (_connected, accepted) = tcp_pair();
    let again = peer.accept_upgraded(UpgradedStream::new(accepted), Role::Client);
    assert_eq!(again, Err(Error::AlreadyInUse));
    opened(&mut peer);
    raw.send(client_frame(TEXT, "still here"));
    assert_eq!(receive(&mut peer), Packet::text("still here"));
}

#[test]
fn debug_shows_no_secrets() {
    let (_connected, accepted) = tcp_pair();
    let upgraded = UpgradedStream::new(accepted).request("/?s3cret", [("cookie", "s3cret")]);
    let shown = format!("{:?}", upgraded.read_ahead("s3cret").user_data("s3cret").protocol("chat"));
    assert!(shown.contains("chat") && !shown.contains("s3cret"), "{shown}");
}
