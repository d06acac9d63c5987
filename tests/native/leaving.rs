//! Peers that are dropped, aborted or connected again, in every state: what the other end sees.

use websocket_peer::{CloseCause, CloseCode, PeerOptions, ReadyState, WebSocketPeer};

use crate::common::{
    closed, eventually, opened,
    raw::{
        CLOSE, End, Raw, TEXT, accepted, accepting, client_frame, close_payload, connected, connecting,
        frame_from, listener, request, server_frame,
    },
    receive, server, until,
};

/// Asserts that TCP ends without a frame before.
#[track_caller]
fn assert_ends_without_a_frame(mut raw: Raw) {
    eventually("the end of TCP", || raw.end());
    assert_eq!(raw.rest(), b"");
}

#[test]
fn a_peer_that_never_did_anything_can_be_dropped() {
    drop(WebSocketPeer::new());
}

#[test]
fn dropped_while_looking_up_a_name() {
    let mut peer = WebSocketPeer::new();
    peer.connect("ws://unknown.invalid/").unwrap();
    drop(peer);
}

#[test]
fn dropped_before_the_first_poll() {
    let (_listener, port) = listener();
    let mut peer = WebSocketPeer::new();
    peer.connect(&format!("ws://127.0.0.1:{port}/")).unwrap();
    drop(peer);
}

#[test]
fn dropped_within_the_handshake() {
    let (mut peer, mut raw) = connecting(PeerOptions::default());
    request(&mut peer, &mut raw);
    drop(peer);
    assert_ends_without_a_frame(raw);

    let (mut peer, mut raw) = accepting(PeerOptions::for_server());
    raw.send("GET / HTTP/1.1\r\n");
    peer.poll();
    drop(peer);
    assert_ends_without_a_frame(raw);
}

#[test]
fn dropped_while_open() {
    let (peer, raw) = connected(PeerOptions::default());
    drop(peer);
    assert_ends_without_a_frame(raw);
    let (peer, raw) = accepted(PeerOptions::for_server());
    drop(peer);
    assert_ends_without_a_frame(raw);
}

#[test]
fn packets_sent_before_the_drop_arrive() {
    let (mut peer, mut raw) = connected(PeerOptions::default());
    peer.send_text("last words").unwrap();
    drop(peer);
    assert_eq!(eventually("the packet", || raw.frame()).payload, b"last words");
    assert_ends_without_a_frame(raw);
}

#[test]
fn dropped_with_unread_packets() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(client_frame(TEXT, "unread").repeat(10));
    until("the packets arrive", || {
        peer.poll();
        peer.available() == 10
    });
    drop(peer);
    assert_ends_without_a_frame(raw);
}

#[test]
fn dropped_while_closing() {
    let (mut peer, mut raw) = connected(PeerOptions::default());
    peer.close();
    drop(peer);
    assert_eq!(eventually("the close frame", || raw.frame()).close_code(), Some(1000));
    assert_ends_without_a_frame(raw);
}

#[test]
fn dropped_as_soon_as_it_is_closed() {
    let (mut peer, mut raw) = connected(PeerOptions::default());
    raw.send(server_frame(CLOSE, close_payload(4000, "go")));
    closed(&mut peer);
    drop(peer);
    // The answer to the close was sent before the state was reported.
    assert_eq!(eventually("the answer", || raw.frame()).close_code(), Some(4000));
    assert_ends_without_a_frame(raw);
}

#[test]
fn aborted_in_every_state() {
    let (mut peer, mut raw) = connecting(PeerOptions::default());
    request(&mut peer, &mut raw);
    peer.abort();
    assert_eq!(peer.close_info().unwrap().cause, CloseCause::Aborted);
    assert_ends_without_a_frame(raw);

    let (mut peer, raw) = accepted(PeerOptions::for_server());
    peer.abort();
    assert_eq!((peer.state(), peer.poll()), (ReadyState::Closed, ReadyState::Closed));
    assert_eq!(peer.close_info().unwrap().cause, CloseCause::Aborted);
    assert_ends_without_a_frame(raw);

    let (mut peer, mut raw) = connected(PeerOptions::default());
    peer.close();
    peer.abort();
    assert_eq!(peer.close_info().unwrap().cause, CloseCause::Aborted);
    assert_eq!(eventually("the close frame", || raw.frame()).close_code(), Some(1000));
    assert_ends_without_a_frame(raw);

    let (mut peer, mut raw) = connected(PeerOptions::default());
    raw.send(server_frame(CLOSE, close_payload(4000, "go")));
    let info = closed(&mut peer);
    peer.abort();
    assert_eq!(peer.close_info(), Some(&info), "the first close info is kept");
}

#[test]
fn a_close_while_connecting_gives_up_at_once() {
    let (mut peer, mut raw) = connecting(PeerOptions::default());
    request(&mut peer, &mut raw);
    peer.close_with(CloseCode::new(4000).unwrap(), "changed my mind").unwrap();
    let info = peer.close_info().unwrap();
    assert_eq!((info.code, info.reason.as_str(), &info.cause), (None, "", &CloseCause::Aborted));
    assert_ends_without_a_frame(raw);
}

#[test]
fn a_new_connection_replaces_a_closing_one() {
    let (mut peer, mut raw) = connected(PeerOptions::default());
    raw.send(server_frame(TEXT, "old"));
    assert_eq!(receive(&mut peer).as_text(), Some("old"));
    raw.send(server_frame(TEXT, "old and unread"));
    until("it arrives", || {
        peer.poll();
        peer.available() == 1
    });
    peer.close();
    peer.connect(&server().url("/echo")).unwrap();
    assert_eq!((peer.state(), peer.available(), peer.close_info()), (ReadyState::Connecting, 0, None));
    assert_eq!(peer.stats(), websocket_peer::Stats::default());
    opened(&mut peer);
    peer.send_text("new").unwrap();
    assert_eq!(receive(&mut peer).as_text(), Some("new"));
    assert_eq!(eventually("the close frame", || raw.frame()).close_code(), Some(1000));
    assert_ends_without_a_frame(raw);
}

#[test]
fn a_new_connection_replaces_one_that_sends_its_last_frame() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(client_frame(CLOSE, close_payload(1000, "")));
    closed(&mut peer);
    peer.connect(&server().url("/echo")).unwrap();
    opened(&mut peer);
    assert_eq!(eventually("the answer to the close", || raw.frame()).close_code(), Some(1000));
    assert_ends_without_a_frame(raw);
}

#[test]
fn a_peer_can_change_its_role() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(client_frame(CLOSE, close_payload(1000, "")));
    closed(&mut peer);
    peer.connect(&server().url("/echo")).unwrap();
    opened(&mut peer);
    let code = CloseCode::new(1001).unwrap();
    assert!(peer.close_with(code, "").is_err(), "it is a client now");
    peer.close();
    closed(&mut peer);
    let (connected, accepted) = crate::common::raw::tcp_pair();
    let mut raw = Raw::new(connected);
    peer.accept(accepted).unwrap();
    raw.send(crate::common::raw::REQUEST);
    opened(&mut peer);
    peer.close_with(code, "").unwrap();
    eventually("the head", || raw.head());
    assert_eq!(frame_from(&mut peer, &mut raw).close_code(), Some(1001));
}

#[test]
fn a_client_ends_tcp_in_order_after_a_clean_close() {
    let (mut peer, mut raw) = connected(PeerOptions::default());
    peer.close();
    frame_from(&mut peer, &mut raw);
    raw.send(server_frame(CLOSE, close_payload(1000, "")));
    assert_eq!(crate::common::raw::end_from(&mut peer, &mut raw), End::Eof);
    assert_eq!(closed(&mut peer).cause, CloseCause::Local);
}
