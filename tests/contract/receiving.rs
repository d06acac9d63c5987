//! `recv`: which packets can be read, and when.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{CloseCause, ReadyState};

use crate::support::{
    A_WHILE, assert_received_while_closing, begin, closed, closing, dial, numbers, open, pause, poll_for,
    receive_all, receive_text, until,
};

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn nothing_arrives_between_polls() {
    let mut peer = open("/echo").await;
    peer.send_text("hello").unwrap();
    pause(A_WHILE).await;
    assert_eq!((peer.available(), peer.recv()), (0, None));
    assert_eq!(receive_text(&mut peer).await, "hello");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn nothing_closes_between_polls() {
    let mut peer = open("/late-close/0").await;
    peer.send_text("hello").unwrap();
    assert_eq!(receive_text(&mut peer).await, "hello");
    peer.close();
    pause(A_WHILE).await;
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closing, None));
    closed(&mut peer).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn available_counts_the_packets_that_recv_returns() {
    let mut peer = open("/burst/3").await;
    until(&mut peer, "have three packets", |peer| peer.available() == 3).await;
    for left in (0..3).rev() {
        assert!(peer.recv().is_some());
        assert_eq!(peer.available(), left);
    }
    assert_eq!(peer.recv(), None);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn unread_packets_are_kept_while_polling() {
    let mut peer = open("/burst/3").await;
    poll_for(&mut peer, A_WHILE).await;
    let packets = receive_all(&mut peer, 3).await;
    assert_eq!(numbers(&packets), [0, 1, 2]);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn recv_while_connecting_returns_none() {
    let mut peer = dial("/stall-before").await;
    peer.poll();
    assert_eq!((peer.available(), peer.recv()), (0, None));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_before_a_remote_close_are_readable_after_it() {
    let mut peer = dial("/send-then-close/50/4000/kicked").await;
    let info = closed(&mut peer).await;
    assert_eq!((info.code, info.reason.as_str()), (Some(4000), "kicked"));
    assert_eq!(peer.available(), 50);
    let packets = receive_all(&mut peer, 50).await;
    assert!(numbers(&packets).into_iter().eq(0..50));
    assert_eq!((peer.recv(), peer.state()), (None, ReadyState::Closed));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_before_a_lost_connection_are_readable_after_it() {
    let mut peer = begin("/send-then-cut/50").await;
    assert_eq!(closed(&mut peer).await.cause, CloseCause::ConnectionLost);
    let packets = receive_all(&mut peer, 50).await;
    assert!(numbers(&packets).into_iter().eq(0..50));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_before_an_abort_are_readable_after_it() {
    let mut peer = open("/burst/3").await;
    until(&mut peer, "have three packets", |peer| peer.available() == 3).await;
    peer.abort();
    assert_eq!(numbers(&receive_all(&mut peer, 3).await), [0, 1, 2]);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_before_a_protocol_error_are_readable_after_it() {
    // The text "ok", then a frame with a reserved bit.
    let mut peer = begin("/raw/81026f6bc1026f6b").await;
    closed(&mut peer).await;
    assert_eq!(receive_text(&mut peer).await, "ok");
    assert_eq!(peer.recv(), None);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_arrive_while_closing_where_the_platform_supports_it() {
    let mut peer = open("/late-close/100").await;
    for number in 0..3 {
        peer.send_text(&number.to_string()).unwrap();
    }
    peer.close();
    assert_eq!(closed(&mut peer).await.cause, CloseCause::Local);
    let packets: Vec<_> = std::iter::from_fn(|| peer.recv()).collect();
    assert_received_while_closing(&numbers(&packets), 3);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_after_a_close_frame_are_not_delivered() {
    // A close with 1000, then the text "hi". Platforms report a close or a protocol error.
    let mut peer = dial("/raw/880203e881026869").await;
    let info = closed(&mut peer).await;
    assert!(matches!(info.cause, CloseCause::Remote | CloseCause::ConnectionLost), "{info:?}");
    assert_eq!(peer.recv(), None);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn recv_while_closing_returns_none_if_the_inbox_is_empty() {
    let mut peer = closing().await;
    assert_eq!((peer.recv(), peer.state()), (None, ReadyState::Closing));
}
