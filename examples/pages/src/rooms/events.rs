//! `RoomsEvent`: what happens at a client of the rooms, as plain objects.

use game::{PlayerEvent, Table};
use js_sys::Array;
use rooms::{ListedRoom, RoomsEvent};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    game::events,
    values::{object, tagged},
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/**
 * What happens at a `RoomsClient`, by its `type`. The events of the game are those of a `GamePlayer`. Names, titles and lines
 * come from other people; each is one line of limited length.
 */
export type RoomsEvent =
    | GameEvent
    /** The client is in the lobby. A list follows, and then rooms can be created and joined. */
    | { readonly type: "lobby" }
    /** The rooms of the server that were created last, the newest first. */
    | { readonly type: "list"; readonly rooms: readonly ListedRoom[] }
    /** The room that was asked for was created. The event `room` follows. */
    | { readonly type: "created"; readonly code: string }
    /** What was asked for is not possible. The client is where it was before. */
    | { readonly type: "refused"; readonly message: string }
    /** The client is in a room, where the host of the game adds it as a player. */
    | { readonly type: "room"; readonly code: string };

/** A room in the list of the lobby. */
export interface ListedRoom {
    readonly code: string;
    readonly title: string;
    readonly players: number;
    /** The number of players that fit into it. Zero: no limit. */
    readonly capacity: number;
    readonly isFull: boolean;
}
"#;

/// Returns the event as a plain object; `None` for one that pages do not know. `table` is as of this event.
pub(super) fn event(event: RoomsEvent, table: &Table) -> Option<JsValue> {
    Some(match event {
        RoomsEvent::Connected(id) => return events::event(PlayerEvent::Connected(id), table),
        RoomsEvent::Game(event) => return events::event(event, table),
        RoomsEvent::Closed(info) => return events::event(PlayerEvent::Closed(info), table),
        RoomsEvent::EnteredLobby => tagged("lobby", []),
        RoomsEvent::List(rooms) => {
            tagged("list", [("rooms", rooms.iter().map(room).collect::<Array>().into())])
        }
        RoomsEvent::Created(code) => tagged("created", [("code", code.as_str().into())]),
        RoomsEvent::Refused(message) => tagged("refused", [("message", message.into())]),
        RoomsEvent::EnteredRoom(code) => tagged("room", [("code", code.as_str().into())]),
        _ => return None,
    })
}

fn room(room: &ListedRoom) -> JsValue {
    object([
        ("code", room.code.as_str().into()),
        ("title", room.title.as_str().into()),
        ("players", room.players.into()),
        ("capacity", room.capacity.into()),
        ("isFull", room.is_full().into()),
    ])
}
