//! Peer ids and targets in JavaScript.

use js_sys::Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    js::values::{Thrown, integer},
    multiplayer::{PeerId, Target},
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/**
 * The peers that a packet or call is for: all other peers, the server, or a number as in Godot: 0 for all, `id` for
 * one, `-id` for all but one.
 */
export type Target = "all" | "server" | number;
"#;

pub(super) fn target(value: &JsValue) -> Result<Target, Thrown> {
    let target = match value.as_string().as_deref() {
        Some("all") => Some(Target::All),
        Some("server") => Some(Target::SERVER),
        Some(_) => None,
        None => integer(value).and_then(Target::from_godot),
    };
    target
        .ok_or_else(|| Thrown::wrong_type("target", "\"all\", \"server\", 0, or a peer's id or its negative"))
}

pub(super) fn peer_id(argument: &str, value: &JsValue) -> Result<PeerId, Thrown> {
    integer(value).and_then(PeerId::new).ok_or_else(|| Thrown::wrong_type(argument, "a peer's id"))
}

pub(super) fn peer(id: PeerId) -> JsValue {
    id.get().into()
}

pub(super) fn array(ids: impl Iterator<Item = PeerId>) -> JsValue {
    ids.map(peer).collect::<Array>().into()
}
