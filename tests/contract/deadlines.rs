//! Timeouts end connections that hang, and no others.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{CloseCause, PeerOptions, ReadyState, Timeout};

use crate::support::{
    A_WHILE, closed, dial_with, ending, may_reject_interim_responses, open_with, opened, pause, poll_for,
};

const SHORT: Duration = Duration::from_millis(200);

/// For connections that finish in time: longer than they take on a loaded machine.
const ENOUGH: Duration = Duration::from_secs(2);

async fn assert_connect_times_out(path: &str) {
    let mut peer = dial_with(PeerOptions::default().connect_timeout(SHORT), path).await;
    let info = closed(&mut peer).await;
    assert_eq!(ending(&info), (None, "", &CloseCause::TimedOut(Timeout::Connect)));
    assert!(!info.was_clean());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_server_that_never_answers_the_request_times_out() {
    assert_connect_times_out("/stall-before").await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_server_that_stops_within_its_response_times_out() {
    assert_connect_times_out("/stall-within").await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_server_that_only_sends_interim_responses_times_out() {
    let mut peer = dial_with(PeerOptions::default().connect_timeout(SHORT), "/interim-forever").await;
    let info = closed(&mut peer).await;
    if may_reject_interim_responses() && matches!(info.cause, CloseCause::Refused { .. }) {
        return;
    }
    assert_eq!(ending(&info), (None, "", &CloseCause::TimedOut(Timeout::Connect)));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn connect_timeout_does_not_apply_after_opening() {
    let mut peer = open_with(PeerOptions::default().connect_timeout(ENOUGH), "/stall").await;
    poll_for(&mut peer, ENOUGH + A_WHILE).await;
    assert_eq!(peer.state(), ReadyState::Open);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn close_timeout_begins_with_the_close() {
    let mut peer = open_with(PeerOptions::default().close_timeout(ENOUGH), "/late-close/50").await;
    poll_for(&mut peer, ENOUGH + A_WHILE).await;
    peer.close();
    assert_eq!(closed(&mut peer).await.cause, CloseCause::Local);
}

/// A pause in polling, as of a hidden tab or a loading screen. The answer has arrived by its end.
const GAP: Duration = Duration::from_millis(3500);
/// Shorter than the pause, and much longer than the one second that a pause counts for.
const LIMIT: Duration = Duration::from_secs(3);

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_pause_in_polling_does_not_time_out_a_connection_that_opened_meanwhile() {
    let mut peer = dial_with(PeerOptions::default().connect_timeout(LIMIT), "/slow/50").await;
    pause(GAP).await;
    opened(&mut peer).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_pause_in_polling_does_not_time_out_a_close_that_was_answered_meanwhile() {
    let mut peer = open_with(PeerOptions::default().close_timeout(LIMIT), "/echo").await;
    peer.close();
    pause(GAP).await;
    assert_eq!(closed(&mut peer).await.cause, CloseCause::Local);
}
