//! Limits of messages and queues, and what happens when they are exceeded.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{CloseCause, PeerOptions, ReadyState, WebSocketPeer};

use crate::support::{
    A_WHILE, TOO_BIG_CLOSE_FRAME, assert_flood_was_bounded, assert_received_while_closing, begin_with,
    closed, dial, dial_with, expect_huge_header_rejected, numbers, open_with, poll_for, receive, receive_all,
    seen, unique_key, until,
};

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_message_of_the_maximum_size_arrives() {
    let mut peer = open_with(PeerOptions::default().max_message_size(1000), "/huge/1000").await;
    assert_eq!(receive(&mut peer).await.len(), 1000);
    assert_eq!(peer.state(), ReadyState::Open);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_message_one_byte_over_the_limit_ends_the_connection() {
    let mut peer = dial_with(PeerOptions::default().max_message_size(1000), "/huge/1001").await;
    let info = closed(&mut peer).await;
    assert_eq!((info.code, info.reason.as_str(), info.cause), (Some(1009), "", CloseCause::MessageTooBig));
    assert_eq!(peer.recv(), None);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_message_over_the_limit_closes_with_1009_or_4009() {
    let key = unique_key();
    let mut peer =
        dial_with(PeerOptions::default().max_message_size(1000), &format!("/huge/5000?key={key}")).await;
    assert_eq!(closed(&mut peer).await.cause, CloseCause::MessageTooBig);
    seen(&key, Some(TOO_BIG_CLOSE_FRAME)).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn fragments_count_together_towards_the_limit() {
    // "fragmented" has ten bytes.
    let mut peer = dial_with(PeerOptions::default().max_message_size(9), "/fragments").await;
    assert_eq!(closed(&mut peer).await.cause, CloseCause::MessageTooBig);
    let mut peer = open_with(PeerOptions::default().max_message_size(10), "/fragments").await;
    assert_eq!(receive(&mut peer).await.as_text(), Some("fragmented"));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_limit_counts_bytes_of_text_and_not_characters() {
    // Three characters, nine bytes: "€€€".
    let path = "/raw/8109e282ace282ace282ac";
    let mut peer = open_with(PeerOptions::default().max_message_size(9), path).await;
    assert_eq!(receive(&mut peer).await.as_text(), Some("€€€"));
    let mut peer = dial_with(PeerOptions::default().max_message_size(8), path).await;
    assert_eq!(closed(&mut peer).await.cause, CloseCause::MessageTooBig);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_before_a_message_that_is_too_big_are_readable() {
    // The text "ok", then the text "toolong".
    let mut peer =
        dial_with(PeerOptions::default().max_message_size(6), "/raw/81026f6b8107746f6f6c6f6e67").await;
    assert_eq!(closed(&mut peer).await.cause, CloseCause::MessageTooBig);
    assert_eq!(receive(&mut peer).await.as_text(), Some("ok"));
    assert_eq!(peer.recv(), None);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_header_of_a_huge_message_allocates_nothing() {
    let mut peer = dial("/huge-declared/4611686018427387904").await;
    until(&mut peer, "open", |peer| peer.state() != ReadyState::Connecting).await;
    expect_huge_header_rejected(&mut peer).await;
    peer.abort();
    assert_eq!(peer.state(), ReadyState::Closed);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_inbox_keeps_its_limit_in_packets_and_loses_none() {
    let mut peer = open_with(PeerOptions::default().max_queued_packets(10), "/burst/100").await;
    until(&mut peer, "have a full inbox", |peer| peer.available() == 10).await;
    poll_for(&mut peer, A_WHILE).await;
    assert_eq!((peer.available(), peer.state()), (10, ReadyState::Open));
    let packets = receive_all(&mut peer, 100).await;
    assert!(numbers(&packets).into_iter().eq(0..100));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_inbox_keeps_its_limit_in_bytes_and_loses_none() {
    let options = PeerOptions::default().max_message_size(1000).inbound_buffer_size(5500);
    let mut peer = open_with(options, "/burst-binary/50/1000").await;
    until(&mut peer, "have a full inbox", |peer| peer.available() == 5).await;
    poll_for(&mut peer, A_WHILE).await;
    assert_eq!((peer.available(), peer.state()), (5, ReadyState::Open));
    let packets = receive_all(&mut peer, 50).await;
    assert!(packets.iter().all(|packet| packet.len() == 1000));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn reading_one_packet_makes_room_for_one() {
    let mut peer = open_with(PeerOptions::default().max_queued_packets(4), "/burst/10").await;
    until(&mut peer, "have a full inbox", |peer| peer.available() == 4).await;
    peer.recv();
    assert_eq!(peer.available(), 3);
    until(&mut peer, "fill the inbox again", |peer| peer.available() == 4).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_close_is_reported_after_packets_that_did_not_fit() {
    let mut peer =
        open_with(PeerOptions::default().max_queued_packets(10), "/send-then-close/100/4000/done").await;
    until(&mut peer, "have a full inbox", |peer| peer.available() == 10).await;
    poll_for(&mut peer, A_WHILE).await;
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Open, None));
    let packets = receive_all(&mut peer, 100).await;
    assert!(numbers(&packets).into_iter().eq(0..100));
    assert_eq!(closed(&mut peer).await.code, Some(4000));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn an_end_of_tcp_is_reported_after_packets_that_did_not_fit() {
    let mut peer = begin_with(PeerOptions::default().max_queued_packets(10), "/send-then-cut/100").await;
    until(&mut peer, "have a full inbox", |peer| peer.available() == 10).await;
    let packets = receive_all(&mut peer, 100).await;
    assert!(numbers(&packets).into_iter().eq(0..100));
    assert_eq!(closed(&mut peer).await.cause, CloseCause::ConnectionLost);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_full_inbox_does_not_block_the_answer_to_a_close() {
    let mut peer = open_with(PeerOptions::default().max_queued_packets(2), "/burst/10").await;
    until(&mut peer, "have a full inbox", |peer| peer.available() == 2).await;
    peer.close();
    let mut packets = Vec::new();
    until(&mut peer, "be closed", |peer| {
        packets.extend(peer.recv());
        peer.state() == ReadyState::Closed
    })
    .await;
    packets.extend(std::iter::from_fn(|| peer.recv()));
    assert_received_while_closing(&numbers(&packets), 10);
    assert_eq!(peer.close_info().unwrap().cause, CloseCause::Local);
}

/// Reads all packets of a flood, and returns the numbers with which they begin.
fn flood_numbers(peer: &mut WebSocketPeer) -> Vec<u64> {
    std::iter::from_fn(|| peer.recv())
        .map(|packet| u64::from_be_bytes(packet[..8].try_into().expect("a slice of eight bytes")))
        .collect()
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn an_unread_flood_stays_within_the_limits() {
    let options = PeerOptions::default()
        .max_message_size(1024)
        .inbound_buffer_size(100 * 1024)
        .backlog_buffer_size(200 * 1024);
    // The flood is finite: packets that a browser has received and this test has not read would slow down the next
    // test.
    let mut peer = open_with(options, "/flood/16384").await;
    until(&mut peer, "have a full inbox", |peer| peer.available() == 100).await;
    poll_for(&mut peer, A_WHILE * 3).await;
    assert_eq!((peer.available(), peer.state()), (100, ReadyState::Open));

    // All received packets can be read, without a gap.
    let mut numbers = Vec::new();
    until(&mut peer, "go on from where it stopped", |peer| {
        numbers.extend(flood_numbers(peer));
        numbers.len() >= 10_000 || peer.state() == ReadyState::Closed
    })
    .await;
    assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "{numbers:?}");
    assert_flood_was_bounded(&peer, numbers.len(), 100, 200);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_flood_that_is_read_keeps_the_connection_open() {
    let mut peer = open_with(PeerOptions::default(), "/flood/8192").await;
    let mut numbers = Vec::new();
    until(&mut peer, "read a few megabytes", |peer| {
        numbers.extend(flood_numbers(peer));
        numbers.len() == 8192
    })
    .await;
    assert!(numbers.iter().copied().eq(0..numbers.len() as u64));
    assert_eq!(peer.state(), ReadyState::Open);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_close_in_the_middle_of_a_burst_is_answered() {
    let mut peer = open_with(PeerOptions::default(), "/burst/20000").await;
    let mut packets = receive_all(&mut peer, 100).await;
    peer.close();
    until(&mut peer, "be closed", |peer| {
        packets.extend(std::iter::from_fn(|| peer.recv()));
        peer.state() == ReadyState::Closed
    })
    .await;
    assert_received_while_closing(&numbers(&packets), 20_000);
    assert_eq!(peer.close_info().unwrap().cause, CloseCause::Local);
}
