//! A page whose functions break the interface of `websocket_peer.js`: nothing panics, and the connection is lost at
//! most. `page/broken.js` replaces the functions, for each test by its name.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{CloseCause, Error, PeerOptions, ReadyState, WebSocketPeer};

use crate::support::{A_WHILE, Wakes, closed, open, open_with, poll_for, receive_text, until, url};

/// Checks that the connection is lost although the server sends on, and that no packet came out of it.
async fn assert_lost(mut peer: WebSocketPeer) {
    peer.send_text("hello").unwrap();
    let info = closed(&mut peer).await;
    assert_eq!((info.code, info.cause), (None, CloseCause::ConnectionLost));
    assert_eq!(peer.recv(), None);
}

#[wasm_bindgen_test(interface)]
async fn a_page_without_the_file_is_an_error() {
    let mut peer = WebSocketPeer::new();
    assert!(matches!(peer.connect(&url("/echo")), Err(Error::Unsupported { .. })));
    assert_eq!((peer.poll(), peer.close_info()), (ReadyState::Closed, None));
}

#[wasm_bindgen_test(interface)]
async fn a_packet_larger_than_the_limit_is_not_read() {
    assert_lost(open("/echo").await).await;
}

#[wasm_bindgen_test(interface)]
async fn a_packet_that_cannot_be_taken_ends_the_connection() {
    assert_lost(open("/echo").await).await;
}

#[wasm_bindgen_test(interface)]
async fn text_that_is_not_utf8_ends_the_connection() {
    assert_lost(open("/echo").await).await;
}

#[wasm_bindgen_test(interface)]
async fn an_end_that_no_browser_reports_is_a_lost_connection() {
    let mut peer = open("/echo").await;
    let info = closed(&mut peer).await;
    assert_eq!((info.code, info.reason.as_str(), info.cause), (None, "", CloseCause::ConnectionLost));
}

#[wasm_bindgen_test(interface)]
async fn a_reason_that_is_too_long_is_dropped() {
    let mut peer = open("/close/4001/bye").await;
    let info = closed(&mut peer).await;
    assert_eq!((info.code, info.reason.as_str()), (Some(4001), ""));
}

#[wasm_bindgen_test(interface)]
async fn a_sub_protocol_that_was_not_offered_is_none() {
    let peer = open_with(PeerOptions::default().protocols(["chat"]), "/echo").await;
    assert_eq!(peer.protocol(), None);
}

#[wasm_bindgen_test(interface)]
async fn impossible_numbers_have_no_effect() {
    let mut peer = open("/echo").await;
    for _ in 0..20 {
        peer.send_text("hello").unwrap();
        assert_eq!(receive_text(&mut peer).await, "hello");
    }
}

#[wasm_bindgen_test(interface)]
async fn a_refused_packet_is_an_error() {
    let mut peer = open("/echo").await;
    assert!(matches!(peer.send_text("hello"), Err(Error::Io { .. })));
    assert!(matches!(peer.send(b"hello"), Err(Error::Io { .. })));
    assert_eq!((peer.buffered(), peer.stats().packets_sent), (0, 0));
}

#[wasm_bindgen_test(interface)]
async fn wakes_of_unknown_connections_have_no_effect() {
    let mut peer = open("/echo").await;
    let wakes = Wakes::of(&mut peer);
    poll_for(&mut peer, A_WHILE).await;
    wakes.expect(0).await;
}

#[wasm_bindgen_test(interface)]
async fn another_loader_can_bind_the_program() {
    let mut peer = open("/echo").await;
    let wakes = Wakes::of(&mut peer);
    peer.send_text("hello").unwrap();
    wakes.expect(1).await;
    until(&mut peer, "receive a packet", |peer| peer.available() > 0).await;
}
