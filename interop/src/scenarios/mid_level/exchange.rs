//! Packets and values in both directions.

use serde_json::json;
use websocket_peer::multiplayer::Target;
use websocket_peer::variant::Variant;

use super::ours::Pair;
use super::{Behaviour, godot};
use crate::engine::Engine;
use crate::hex;
use crate::values::{with_text, without_text};

pub const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("packets_of_all_sizes", packets_of_all_sizes),
    ("text_from_us", text_from_us),
    ("many_packets_keep_their_order", many_packets_keep_their_order),
    ("values_of_every_type_reach_godot", values_of_every_type_reach_godot),
    ("values_of_every_type_come_from_godot", values_of_every_type_come_from_godot),
];

/// The engine's largest packet is the last. There are no other bytes on the wire.
const SIZES: [usize; 6] = [1, 4, 125, 126, 4096, 65_535];

fn packets_of_all_sizes(pair: &mut Pair, engine: &mut Engine) {
    let (own, godot) = (pair.id(), pair.godot);
    for size in SIZES {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        // Neither end sends an empty packet.
        pair.peer().send(godot, b"").expect("a peer");
        pair.peer().send(godot, &bytes).expect("a peer");
        let came = godot::packet(engine, godot::NAME, || pair.poll());
        assert!(came == (own, bytes.clone()), "{size} bytes from us to Godot");

        godot::put_packet(engine, godot::NAME, own.get(), b"");
        godot::put_packet(engine, godot::NAME, own.get(), &bytes);
        let (from, came) = pair.packet();
        assert!(from == godot && came.as_text().is_none() && came.as_bytes() == bytes, "{size} bytes to us");
    }
}

/// Godot has no text here, and reads it as bytes.
fn text_from_us(pair: &mut Pair, engine: &mut Engine) {
    let (own, godot) = (pair.id(), pair.godot);
    pair.peer().send_packet(godot, websocket_peer::Packet::text("grüße")).expect("a peer");
    let came = godot::packet(engine, godot::NAME, || pair.poll());
    assert_eq!(came, (own, "grüße".as_bytes().to_vec()));
}

fn many_packets_keep_their_order(pair: &mut Pair, engine: &mut Engine) {
    let (own, godot) = (pair.id(), pair.godot);
    for number in 0..300_u32 {
        pair.peer().send(Target::All, &number.to_le_bytes()).expect("room");
    }
    for number in 0..300_u32 {
        let came = godot::packet(engine, godot::NAME, || pair.poll());
        assert_eq!(came, (own, number.to_le_bytes().to_vec()));
    }
    let numbers: Vec<[u8; 4]> = (0..100_u32).map(u32::to_le_bytes).collect();
    let commands: Vec<_> = numbers.iter().map(|number| godot::putting(godot::NAME, 0, number)).collect();
    assert!(engine.ask_together(&commands).iter().all(|error| *error == 0));
    for number in numbers {
        let (from, came) = pair.packet();
        assert_eq!((from, came.as_bytes()), (godot, &number[..]));
    }
}

fn values_of_every_type_reach_godot(pair: &mut Pair, engine: &mut Engine) {
    let (own, godot) = (pair.id(), pair.godot);
    engine.ask("mp_read_vars", json!({ "name": godot::NAME }));
    let texts = with_text().into_iter().map(|(text, value)| (Some(text), value));
    for (text, value) in texts.chain(without_text().into_iter().map(|value| (None, value))) {
        pair.peer().send_variant(godot, &value).expect("a peer");
        let came = engine.event_while("it.var", || pair.poll());
        assert_eq!(
            (&came["from"], &came["type"]),
            (&json!(own.get()), &json!(value.kind() as u8)),
            "{text:?}"
        );
        if let Some(text) = text {
            assert_eq!((&came["text"], &came["hex"]), (&json!(text), &json!(encoded(&value))));
        }
    }
}

fn values_of_every_type_come_from_godot(pair: &mut Pair, engine: &mut Engine) {
    for (text, value) in with_text() {
        engine.ask_ok("mp_put_var", json!({ "name": godot::NAME, "to": pair.id().get(), "text": text }));
        let (from, packet) = pair.packet();
        assert_eq!((from, packet.to_variant().expect("a value")), (pair.godot, value), "{text}");
    }
}

fn encoded(value: &Variant) -> String {
    hex::encode(&value.encode().expect("a value that is not deep"))
}
