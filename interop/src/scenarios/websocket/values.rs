//! Values by `send_variant` and `to_variant`, Godot's `put_var` and `get_var`.

use serde_json::json;
use websocket_peer::variant::Variant;

use super::ours::{NAME, Ours};
use crate::engine::Engine;
use crate::hex;
use crate::values::{with_text, without_text};

pub fn values_of_every_type_reach_godot(ours: &mut Ours, engine: &mut Engine) {
    engine.ask("ws_read_vars", json!({ "name": NAME }));
    for (text, value) in with_text() {
        ours.send_variant(&value);
        let came = engine.event_while("ws_var", || ours.poll());
        assert_eq!(came["text"], text);
        assert_eq!(came["type"], value.kind() as u8, "{text}");
        assert_eq!(came["hex"], encoded(&value), "{text}");
    }
    for value in without_text() {
        ours.send_variant(&value);
        let came = engine.event_while("ws_var", || ours.poll());
        assert_eq!(came["type"], value.kind() as u8, "{value:?}");
    }
}

pub fn values_of_every_type_come_from_godot(ours: &mut Ours, engine: &mut Engine) {
    for (text, value) in with_text() {
        engine.ask_ok("ws_put_var", json!({ "name": NAME, "text": text }));
        let packet = ours.receive();
        let came = packet.to_variant().expect("a value");
        assert_eq!(came, value, "{text}");
        assert_eq!(came.to_string(), text);
        assert_eq!(hex::encode(&packet), encoded(&value), "{text}");
    }
}

fn encoded(value: &Variant) -> String {
    hex::encode(&value.encode().expect("a value that is not deep"))
}
