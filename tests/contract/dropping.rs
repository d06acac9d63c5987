//! A dropped peer ends its connection, in every state.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::ReadyState;

use crate::support::{
    A_WHILE, assert_attempt_was_cancelled, closing, dial, ended, may_send_close_on_drop, open, opened, pause,
    poll_for, seen, unique_key,
};

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_peer_dropped_while_connecting_cancels_the_attempt() {
    let key = unique_key();
    let mut peer = dial(&format!("/stall-before?key={key}")).await;
    poll_for(&mut peer, A_WHILE).await;
    assert_eq!(peer.state(), ReadyState::Connecting);
    drop(peer);
    assert_attempt_was_cancelled(&key).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_peer_dropped_while_open_ends_the_connection() {
    let key = unique_key();
    drop(open(&format!("/echo?key={key}")).await);
    let seen = seen(&key, None).await;
    assert!(may_send_close_on_drop() || seen.all("close ").is_empty());
    assert_eq!(seen.all("eof").len() + seen.all("reset").len(), 1);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_peer_dropped_while_closing_ends_the_connection() {
    let key = unique_key();
    let mut peer = open(&format!("/late-close/200?key={key}")).await;
    peer.close();
    drop(peer);
    let seen = seen(&key, None).await;
    assert_eq!(seen.all("eof").len() + seen.all("reset").len(), 1);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_peer_can_be_dropped_after_the_end() {
    drop(ended().await);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_peer_dropped_while_packets_arrive_does_not_affect_others() {
    let peer = open("/flood/8192").await;
    pause(A_WHILE).await;
    drop(peer);
    drop(closing().await);
    drop(dial("/echo").await);
    // Late events of the dropped peers would arrive now.
    pause(A_WHILE).await;
    let mut peer = dial("/echo").await;
    opened(&mut peer).await;
}
