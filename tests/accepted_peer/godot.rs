//! Compatibility with the Godot engine: its requests byte for byte (Godot 4.6), and the responses that it accepts.

use websocket_peer::PeerOptions;

use crate::common::{
    eventually, opened,
    raw::{ANSWER, REQUEST, accepting, connecting, request},
};

#[test]
fn the_request_of_a_godot_client_is_accepted() {
    let (mut peer, mut raw) = accepting(PeerOptions::for_server());
    raw.send(
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:47161\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: 2j34EQ7FLmxhIZBnXH1Qhw==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    opened(&mut peer);
    assert_eq!((peer.url(), peer.protocol()), (Some("ws://127.0.0.1:47161/"), None));
}

#[test]
fn the_request_of_a_godot_client_with_protocols_and_headers_is_accepted() {
    let (mut peer, mut raw) = accepting(PeerOptions::for_server().protocols(["p2"]));
    raw.send(
        "GET /a/b?x=1 HTTP/1.1\r\nHost: 127.0.0.1:47161\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: vSUhzJp1kxaGdvnuRQv50g==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: p1,p2\r\nX-A: 1\r\nY: 2\r\n\r\n",
    );
    opened(&mut peer);
    assert_eq!((peer.url(), peer.protocol()), (Some("ws://127.0.0.1:47161/a/b?x=1"), Some("p2")));
}

#[test]
fn the_responses_are_those_of_a_godot_server() {
    for (options, offered, fields) in [
        (PeerOptions::for_server(), "", ""),
        (
            PeerOptions::for_server().protocols(["a", "b"]),
            "Sec-WebSocket-Protocol: b, a\r\n",
            "Sec-WebSocket-Protocol: b\r\n",
        ),
        (PeerOptions::for_server().header("X-Srv", "1"), "", "X-Srv: 1\r\n"),
    ] {
        let (mut peer, mut raw) = accepting(options);
        raw.send(REQUEST.replace("\r\n\r\n", &format!("\r\n{offered}\r\n")));
        opened(&mut peer);
        let expected = ANSWER.replace("\r\n\r\n", &format!("\r\n{fields}\r\n"));
        assert_eq!(eventually("the answer", || raw.head()), expected);
    }
}

#[test]
fn our_request_is_the_one_of_a_godot_client() {
    let options = PeerOptions::default().protocols(["p1", "p2"]).header("X-A", "1").header("Y", "2");
    let (mut peer, mut raw) = connecting(options);
    let address = raw.tcp().local_addr().unwrap();
    let (head, _) = request(&mut peer, &mut raw);
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    assert_eq!(key.len(), 24);
    let expected = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: p1,p2\r\n\
         X-A: 1\r\nY: 2\r\n\r\n"
    );
    assert_eq!(head, expected);
    assert!(head.len() < 4096, "Godot reads at most 4096 bytes");
}

#[test]
fn the_response_of_a_godot_server_is_accepted() {
    for (protocols, answer, chosen) in [
        (
            &[][..],
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {A}\r\n\r\n",
            None,
        ),
        (
            &["bar", "foo"],
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {A}\r\nSec-WebSocket-Protocol: foo\r\n\r\n",
            Some("foo"),
        ),
    ] {
        let (mut peer, mut raw) = connecting(PeerOptions::default().protocols(protocols.iter().copied()));
        let (_, accept) = request(&mut peer, &mut raw);
        raw.send(answer.replace("{A}", &accept));
        opened(&mut peer);
        assert_eq!(peer.protocol(), chosen);
    }
}
