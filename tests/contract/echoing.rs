//! Packets arrive unchanged and in order.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{Packet, PacketKind, ReadyState};

use crate::support::{numbers, open, receive, receive_all, receive_text, until};

/// Sizes around each change of the frame header's format (RFC 6455, 5.2), and the default maximum.
macro_rules! sizes {
    ($($text:ident, $binary:ident: $size:expr;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $text() {
            let text: String = ('a'..='z').cycle().take($size).collect();
            let mut peer = open("/echo").await;
            peer.send_text(&text).unwrap();
            let packet = receive(&mut peer).await;
            assert_eq!(packet.kind(), PacketKind::Text);
            assert!(packet.as_text() == Some(text.as_str()), "{packet:?}");
        }

        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $binary() {
            let data: Vec<u8> = (0..=255).cycle().take($size).collect();
            let mut peer = open("/echo").await;
            peer.send(&data).unwrap();
            let packet = receive(&mut peer).await;
            assert_eq!(packet.kind(), PacketKind::Binary);
            assert!(packet.as_bytes() == data, "{packet:?}");
        }
    )*};
}

sizes! {
    an_empty_text_comes_back, an_empty_binary_packet_comes_back: 0;
    a_text_of_1_byte_comes_back, a_binary_packet_of_1_byte_comes_back: 1;
    a_text_of_125_bytes_comes_back, a_binary_packet_of_125_bytes_comes_back: 125;
    a_text_of_126_bytes_comes_back, a_binary_packet_of_126_bytes_comes_back: 126;
    a_text_of_65535_bytes_comes_back, a_binary_packet_of_65535_bytes_comes_back: 65_535;
    a_text_of_65536_bytes_comes_back, a_binary_packet_of_65536_bytes_comes_back: 65_536;
    a_text_of_1_mib_comes_back, a_binary_packet_of_1_mib_comes_back: 1024 * 1024;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn text_with_emoji_nul_and_every_width_of_utf_8_comes_back() {
    let text = "NUL \0, two é, three €, four 🦀, joined 👩‍🚀, edges \u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}, mark \u{feff}";
    let mut peer = open("/echo").await;
    peer.send_text(text).unwrap();
    assert_eq!(receive_text(&mut peer).await, text);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn text_that_begins_with_a_byte_order_mark_keeps_it() {
    let mut peer = open("/echo").await;
    peer.send_text("\u{feff}marked").unwrap();
    assert_eq!(receive_text(&mut peer).await, "\u{feff}marked");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_binary_packet_of_text_stays_binary() {
    let mut peer = open("/echo").await;
    peer.send(b"looks like text").unwrap();
    let packet = receive(&mut peer).await;
    assert_eq!(
        (packet.is_text(), packet.as_text(), packet.as_bytes()),
        (false, None, &b"looks like text"[..])
    );
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn text_and_binary_keep_their_kinds_and_their_order() {
    let sent = [
        Packet::text("one"),
        Packet::binary([2]),
        Packet::text("three"),
        Packet::binary([]),
        Packet::text(""),
    ];
    let mut peer = open("/echo").await;
    for packet in &sent {
        peer.send_packet(packet).unwrap();
    }
    assert_eq!(receive_all(&mut peer, sent.len()).await, sent);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_received_packet_can_be_sent_on() {
    let mut peer = open("/echo").await;
    peer.send_text("round").unwrap();
    let packet = receive(&mut peer).await;
    peer.send_packet(&packet).unwrap();
    assert_eq!(receive(&mut peer).await, packet);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn ten_thousand_packets_arrive_in_order() {
    let mut peer = open("/burst/10000").await;
    let packets = receive_all(&mut peer, 10_000).await;
    assert!(numbers(&packets).into_iter().eq(0..10_000));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn ten_thousand_packets_come_back_in_order() {
    let mut peer = open("/echo").await;
    let mut sent = 0;
    let mut received = 0;
    while received < 10_000 {
        while sent < 10_000 && sent < received + 1000 {
            peer.send_text(&sent.to_string()).unwrap();
            sent += 1;
        }
        until(&mut peer, "get echoes", |peer| peer.available() > 0).await;
        while let Some(packet) = peer.recv() {
            assert_eq!(numbers(&[packet]), [received]);
            received += 1;
        }
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_message_in_fragments_arrives_as_one_packet() {
    let mut peer = open("/fragments").await;
    assert_eq!(receive_text(&mut peer).await, "fragmented");
    assert_eq!(peer.available(), 0);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_character_split_between_fragments_arrives_whole() {
    // "é" is c3 a9; the first frame ends between them.
    let mut peer = open("/raw/0101c38001a9").await;
    assert_eq!(receive_text(&mut peer).await, "é");
    assert_eq!(peer.state(), ReadyState::Open);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn empty_fragments_add_nothing() {
    let empty_start_and_middle = "01000000";
    let mut peer = open(&format!("/raw/{empty_start_and_middle}000161800162")).await;
    assert_eq!(receive_text(&mut peer).await, "ab");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_counters_count_packets_and_payload_bytes_in_each_direction() {
    let mut peer = open("/echo").await;
    peer.send_text("12345").unwrap();
    peer.send(&[0; 10]).unwrap();
    receive_all(&mut peer, 2).await;
    let stats = peer.stats();
    assert_eq!((stats.packets_sent, stats.bytes_sent), (2, 15));
    assert_eq!((stats.packets_received, stats.bytes_received), (2, 15));
}
