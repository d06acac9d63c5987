//! `ChatEvent`: what happens in a chat, as plain objects.

use chat::ChatEvent;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use websocket_peer::multiplayer::PeerId;

use crate::values::{tagged, text};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What happens in a chat, by its `type`. All text is safe to show as one line of text. */
export type ChatEvent =
    /** The connection is open. */
    | { readonly type: "connected" }
    /** A line of another member. */
    | { readonly type: "line"; readonly from: number; readonly name: string | undefined; readonly text: string }
    /** A line that this client sent. */
    | { readonly type: "own-line"; readonly text: string }
    /** A member joined. */
    | { readonly type: "joined"; readonly id: number }
    /** A member left, and had this name. */
    | { readonly type: "left"; readonly id: number; readonly name: string | undefined }
    /** A member was there before this client, and has this name. */
    | { readonly type: "present"; readonly id: number; readonly name: string }
    /** A member took a name; `before` is the one that it had. */
    | { readonly type: "renamed"; readonly id: number; readonly name: string; readonly before: string | undefined }
    /** The server accepted the own name. */
    | { readonly type: "name-accepted"; readonly name: string }
    /** The server refused the own name. The name before remains. */
    | { readonly type: "name-refused"; readonly reason: string }
    /** A line of the server to all members. */
    | { readonly type: "server-line"; readonly text: string }
    /** Another line of the server, for example that it did not accept a packet. */
    | { readonly type: "notice"; readonly text: string }
    /**
     * The connection has ended, or did not open. Nothing follows. `why` is a sentence for people; `code` is the close
     * code, if there was a close frame.
     */
    | { readonly type: "closed"; readonly why: string; readonly code: number | undefined; readonly clean: boolean };
"#;

/// Returns the event as a plain object; `None` for one that pages do not know.
pub(super) fn event(event: ChatEvent) -> Option<JsValue> {
    Some(match event {
        ChatEvent::Connected => tagged("connected", []),
        ChatEvent::Line { from, name, text: line } => {
            let name = text(name.as_deref());
            tagged("line", [("from", member(from)), ("name", name), ("text", line.into())])
        }
        ChatEvent::OwnLine { text } => tagged("own-line", [("text", text.into())]),
        ChatEvent::Joined { id } => tagged("joined", [("id", member(id))]),
        ChatEvent::Left { id, name } => tagged("left", [("id", member(id)), ("name", text(name.as_deref()))]),
        ChatEvent::Present { id, name } => tagged("present", [("id", member(id)), ("name", name.into())]),
        ChatEvent::Renamed { id, name, before } => {
            let before = text(before.as_deref());
            tagged("renamed", [("id", member(id)), ("name", name.into()), ("before", before)])
        }
        ChatEvent::NameAccepted { name } => tagged("name-accepted", [("name", name.into())]),
        ChatEvent::NameRefused { reason } => tagged("name-refused", [("reason", reason.into())]),
        ChatEvent::ServerLine { text } => tagged("server-line", [("text", text.into())]),
        ChatEvent::Notice { text } => tagged("notice", [("text", text.into())]),
        ChatEvent::Closed { why, info } => {
            let clean = info.was_clean().into();
            tagged("closed", [("why", why.into()), ("code", info.code.into()), ("clean", clean)])
        }
        _ => return None,
    })
}

/// Returns a member's id as a number.
pub(super) fn member(id: PeerId) -> JsValue {
    id.get().into()
}
