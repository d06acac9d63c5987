//! `PeerOptions::liveness`: a probe packet detects dead connections, also where pings cannot be sent.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{CloseCause, Liveness, Packet, PeerOptions, ReadyState, Timeout, WebSocketPeer};

use crate::support::{
    A_WHILE, closed, dial_with, dispatch, drive, open_with, pause, poll_for, receive_text, seen, unique_key,
    until, wake_events,
};

const DEAD: CloseCause = CloseCause::TimedOut(Timeout::Liveness);
/// Longer than any test runs.
const LONG: Duration = Duration::from_secs(3600);

/// Options with a probe, and without a heartbeat.
fn probing(silence: Duration, timeout: Duration) -> PeerOptions {
    let liveness = Liveness::new(Packet::text("there?")).silence(silence).timeout(timeout);
    PeerOptions::default().heartbeat_interval(Duration::ZERO).liveness(liveness)
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_server_that_does_not_answer_the_probe_times_out() {
    let key = unique_key();
    let mut peer = open_with(probing(A_WHILE, 2 * A_WHILE), &format!("/silent?key={key}")).await;
    let info = closed(&mut peer).await;
    assert_eq!((info.code, &info.cause), (None, &DEAD));
    assert_eq!(peer.stats().packets_sent, 1);
    assert_eq!(seen(&key, Some("text ")).await.all("text "), ["text 6"]);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_probe_is_repeated_while_the_server_answers() {
    let mut peer = open_with(probing(A_WHILE, LONG), "/echo").await;
    for _ in 0..3 {
        assert_eq!(receive_text(&mut peer).await, "there?");
    }
    assert_eq!((peer.state(), peer.stats().packets_sent), (ReadyState::Open, 3));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn incoming_packets_make_the_probe_unnecessary() {
    let mut peer = open_with(probing(LONG, A_WHILE), "/echo").await;
    for _ in 0..20 {
        peer.send_text("busy").unwrap();
        assert_eq!(receive_text(&mut peer).await, "busy");
        pause(A_WHILE / 10).await;
    }
    poll_for(&mut peer, 3 * A_WHILE).await;
    assert_eq!((peer.state(), peer.stats().packets_sent), (ReadyState::Open, 20));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn unread_packets_make_the_probe_unnecessary() {
    let options = probing(2 * A_WHILE, 2 * A_WHILE).max_queued_packets(2);
    let mut peer = open_with(options, "/burst/5").await;
    poll_for(&mut peer, 10 * A_WHILE).await;
    assert_eq!((peer.state(), peer.stats().packets_sent), (ReadyState::Open, 0));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_binary_probe_is_sent_as_a_binary_packet() {
    let liveness = Liveness::new(Packet::binary([1, 2, 3])).silence(A_WHILE);
    let mut peer = open_with(PeerOptions::default().liveness(liveness), "/echo").await;
    until(&mut peer, "receive the probe", |peer| peer.available() > 0).await;
    assert_eq!(peer.recv(), Some(Packet::binary([1, 2, 3])));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_program_that_polls_only_when_woken_detects_a_dead_connection() {
    let peer = Arc::new(Mutex::new(dial_with(probing(A_WHILE, A_WHILE), "/silent").await));
    let poll = |peer: &Mutex<WebSocketPeer>| {
        peer.lock().unwrap().poll();
    };
    drive(&peer, poll, || peer.lock().unwrap().state() == ReadyState::Closed).await;
    assert_eq!(peer.lock().unwrap().close_info().map(|info| info.cause.clone()), Some(DEAD));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_closing_connection_sends_no_probe_and_does_not_wake_for_it() {
    let options = probing(A_WHILE, A_WHILE).close_timeout(10 * A_WHILE);
    let peer = Arc::new(Mutex::new(open_with(options, "/silent").await));
    peer.lock().unwrap().close();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let poll = move |peer: &Mutex<WebSocketPeer>| {
        counted.fetch_add(1, Ordering::SeqCst);
        peer.lock().unwrap().poll();
    };
    drive(&peer, poll, || peer.lock().unwrap().state() == ReadyState::Closed).await;
    let peer = peer.lock().unwrap();
    let cause = peer.close_info().map(|info| info.cause.clone());
    assert_eq!(cause, Some(CloseCause::TimedOut(Timeout::Close)));
    assert_eq!(peer.stats().packets_sent, 0);
    assert!(calls.load(Ordering::SeqCst) < 10, "{} calls while closing", calls.load(Ordering::SeqCst));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn events_of_the_page_send_the_probe_at_once() {
    for event in wake_events() {
        let mut peer = open_with(probing(LONG, LONG), "/echo").await;
        poll_for(&mut peer, A_WHILE).await;
        assert_eq!(peer.stats().packets_sent, 0, "{event}");
        dispatch(event);
        // Only a poll sends the probe.
        assert_eq!(peer.stats().packets_sent, 0, "{event}");
        assert_eq!(receive_text(&mut peer).await, "there?", "{event}");
        // Two events before one poll send one probe, and an unanswered probe is not repeated.
        dispatch(event);
        dispatch(event);
        peer.poll();
        dispatch(event);
        assert_eq!(receive_text(&mut peer).await, "there?", "{event}");
        poll_for(&mut peer, A_WHILE).await;
        assert!((2..=3).contains(&peer.stats().packets_sent), "{event}: {:?}", peer.stats());
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn events_of_the_page_have_no_effect_without_a_probe() {
    let mut peer = open_with(PeerOptions::default(), "/echo").await;
    for event in wake_events() {
        dispatch(event);
        peer.poll();
    }
    poll_for(&mut peer, A_WHILE).await;
    assert_eq!((peer.state(), peer.stats().packets_sent), (ReadyState::Open, 0));
}
