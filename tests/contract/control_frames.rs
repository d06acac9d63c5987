//! Pings and pongs: neither packets nor changes of state.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{PeerOptions, ReadyState};

use crate::support::{
    A_WHILE, expect_heartbeat_timeout, measure_round_trip, open, open_with, poll_for, receive_text,
};

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_ping_is_answered_with_its_payload() {
    let mut peer = open("/ping").await;
    assert_eq!(receive_text(&mut peer).await, "pong beat");
    assert_eq!(peer.available(), 0);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn an_unsolicited_pong_is_ignored() {
    let mut peer = open("/pong").await;
    assert_eq!(receive_text(&mut peer).await, "after");
    assert_eq!(peer.stats().packets_received, 1);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_ping_between_fragments_does_not_disturb_them() {
    let mut peer = open("/fragments").await;
    assert_eq!(receive_text(&mut peer).await, "fragmented");
    peer.send_text("and on").unwrap();
    assert_eq!(receive_text(&mut peer).await, "and on");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_heartbeat_keeps_a_quiet_connection_open() {
    let options = PeerOptions::default()
        .heartbeat_interval(Duration::from_millis(30))
        .heartbeat_timeout(Duration::from_secs(5));
    let mut peer = open_with(options, "/echo").await;
    poll_for(&mut peer, Duration::from_millis(200)).await;
    assert_eq!((peer.state(), peer.available()), (ReadyState::Open, 0));
    peer.send_text("alive").unwrap();
    assert_eq!(receive_text(&mut peer).await, "alive");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn round_trips_are_measured_on_busy_connections_where_pings_can_be_sent() {
    let options = PeerOptions::default()
        .heartbeat_interval(Duration::from_millis(30))
        .heartbeat_timeout(Duration::from_secs(60));
    let mut peer = open_with(options, "/echo").await;
    assert_eq!((peer.stats().rtt, peer.stats().rtt_variation), (None, None));
    measure_round_trip(&mut peer, async |peer| {
        peer.send_text("busy").unwrap();
        assert_eq!(receive_text(peer).await, "busy");
    })
    .await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_silent_server_is_detected_where_pings_can_be_sent() {
    let options = PeerOptions::default()
        .heartbeat_interval(Duration::from_millis(50))
        .heartbeat_timeout(Duration::from_millis(100));
    let mut peer = open_with(options, "/silent").await;
    expect_heartbeat_timeout(&mut peer).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn without_a_heartbeat_a_silent_connection_stays_open() {
    let options =
        PeerOptions::default().heartbeat_interval(Duration::ZERO).heartbeat_timeout(Duration::from_millis(1));
    let mut peer = open_with(options, "/silent").await;
    poll_for(&mut peer, A_WHILE).await;
    assert_eq!(peer.state(), ReadyState::Open);
}
