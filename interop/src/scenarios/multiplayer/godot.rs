//! Commands to Godot's end of a session.

use serde_json::{Value, json};
use websocket_peer::multiplayer::PeerId;
use websocket_peer::variant::Variant;

use crate::certificates;
use crate::engine::Engine;
use crate::hex;

/// Hosts a session, and returns its URL.
#[track_caller]
pub fn host(engine: &mut Engine, secure: bool) -> String {
    let port = engine.ask("create_server", json!({ "tls": secure, "protocols": [] }));
    assert_ne!(port, 0, "the engine could not listen");
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{}:{port}", certificates::HOST)
}

/// Joins the session at this URL.
#[track_caller]
pub fn join(engine: &mut Engine, url: &str) {
    engine.ask_ok("create_client", json!({ "url": url, "tls": url.starts_with("wss:"), "protocols": [] }));
}

/// Returns its own id, and the ids of its peers.
#[track_caller]
pub fn ids(engine: &mut Engine) -> (PeerId, Vec<PeerId>) {
    let status = engine.ask("status", json!({}));
    assert_eq!(status["status"], 2, "connected");
    (id(&status), status["peers"].as_array().expect("a list").iter().map(number).collect())
}

/// Returns the id in an event.
#[track_caller]
pub fn id(about: &Value) -> PeerId {
    number(&about["id"])
}

#[track_caller]
fn number(value: &Value) -> PeerId {
    let number = value.as_i64().and_then(|number| number.try_into().ok());
    number.and_then(PeerId::new).unwrap_or_else(|| panic!("{value} is no id"))
}

#[track_caller]
pub fn send_bytes(engine: &mut Engine, to: i32, bytes: &[u8]) {
    engine.ask_ok("send_bytes", json!({ "to": to, "hex": hex::encode(bytes) }));
}

/// Adds a node with this script.
#[track_caller]
pub fn register_node_with(engine: &mut Engine, path: &str, script: &str) {
    engine.ask("add_node", json!({ "path": path, "script": script }));
}

/// Returns a call, with arguments in the engine's text form.
pub fn call(path: &str, to: i32, method: &str, arguments: &[&str]) -> Value {
    json!({ "path": path, "to": to, "method": method, "arguments": arguments })
}

/// Makes it call a method of other ends.
#[track_caller]
pub fn rpc(engine: &mut Engine, path: &str, to: i32, method: &str, arguments: &[&str]) {
    engine.ask_ok("rpc", call(path, to, method, arguments));
}

/// A call that arrived at a node of Godot.
pub struct Called {
    pub path: String,
    pub method: String,
    pub from: PeerId,
    /// The arguments in the engine's text form.
    pub texts: Vec<String>,
    /// The arguments as `var_to_bytes` encodes them.
    pub arguments: Vec<Variant>,
}

/// Waits for a call, and polls our end.
#[track_caller]
pub fn called(engine: &mut Engine, meanwhile: impl FnMut()) -> Called {
    let about = engine.event_while("called", meanwhile);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let arguments = about["arguments"].as_array().expect("a list");
    Called {
        path: text(&about["path"]),
        method: text(&about["method"]),
        from: number(&about["from"]),
        texts: arguments.iter().map(|argument| text(&argument["text"])).collect(),
        arguments: arguments
            .iter()
            .map(|argument| Variant::decode(&hex::decode(&text(&argument["hex"]))).expect("a value"))
            .collect(),
    }
}
