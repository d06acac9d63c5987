//! This end closes or aborts.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{CloseCause, CloseCode, Error, PeerOptions, ReadyState, Timeout, WebSocketPeer};

use crate::support::{
    A_WHILE, closed, closing, dial, ended, ending, may_send_close_on_drop, open, open_with, pause,
    receive_all, receive_text, seen, unique_key, until,
};

fn code(code: u16) -> CloseCode {
    CloseCode::new(code).unwrap()
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn close_is_answered_and_ends_the_connection() {
    let mut peer = open("/echo").await;
    peer.close();
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closing, None));
    let info = closed(&mut peer).await;
    assert_eq!(ending(&info), (Some(1000), "", &CloseCause::Local));
    assert!(info.was_clean());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn code_and_reason_reach_the_server_and_come_back() {
    let key = unique_key();
    let mut peer = open(&format!("/echo?key={key}")).await;
    peer.close_with(code(4001), "I am done 🦀").unwrap();
    assert_eq!(ending(&closed(&mut peer).await), (Some(4001), "I am done 🦀", &CloseCause::Local));
    assert_eq!(seen(&key, None).await.only("close "), "close 4001 I am done 🦀");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_lowest_and_highest_client_codes_can_be_sent() {
    for number in [1000, 3000, 4999] {
        let key = unique_key();
        let mut peer = open(&format!("/echo?key={key}")).await;
        peer.close_with(code(number), "").unwrap();
        assert_eq!(closed(&mut peer).await.code, Some(number));
        assert_eq!(seen(&key, None).await.only("close "), format!("close {number}"));
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn codes_that_no_close_frame_may_carry_are_invalid() {
    for number in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535] {
        assert_eq!(CloseCode::new(number), Err(Error::InvalidCloseCode { code: number }));
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_servers_close_code_is_rejected_in_a_client_without_effect() {
    let mut peer = open("/echo").await;
    for number in [1001, 1002, 1007, 1009, 1011, 1014] {
        assert_eq!(peer.close_with(code(number), ""), Err(Error::InvalidCloseCode { code: number }));
        assert_eq!(peer.state(), ReadyState::Open);
    }
    peer.send_text("still here").unwrap();
    assert_eq!(receive_text(&mut peer).await, "still here");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_reason_of_123_bytes_is_sent_whole() {
    let key = unique_key();
    let mut peer = open(&format!("/echo?key={key}")).await;
    let reason = "x".repeat(123);
    peer.close_with(CloseCode::NORMAL, &reason).unwrap();
    assert_eq!(closed(&mut peer).await.reason, reason);
    assert_eq!(seen(&key, None).await.only("close "), format!("close 1000 {reason}"));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_reason_of_124_bytes_is_rejected_without_effect() {
    let mut peer = open("/echo").await;
    // 123 characters: the limit is in bytes.
    let reason = "x".repeat(122) + "é";
    assert_eq!(peer.close_with(CloseCode::NORMAL, &reason), Err(Error::ReasonTooLong { len: 124 }));
    assert_eq!(peer.state(), ReadyState::Open);
    peer.send_text("still here").unwrap();
    assert_eq!(receive_text(&mut peer).await, "still here");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_reason_that_is_too_long_is_rejected_in_every_state() {
    let error = Err(Error::ReasonTooLong { len: 124 });
    let reason = "x".repeat(124);
    // The connecting peer comes last: browsers make one connection to a server at a time.
    for mut peer in [WebSocketPeer::new(), closing().await, ended().await, dial("/stall-before").await] {
        let before = peer.state();
        assert_eq!(peer.close_with(CloseCode::NORMAL, &reason), error);
        assert_eq!(peer.state(), before);
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_sent_before_the_close_arrive_before_it() {
    let key = unique_key();
    let mut peer = open(&format!("/count?key={key}")).await;
    for _ in 0..100 {
        peer.send(&[0; 1000]).unwrap();
    }
    peer.close();
    assert_eq!(closed(&mut peer).await.cause, CloseCause::Local);
    assert_eq!(seen(&key, Some("count")).await.only("count "), "count 100");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_large_queue_is_sent_before_the_close() {
    let key = unique_key();
    // A slow machine may need longer than the default timeout to send it all.
    let options = PeerOptions::default().outbound_buffer_size(8 << 20).close_timeout(Duration::from_secs(30));
    let mut peer = open_with(options, &format!("/count?key={key}")).await;
    for _ in 0..8 {
        peer.send(&vec![0; 1 << 20]).unwrap();
    }
    peer.close();
    assert_eq!(closed(&mut peer).await.cause, CloseCause::Local);
    assert_eq!(seen(&key, Some("count")).await.only("count "), "count 8");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_late_answer_to_a_close_is_waited_for() {
    let mut peer = open("/late-close/1500").await;
    peer.close_with(code(4005), "late").unwrap();
    pause(A_WHILE).await;
    assert_eq!(peer.poll(), ReadyState::Closing);
    assert_eq!(ending(&closed(&mut peer).await), (Some(4005), "late", &CloseCause::Local));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_close_that_is_not_answered_times_out() {
    let mut peer =
        open_with(PeerOptions::default().close_timeout(Duration::from_millis(200)), "/silent").await;
    peer.close_with(code(4001), "no answer").unwrap();
    let info = closed(&mut peer).await;
    assert_eq!(ending(&info), (None, "", &CloseCause::TimedOut(Timeout::Close)));
    assert!(!info.was_clean());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_close_to_a_server_that_stopped_reading_times_out() {
    let options =
        PeerOptions::default().close_timeout(Duration::from_millis(200)).outbound_buffer_size(32 << 20);
    let mut peer = open_with(options, "/stall").await;
    for _ in 0..16 {
        peer.send(&vec![0; 1 << 20]).unwrap();
    }
    peer.close();
    let info = closed(&mut peer).await;
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Close));
    assert_eq!(peer.buffered(), 0);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn close_while_connecting_cancels_at_once() {
    let mut peer = dial("/stall-before").await;
    peer.poll();
    assert_eq!(peer.close_with(code(4001), "cancelled"), Ok(()));
    assert_eq!(peer.state(), ReadyState::Closed);
    let info = peer.close_info().unwrap().clone();
    assert_eq!(ending(&info), (None, "", &CloseCause::Aborted));
    pause(A_WHILE).await;
    peer.poll();
    assert_eq!(peer.close_info(), Some(&info));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn close_right_after_connect_cancels_at_once() {
    let mut peer = dial("/echo").await;
    peer.close();
    assert_eq!(peer.state(), ReadyState::Closed);
    pause(A_WHILE).await;
    assert_eq!(peer.poll(), ReadyState::Closed);
    assert_eq!(peer.close_info().unwrap().cause, CloseCause::Aborted);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn close_on_a_new_peer_does_nothing() {
    let mut peer = WebSocketPeer::new();
    peer.close();
    peer.abort();
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closed, None));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_second_close_does_nothing() {
    let key = unique_key();
    let mut peer = open(&format!("/late-close/50?key={key}")).await;
    peer.close_with(code(4001), "first").unwrap();
    assert_eq!(peer.close_with(code(4002), "second"), Ok(()));
    assert_eq!(ending(&closed(&mut peer).await), (Some(4001), "first", &CloseCause::Local));
    peer.close();
    assert_eq!(seen(&key, None).await.only("close "), "close 4001 first");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn abort_while_connecting_ends_at_once() {
    let mut peer = dial("/stall-before").await;
    peer.abort();
    assert_eq!(peer.state(), ReadyState::Closed);
    assert_eq!(ending(peer.close_info().unwrap()), (None, "", &CloseCause::Aborted));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn abort_while_open_ends_at_once_and_the_server_notices() {
    let key = unique_key();
    let mut peer = open(&format!("/echo?key={key}")).await;
    peer.abort();
    assert_eq!((peer.state(), peer.buffered()), (ReadyState::Closed, 0));
    assert_eq!(ending(peer.close_info().unwrap()), (None, "", &CloseCause::Aborted));
    let seen = seen(&key, None).await;
    assert!(may_send_close_on_drop() || seen.all("close ").is_empty());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn abort_while_closing_ends_at_once() {
    let mut peer = closing().await;
    peer.abort();
    assert_eq!(peer.state(), ReadyState::Closed);
    assert_eq!(ending(peer.close_info().unwrap()), (None, "", &CloseCause::Aborted));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn nothing_arrives_after_an_abort() {
    let mut peer = open("/echo").await;
    peer.send_text("too late").unwrap();
    peer.abort();
    pause(A_WHILE).await;
    peer.poll();
    assert_eq!((peer.recv(), peer.available()), (None, 0));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn unread_packets_survive_a_local_close() {
    let mut peer = open("/burst/3").await;
    until(&mut peer, "have three packets", |peer| peer.available() == 3).await;
    peer.close();
    closed(&mut peer).await;
    assert_eq!(receive_all(&mut peer, 3).await.len(), 3);
}
