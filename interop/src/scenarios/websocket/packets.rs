//! Text and bytes in both directions, and pings.

use std::time::{Duration, Instant};

use serde_json::json;
use websocket_peer::Packet;

use super::ours::{NAME, Ours};
use crate::engine::Engine;
use crate::hex;
use crate::waiting::until;

/// Lengths around the forms of a frame's length, and the largest that Godot accepts.
const SIZES: [usize; 7] = [0, 1, 125, 126, 4096, 65_534, 65_535];

pub fn packets_of_all_sizes_come_back(ours: &mut Ours, engine: &mut Engine) {
    for size in SIZES {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        ours.send(&Packet::binary(bytes.clone()));
        let came = engine.event_while("ws_binary", || ours.poll());
        assert!(came["hex"] == hex::encode(&bytes), "{size} bytes from us to Godot");
        engine.ask_ok("ws_send", json!({ "name": NAME, "hex": hex::encode(&bytes) }));
        assert!(ours.receive() == Packet::binary(bytes), "{size} bytes from Godot to us");
    }
    for text in ["", "x", "grüße 🎮 \u{7f}", &"ß".repeat(32_767)] {
        ours.send(&Packet::text(text));
        let came = engine.event_while("ws_text", || ours.poll());
        assert!(came["text"] == text, "{text:?} from us to Godot");
        engine.ask_ok("ws_send_text", json!({ "name": NAME, "text": text }));
        assert!(ours.receive() == Packet::text(text), "{text:?} from Godot to us");
    }
}

pub fn many_packets_keep_their_order(ours: &mut Ours, engine: &mut Engine) {
    const COUNT: usize = 300;
    for number in 0..COUNT {
        ours.send(&Packet::text(number.to_string()));
    }
    for number in 0..COUNT {
        let came = engine.event_while("ws_text", || ours.poll());
        assert_eq!(came["text"], number.to_string());
    }
    for number in 0..30 {
        engine.ask_ok("ws_send_text", json!({ "name": NAME, "text": number.to_string() }));
    }
    for number in 0..30 {
        assert_eq!(ours.receive(), Packet::text(number.to_string()));
    }
}

/// Godot closes if a ping is unanswered when the next is due. One second is enough on a busy machine.
pub fn godot_pings_and_is_answered(ours: &mut Ours, engine: &mut Engine) {
    engine.ask("ws_heartbeat", json!({ "name": NAME, "seconds": 1.0 }));
    let begun = Instant::now();
    until("some heartbeats pass", || {
        ours.poll();
        begun.elapsed() > Duration::from_millis(2500)
    });
    ours.send(&Packet::text("still here"));
    assert_eq!(engine.event_while("ws_text", || ours.poll())["text"], "still here");
}

pub fn godot_answers_our_heartbeat(ours: &mut Ours, _engine: &mut Engine) {
    until("a round trip is measured", || {
        ours.poll();
        ours.stats().rtt.is_some()
    });
}
