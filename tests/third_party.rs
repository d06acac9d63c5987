//! The library and both examples against other implementations: Python's `websockets` and Node's `ws`, in both
//! directions.
//!
//! `pip` and `npm` fetch the two packages into `target/third_party` when a test first needs them. The programs that use
//! them are in `tests/third_party`.

#![cfg(not(target_family = "wasm"))]

mod common;

#[path = "third_party/setup.rs"]
mod setup;

use common::{
    closed, opened,
    program::{Program, minimal_client, minimal_server},
    raw::{accept_next, listener},
    receive, until,
};
use setup::{Package, node, python};
use websocket_peer::{CloseCause, CloseCode, Packet, PeerOptions, ReadyState, WebSocketPeer};

/// Sizes around the encodings of a length, and some between. The last is just under the limit of our server.
const SIZES: [usize; 6] = [0, 1, 125, 126, 65_535, 65_536];

/// Each test with each package.
macro_rules! with_each_peer {
    ($($name:ident)*) => {
        mod with_python {
            $(#[test] fn $name() { super::$name(super::python()); })*
        }
        mod with_node {
            $(#[test] fn $name() { super::$name(super::node()); })*
        }
    };
}

with_each_peer! {
    their_client_and_our_example_exchange_packets
    their_client_closes_our_example_with_code_and_reason
    their_client_gets_its_ping_answered
    their_client_gets_1009_for_a_message_that_is_too_big
    their_client_is_closed_with_code_and_reason
    their_client_answers_our_heartbeat
    our_example_exchanges_packets_with_their_server
    our_client_and_their_server_exchange_packets
    our_client_closes_their_server_with_code_and_reason
    our_client_is_closed_with_code_and_reason
    our_client_answers_their_ping
    our_client_rejects_a_message_that_is_too_big
    a_protocol_is_negotiated_with_their_server
}

/// Starts their server, and returns its URL.
fn serve(package: &Package) -> (Program, String) {
    let mut server = package.start("server", &[]);
    let url = server.line("ws://");
    (server, url)
}

fn connect(url: &str, options: PeerOptions) -> WebSocketPeer {
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(url).unwrap();
    peer
}

/// Starts their client, and accepts it with our peer.
fn accept(package: &Package, command: &str, options: PeerOptions) -> (Program, WebSocketPeer) {
    let (listener, port) = listener();
    let client = package.start("client", &[&format!("ws://127.0.0.1:{port}/"), command]);
    let mut peer = WebSocketPeer::with_options(options);
    peer.accept(accept_next(&listener)).unwrap();
    opened(&mut peer);
    (client, peer)
}

#[track_caller]
fn assert_ends_well(client: Program, last: &str) {
    let ended = client.end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.out.last().map(String::as_str), Some(last), "{ended:#?}");
}

fn their_client_and_our_example_exchange_packets(package: &Package) {
    let (mut server, url) = minimal_server();
    let sizes = SIZES.map(|size| size.to_string()).join(",");
    assert_ends_well(package.start("client", &[&url, "echo", &sizes]), "12 packets came back as they went");
    server.line("< Got binary data from peer 2: 65536 bytes... echoing");
    server.line("- Peer 2 closed with code: 1000, reason: . Clean: true");
}

fn their_client_closes_our_example_with_code_and_reason(package: &Package) {
    let (mut server, url) = minimal_server();
    assert_ends_well(package.start("client", &[&url, "close"]), "closed 4001 enough, grüße");
    server.line("- Peer 2 closed with code: 4001, reason: enough, grüße. Clean: true");
}

fn their_client_gets_its_ping_answered(package: &Package) {
    let (_server, url) = minimal_server();
    assert_ends_well(package.start("client", &[&url, "ping"]), "pong beat");
}

fn their_client_gets_1009_for_a_message_that_is_too_big(package: &Package) {
    let (mut server, url) = minimal_server();
    assert_ends_well(package.start("client", &[&url, "send", "65537"]), "closed 1009 ");
    server.line("- Peer 2 closed with code: 1009, reason: . Clean: false");
}

fn their_client_is_closed_with_code_and_reason(package: &Package) {
    for code in [1000, 1001, 1011, 3000, 4999] {
        let (client, mut peer) = accept(package, "wait", PeerOptions::for_server());
        peer.send_text("last").unwrap();
        peer.close_with(CloseCode::new(code).unwrap(), "enough, grüße").unwrap();
        let info = closed(&mut peer);
        assert_eq!((info.code, info.cause), (Some(code), CloseCause::Local));
        let ended = client.end();
        assert_eq!(ended.out, ["text 4", &format!("closed {code} enough, grüße")], "{ended:#?}");
    }
}

fn their_client_answers_our_heartbeat(package: &Package) {
    let interval = std::time::Duration::from_millis(50);
    let (_client, mut peer) = accept(package, "wait", PeerOptions::for_server().heartbeat_interval(interval));
    until("a round trip is measured", || peer.poll() != ReadyState::Open || peer.stats().rtt.is_some());
    assert_eq!(peer.state(), ReadyState::Open, "{:?}", peer.close_info());
}

fn our_example_exchanges_packets_with_their_server(package: &Package) {
    let (mut server, url) = serve(package);
    let client = minimal_client(&url).end();
    assert_eq!(client.code, Some(0), "{client:#?}");
    assert_eq!(
        client.out[2..],
        ["< Got text data from server: Test packet", "WebSocket closed with code: 1000. Clean: true",]
    );
    server.line("text 11");
    server.line("closed 1000 ");
}

fn our_client_and_their_server_exchange_packets(package: &Package) {
    let (_server, url) = serve(package);
    let mut peer = connect(&url, PeerOptions::default());
    opened(&mut peer);
    for size in SIZES.into_iter().chain([1024 * 1024]) {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        for packet in [Packet::text("x".repeat(size)), Packet::binary(bytes)] {
            peer.send_packet(&packet).unwrap();
            assert!(receive(&mut peer) == packet, "{packet:?}");
        }
    }
    let packet = Packet::text("grüße 🎮 \0");
    peer.send_packet(&packet).unwrap();
    assert_eq!(receive(&mut peer), packet);
}

fn our_client_closes_their_server_with_code_and_reason(package: &Package) {
    let (mut server, url) = serve(package);
    let mut peer = connect(&url, PeerOptions::default());
    opened(&mut peer);
    peer.close_with(CloseCode::new(4001).unwrap(), "enough, grüße").unwrap();
    let info = closed(&mut peer);
    assert_eq!((info.code, info.cause), (Some(4001), CloseCause::Local));
    server.line("closed 4001 enough, grüße");
}

fn our_client_is_closed_with_code_and_reason(package: &Package) {
    let (mut server, url) = serve(package);
    for code in [1000, 1001, 1011, 3000, 4999] {
        let info = closed(&mut connect(&format!("{url}/close/{code}"), PeerOptions::default()));
        assert_eq!((info.code, info.reason.as_str(), info.cause), (Some(code), "go", CloseCause::Remote));
        server.line(&format!("closed {code} "));
    }
}

fn our_client_answers_their_ping(package: &Package) {
    let (_server, url) = serve(package);
    let mut peer = connect(&format!("{url}/ping"), PeerOptions::default());
    assert_eq!(receive(&mut peer).as_text(), Some("pong beat"));
}

fn our_client_rejects_a_message_that_is_too_big(package: &Package) {
    let (mut server, url) = serve(package);
    let mut peer = connect(&format!("{url}/send/1001"), PeerOptions::default().max_message_size(1000));
    let info = closed(&mut peer);
    assert_eq!((info.code, info.cause), (Some(1009), CloseCause::MessageTooBig));
    server.line("closed 1009 ");
}

fn a_protocol_is_negotiated_with_their_server(package: &Package) {
    let (_server, url) = serve(package);
    let mut peer = connect(&url, PeerOptions::default().protocols(["unknown", "game"]));
    opened(&mut peer);
    assert_eq!(peer.protocol(), Some("game"));
}
