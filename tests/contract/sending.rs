//! `send`: in which states, within which limits, and when packets are written.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{Error, Packet, PeerOptions, ReadyState, WebSocketPeer};

use crate::support::{closing, dial, ended, open, open_with, seen, unique_key, until};

/// Checks that all three send methods fail with `NotOpen`, and count nothing.
#[track_caller]
fn assert_sends_nothing(peer: &mut WebSocketPeer) {
    let error = Err(Error::NotOpen { state: peer.state() });
    assert_eq!(peer.send(b"x"), error);
    assert_eq!(peer.send_text("x"), error);
    assert_eq!(peer.send_packet(Packet::text("x")), error);
    assert_eq!((peer.buffered(), peer.stats().packets_sent), (0, 0));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn sending_on_a_new_peer_is_an_error() {
    assert_sends_nothing(&mut WebSocketPeer::new());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn sending_while_connecting_is_an_error() {
    let mut peer = dial("/stall-before").await;
    assert_eq!(peer.state(), ReadyState::Connecting);
    assert_sends_nothing(&mut peer);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn sending_while_closing_is_an_error() {
    let mut peer = closing().await;
    assert_eq!(peer.state(), ReadyState::Closing);
    assert_sends_nothing(&mut peer);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn sending_after_the_end_is_an_error() {
    let mut peer = ended().await;
    assert_eq!(peer.state(), ReadyState::Closed);
    assert_sends_nothing(&mut peer);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_packet_larger_than_the_send_queue_is_rejected() {
    let mut peer = open_with(PeerOptions::default().outbound_buffer_size(100), "/echo").await;
    let error = Err(Error::PacketTooBig { len: 101, max: 100 });
    assert_eq!(peer.send(&[0; 101]), error);
    assert_eq!(peer.send_text(&"x".repeat(101)), error);
    assert_eq!(peer.send_packet(Packet::binary([0; 101])), error);
    assert_eq!((peer.buffered(), peer.stats().packets_sent), (0, 0));
    assert_eq!(peer.send(&[0; 100]), Ok(()));
}

/// Sends up to 64 packets, until one is rejected, and returns the error. `taken` counts the others.
fn fill(peer: &mut WebSocketPeer, packet: &[u8], taken: &mut u64) -> Option<Error> {
    (0..64).find_map(|_| match peer.send(packet) {
        Ok(()) => {
            *taken += 1;
            None
        }
        Err(error) => Some(error),
    })
}

/// The kernel may take more bytes between two calls. Then the test tries again.
#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_send_queue_has_a_limit_in_bytes() {
    const LIMIT: usize = 200_000;
    let mut peer = open_with(PeerOptions::default().outbound_buffer_size(LIMIT), "/stall").await;
    let mut taken = 0;
    until(&mut peer, "be full to the last byte", |peer| {
        let Some(error) = fill(peer, &[7; 65_536], &mut taken) else { return false };
        let room = LIMIT - peer.buffered();
        assert!(room < 65_536, "{} bytes wait", peer.buffered());
        assert!(matches!(error, Error::SendQueueFull { room: left, .. } if left == room), "{error:?}");

        // A rejected packet has no effect, and a smaller one still fits.
        assert_eq!(peer.stats().packets_sent, taken);
        assert_eq!(peer.send(&vec![7; room]), Ok(()));
        taken += 1;
        let is_full = peer.buffered() == LIMIT;
        let last = peer.send(&[7]);
        taken += u64::from(last.is_ok());
        is_full && matches!(last, Err(Error::SendQueueFull { room: 0, .. }))
    })
    .await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_send_queue_has_a_limit_in_packets() {
    let options = PeerOptions::default().outbound_buffer_size(64 << 20).max_queued_packets(3);
    let mut peer = open_with(options, "/stall").await;
    let mut taken = 0;
    until(&mut peer, "hold three packets", |peer| {
        let Some(error) = fill(peer, &vec![7; 262_144], &mut taken) else { return false };
        assert!(matches!(error, Error::SendQueueFull { room: 0, .. }), "{error:?}");
        peer.buffered() == 3 * 262_144 && matches!(peer.send(&[]), Err(Error::SendQueueFull { room: 0, .. }))
    })
    .await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_send_queue_drains_when_the_other_end_reads() {
    let mut peer = open_with(PeerOptions::default().outbound_buffer_size(300_000), "/count").await;
    for _ in 0..50 {
        until(&mut peer, "have room again", |peer| peer.send(&[0; 200_000]).is_ok()).await;
    }
    until(&mut peer, "have sent everything", |peer| peer.buffered() == 0).await;
    assert_eq!(peer.stats().packets_sent, 50);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_packet_is_written_without_another_call() {
    let key = unique_key();
    let mut peer = open(&format!("/count?key={key}")).await;
    peer.send_text("hello").unwrap();
    seen(&key, Some("text 5")).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn replies_are_written_when_the_inbox_is_empty() {
    let key = unique_key();
    let mut peer = open(&format!("/burst/2?key={key}")).await;
    until(&mut peer, "have both packets", |peer| peer.available() == 2).await;
    for reply in ["first", "the last"] {
        assert!(peer.recv().is_some());
        peer.send_text(reply).unwrap();
    }
    assert_eq!(peer.recv(), None);
    assert_eq!(seen(&key, Some("text 8")).await.all("text "), ["text 5", "text 8"]);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn flush_writes_replies_while_packets_are_unread() {
    let key = unique_key();
    let mut peer = open(&format!("/burst/2?key={key}")).await;
    until(&mut peer, "have both packets", |peer| peer.available() == 2).await;
    peer.send_text("early").unwrap();
    peer.flush();
    seen(&key, Some("text 5")).await;
    assert_eq!(peer.available(), 2);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn poll_writes_replies_while_packets_are_unread() {
    let key = unique_key();
    let mut peer = open(&format!("/burst/2?key={key}")).await;
    until(&mut peer, "have both packets", |peer| peer.available() == 2).await;
    peer.send_text("early").unwrap();
    peer.poll();
    seen(&key, Some("text 5")).await;
    // Its echo may have arrived already.
    assert!(peer.available() >= 2);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn flush_without_a_connection_does_nothing() {
    let mut peer = WebSocketPeer::new();
    peer.flush();
    assert_eq!(peer.state(), ReadyState::Closed);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn every_frame_to_the_server_is_masked_with_a_new_key() {
    let key = unique_key();
    let mut peer = open(&format!("/count?key={key}")).await;
    for _ in 0..4 {
        peer.send_text("same").unwrap();
    }
    peer.send_text("last!").unwrap();
    let seen = seen(&key, Some("text 5")).await;
    let mut masks = seen.all("frame ");
    assert!(masks.iter().all(|mask| mask.starts_with("frame masked=yes mask=")), "{masks:?}");
    masks.sort_unstable();
    masks.dedup();
    assert_eq!(masks.len(), 5);
}
