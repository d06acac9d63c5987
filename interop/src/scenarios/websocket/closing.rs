//! Ends of connections, at both ends.

use serde_json::json;
use websocket_peer::{CloseCause, Packet};

use super::ours::{NAME, Ours};
use crate::engine::Engine;

pub fn we_close_with_code_and_reason(ours: &mut Ours, engine: &mut Engine) {
    ours.close(4001, "enough, grüße");
    let closed = engine.event_while("ws_closed", || ours.poll());
    assert_eq!((&closed["code"], &closed["reason"]), (&json!(4001), &json!("enough, grüße")));
    let info = ours.closed();
    assert_eq!((info.code, info.cause), (Some(4001), CloseCause::Local));
}

pub fn godot_closes_with_code_and_reason(ours: &mut Ours, engine: &mut Engine) {
    engine.ask("ws_close", json!({ "name": NAME, "code": 4002, "reason": "genug, grüße" }));
    let info = ours.closed();
    assert_eq!((info.code, info.reason.as_str()), (Some(4002), "genug, grüße"));
    assert_eq!(info.cause, CloseCause::Remote);
    assert_godot_got_the_answer(ours, engine, 4002, "genug, grüße");
}

pub fn godot_closes_without_a_code(ours: &mut Ours, engine: &mut Engine) {
    engine.ask("ws_close", json!({ "name": NAME, "code": 0, "reason": "" }));
    let info = ours.closed();
    assert_eq!((info.code, info.reason.as_str(), info.cause), (None, "", CloseCause::Remote));
    assert_godot_got_the_answer(ours, engine, 0, "");
}

/// Over TLS the engine drops bytes that it reads together with the end of the stream, so two engines do not see each
/// other's answers to a close, either.
#[track_caller]
fn assert_godot_got_the_answer(ours: &mut Ours, engine: &mut Engine, code: i32, reason: &str) {
    let closed = engine.event_while("ws_closed", || ours.poll());
    let unanswered = ours.secure && closed["code"] == -1;
    assert!(unanswered || (closed["code"] == code && closed["reason"] == reason), "{closed}");
}

/// A message and the close arrive together. Godot loses such a message; this crate must not.
pub fn the_last_packet_of_godot_is_read(ours: &mut Ours, engine: &mut Engine) {
    engine.ask_ok("ws_send_text", json!({ "name": NAME, "text": "you are banned" }));
    engine.ask("ws_close", json!({ "name": NAME, "code": 4003, "reason": "" }));
    assert_eq!(ours.receive(), Packet::text("you are banned"));
    assert_eq!(ours.closed().code, Some(4003));
    assert_godot_got_the_answer(ours, engine, 4003, "");
}

pub fn godot_is_lost(ours: &mut Ours, engine: &mut Engine) {
    engine.ask("ws_close", json!({ "name": NAME, "code": -1, "reason": "" }));
    let info = ours.closed();
    assert_eq!((info.godot_code(), info.code, info.cause), (-1, None, CloseCause::ConnectionLost));
    assert_eq!(engine.event("ws_closed")["code"], -1);
}

pub fn we_vanish(ours: &mut Ours, engine: &mut Engine) {
    ours.abort();
    assert_eq!(ours.closed().cause, CloseCause::Aborted);
    assert_eq!(engine.event_while("ws_closed", || ours.poll())["code"], -1);
}
