//! Commands to Godot's ends. An engine can have several, each with a name.

use serde_json::{Value, json};
use websocket_peer::multiplayer::PeerId;

use crate::certificates;
use crate::engine::Engine;
use crate::hex;

/// The name of an engine's only end.
pub const NAME: &str = "it";

/// Hosts, and returns the URL.
#[track_caller]
pub fn host(engine: &mut Engine, name: &str, secure: bool) -> String {
    let port = engine.ask("mp_create_server", json!({ "name": name, "tls": secure, "protocols": [] }));
    assert_ne!(port, 0, "the engine could not listen");
    assert_eq!(status(engine, name), 2);
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{}:{port}", certificates::HOST)
}

/// Joins the server at this URL.
#[track_caller]
pub fn join(engine: &mut Engine, name: &str, url: &str) {
    let about = json!({ "name": name, "url": url, "tls": url.starts_with("wss:"), "protocols": [] });
    engine.ask_ok("mp_create_client", about);
    assert_eq!(status(engine, name), 1);
}

/// Waits until it is connected to the next peer.
#[track_caller]
pub fn connected(engine: &mut Engine, name: &str, meanwhile: impl FnMut()) -> PeerId {
    read_id(&engine.event_while(&format!("{name}.connected"), meanwhile)["id"])
}

/// Waits until the next peer is gone, and returns its id, and the close code and reason.
#[track_caller]
pub fn disconnected(engine: &mut Engine, name: &str, meanwhile: impl FnMut()) -> (PeerId, i64, String) {
    let about = engine.event_while(&format!("{name}.disconnected"), meanwhile);
    let code = about["code"].as_i64().expect("a code");
    (read_id(&about["id"]), code, about["reason"].as_str().expect("a text").to_owned())
}

/// Waits for the next packet, and returns its sender and it.
#[track_caller]
pub fn packet(engine: &mut Engine, name: &str, meanwhile: impl FnMut()) -> (PeerId, Vec<u8>) {
    let about = engine.event_while(&format!("{name}.packet"), meanwhile);
    (read_id(&about["from"]), hex::decode(about["hex"].as_str().expect("a text")))
}

/// Returns its own id.
#[track_caller]
pub fn id(engine: &mut Engine, name: &str) -> PeerId {
    let about = engine.ask("mp_status", json!({ "name": name }));
    assert_eq!(about["status"], 2, "connected");
    read_id(&about["id"])
}

/// Returns its status.
#[track_caller]
pub fn status(engine: &mut Engine, name: &str) -> i64 {
    engine.ask("mp_status", json!({ "name": name }))["status"].as_i64().expect("a number")
}

/// Sends to a peer, to all (0), or to all but one (minus its id).
#[track_caller]
pub fn put_packet(engine: &mut Engine, name: &str, to: i32, bytes: &[u8]) {
    let (command, about) = putting(name, to, bytes);
    engine.ask_ok(command, about);
}

/// The command for [`put_packet`].
pub fn putting(name: &str, to: i32, bytes: &[u8]) -> (&'static str, Value) {
    ("mp_put_packet", json!({ "name": name, "to": to, "hex": hex::encode(bytes) }))
}

#[track_caller]
fn read_id(value: &Value) -> PeerId {
    let id = value.as_i64().and_then(|number| number.try_into().ok()).and_then(PeerId::new);
    id.unwrap_or_else(|| panic!("{value} is no id"))
}
