//! From `connect` to open.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{CloseCause, Error, ReadyState, ServerOptions, Stats, WebSocketPeer, WebSocketServer};

use crate::support::{
    A_WHILE, Failure, assert_address_is_known, assert_never_opened, closed, dial,
    may_reject_interim_responses, open, opened, pause, receive_text, seen, unique_key, until, url,
};

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_new_peer_is_closed_and_empty() {
    let mut peer = WebSocketPeer::new();
    assert_eq!(peer.poll(), ReadyState::Closed);
    assert_eq!((peer.available(), peer.recv(), peer.buffered()), (0, None, 0));
    assert_eq!((peer.url(), peer.protocol(), peer.close_info()), (None, None, None));
    assert_eq!(peer.stats(), Stats::default());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn connect_begins_and_poll_reports_that_it_opened() {
    let mut peer = dial("/echo").await;
    assert_eq!(peer.state(), ReadyState::Connecting);
    until(&mut peer, "open", |peer| peer.state() == ReadyState::Open).await;
    assert_eq!(peer.close_info(), None);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_url_is_returned_as_it_was_passed() {
    let given = url("/echo").replace("ws://", "WS://");
    let mut peer = WebSocketPeer::new();
    peer.connect(&given).unwrap();
    assert_eq!(peer.url(), Some(given.as_str()));
    opened(&mut peer).await;
    assert_eq!(peer.url(), Some(given.as_str()));
    peer.abort();
    assert_eq!(peer.url(), Some(given.as_str()));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn path_and_query_reach_the_server_percent_encoded() {
    let key = unique_key();
    open(&format!("/echo?key={key}&name=J%C3%B6rg%20é&empty=")).await;
    let seen = seen(&key, Some("path ")).await;
    assert_eq!(seen.only("path "), format!("path /echo?key={key}&name=J%C3%B6rg%20%C3%A9&empty="));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_request_is_a_version_13_upgrade_with_a_host() {
    let key = unique_key();
    let peer = open(&format!("/echo?key={key}")).await;
    let seen = seen(&key, Some("request Sec-WebSocket-Key")).await;
    assert!(seen.header("Upgrade").unwrap().eq_ignore_ascii_case("websocket"));
    assert!(seen.header("Connection").unwrap().to_ascii_lowercase().contains("upgrade"));
    assert_eq!(seen.header("Sec-WebSocket-Version"), Some("13"));
    assert_eq!(seen.header("Sec-WebSocket-Key").unwrap().len(), 24);
    let host = seen.header("Host").unwrap();
    assert!(peer.url().unwrap().starts_with(&format!("ws://{host}/")), "{host}");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn every_connection_sends_a_new_key() {
    let mut keys = Vec::new();
    for _ in 0..2 {
        let key = unique_key();
        open(&format!("/echo?key={key}")).await;
        let seen = seen(&key, Some("Sec-WebSocket-Key")).await;
        keys.push(seen.header("Sec-WebSocket-Key").unwrap().to_owned());
    }
    assert_ne!(keys[0], keys[1]);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn nothing_opens_between_polls() {
    let mut peer = dial("/echo").await;
    pause(A_WHILE).await;
    assert_eq!(peer.state(), ReadyState::Connecting);
    opened(&mut peer).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn connect_while_connecting_is_rejected_without_effect() {
    let mut peer = dial("/slow/50").await;
    let url_before = peer.url().map(str::to_owned);
    assert_eq!(peer.connect(&url("/close/1000")), Err(Error::AlreadyInUse));
    assert_eq!(peer.state(), ReadyState::Connecting);
    assert_eq!(peer.url().map(str::to_owned), url_before);
    opened(&mut peer).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn connect_while_open_is_rejected_without_effect() {
    let mut peer = open("/echo").await;
    assert_eq!(peer.connect(&url("/close/1000")), Err(Error::AlreadyInUse));
    assert_eq!(peer.state(), ReadyState::Open);
    peer.send_text("still here").unwrap();
    assert_eq!(receive_text(&mut peer).await, "still here");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_slow_server_is_waited_for() {
    let mut peer = dial("/slow/200").await;
    opened(&mut peer).await;
    peer.send_text("patience").unwrap();
    assert_eq!(receive_text(&mut peer).await, "patience");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_response_that_arrives_byte_by_byte_opens() {
    let mut peer = open("/drip").await;
    assert_eq!(receive_text(&mut peer).await, "dripped");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_packet_in_the_segment_of_the_response_is_not_lost() {
    let mut peer = open("/with-head").await;
    assert_eq!(receive_text(&mut peer).await, "with the head");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_list_in_the_connection_header_is_accepted() {
    assert_eq!(open("/connection-list").await.state(), ReadyState::Open);
}

/// Responses that are unusual but valid, or that clients must tolerate (RFC 9112, 2.2 and 5.2; RFC 9110, 15.2).
macro_rules! unusual_responses {
    ($($name:ident: $path:literal;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            let mut peer = open($path).await;
            peer.send_text("behind it").unwrap();
            assert_eq!(receive_text(&mut peer).await, "behind it");
        }
    )*};
}

unusual_responses! {
    a_response_with_400_header_fields_opens: "/many-headers";
    a_folded_header_field_is_accepted: "/folded";
    a_space_before_a_colon_in_the_response_is_ignored: "/space-before-colon";
    a_response_with_bare_line_feeds_opens: "/bare-feeds";
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn interim_responses_before_the_upgrade_are_skipped() {
    let mut peer = dial("/interim/3").await;
    until(&mut peer, "decide", |peer| peer.state() != ReadyState::Connecting).await;
    if peer.state() == ReadyState::Closed && may_reject_interim_responses() {
        return assert_never_opened(peer.close_info().unwrap(), Failure::Status(100));
    }
    assert_eq!(peer.state(), ReadyState::Open, "{:?}", peer.close_info());
    peer.send_text("behind them").unwrap();
    assert_eq!(receive_text(&mut peer).await, "behind them");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_other_ends_address_is_known_where_the_platform_reports_it() {
    let mut peer = open("/echo").await;
    assert_address_is_known(&peer);
    peer.abort();
    assert_eq!(peer.peer_addr(), Err(Error::NotOpen { state: ReadyState::Closed }));
    assert_eq!(peer.set_nodelay(true), Err(Error::NotOpen { state: ReadyState::Closed }));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_server_without_a_listener_is_created_or_unsupported_after_its_options_are_checked() {
    match WebSocketServer::without_listener(ServerOptions::default()) {
        Ok(server) => assert!(matches!(server.local_addr(), Err(Error::Io { .. }))),
        Err(error) => assert!(matches!(error, Error::Unsupported { .. }), "{error:?}"),
    }
    let bad = WebSocketServer::without_listener(ServerOptions::default().max_peers(0));
    assert!(matches!(bad, Err(Error::InvalidOption { option: "max_peers", .. })));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn many_peers_are_open_at_the_same_time_without_mixing_packets() {
    let mut peers = Vec::new();
    for number in 0..10 {
        let mut peer = open("/echo").await;
        peer.send_text(&format!("I am {number}")).unwrap();
        peers.push(peer);
    }
    for (number, peer) in peers.iter_mut().enumerate() {
        assert_eq!(receive_text(peer).await, format!("I am {number}"));
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_peer_may_be_moved_while_it_connects() {
    let mut boxed = Box::new(dial("/echo").await);
    boxed.poll();
    let mut peer = *boxed;
    opened(&mut peer).await;
    peer.send_text("moved").unwrap();
    let mut peers = [peer];
    assert_eq!(receive_text(&mut peers[0]).await, "moved");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_peer_that_is_not_polled_for_a_while_still_opens() {
    let mut peer = dial("/burst/3").await;
    pause(Duration::from_millis(300)).await;
    opened(&mut peer).await;
    assert_eq!(receive_text(&mut peer).await, "0");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_server_that_closes_at_once_is_reported_as_a_remote_close() {
    let mut peer = dial("/close/1000").await;
    assert_eq!(closed(&mut peer).await.cause, CloseCause::Remote);
}
