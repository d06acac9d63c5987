//! `GameEvent`: what happens at a player, as plain objects.

use game::{
    LogLine, PlayerEvent, Roll, Table, TableEvent, messages::NAMELESS, names::clean, table::MAX_SHOWN_NAME,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::view::player;
use crate::values::{object, tagged};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What happens in a game, by its `type`. Names and lines come from other people; each is one line of limited length. */
export type GameEvent =
    /** The connection to the host is open. */
    | { readonly type: "connected"; readonly id: number }
    /** The host added a player, or removed one. */
    | { readonly type: "joined" | "left"; readonly player: GamePerson }
    /** The host gave a player a name. `before` is the one that it had. */
    | { readonly type: "renamed"; readonly player: GamePerson; readonly before: string | undefined }
    /** The host announced whose turn it is; undefined if it is the turn of no player at the table. */
    | { readonly type: "turn"; readonly player: GamePerson | undefined }
    /** The host wrote a line into the log. `roll` is what a player did, if the line is about that. */
    | { readonly type: "logged"; readonly text: string; readonly roll: GameRoll | undefined }
    /** The host sent something that is not of this game. Only the first few are reported. */
    | { readonly type: "warning"; readonly message: string }
    /**
     * The connection to the host has ended, or did not open. Nothing follows. `message` is a sentence for people; `code` is
     * the close code, if there was a close frame.
     */
    | { readonly type: "closed"; readonly message: string; readonly code: number | undefined; readonly clean: boolean };

/** What a player did in its turn. */
export interface GameRoll {
    readonly name: string;
    /** The id of the player, if the name is that of the player whose turn it is. */
    readonly player: number | undefined;
    readonly action: "roll" | "pass";
    /** What the dice show, 0 to 99. Some hosts throw them also for a player that passes. */
    readonly value: number;
}
"#;

/// Returns the event as a plain object; `None` for one that pages do not know. `table` is as of this event.
pub(crate) fn event(event: PlayerEvent, table: &Table) -> Option<JsValue> {
    Some(match event {
        PlayerEvent::Connected(id) => tagged("connected", [("id", id.get().into())]),
        PlayerEvent::Table(TableEvent::Joined(joined)) => tagged("joined", [("player", player(&joined))]),
        PlayerEvent::Table(TableEvent::Renamed { player: renamed, before }) => {
            let before = Some(before).filter(|before| before != NAMELESS);
            tagged("renamed", [("player", player(&renamed)), ("before", before.into())])
        }
        PlayerEvent::Table(TableEvent::Left(left)) => tagged("left", [("player", player(&left))]),
        PlayerEvent::Table(TableEvent::TurnChanged(current)) => {
            tagged("turn", [("player", current.as_ref().map_or(JsValue::UNDEFINED, player))])
        }
        PlayerEvent::Table(TableEvent::Logged(LogLine { text, roll: action })) => {
            let action = action.map_or(JsValue::UNDEFINED, |action| roll(&action, table));
            tagged("logged", [("text", text.into()), ("roll", action)])
        }
        PlayerEvent::Warning(message) => tagged("warning", [("message", message.into())]),
        PlayerEvent::Closed(info) => {
            let (message, clean) = (info.to_string().into(), info.was_clean().into());
            tagged("closed", [("message", message), ("code", info.code.into()), ("clean", clean)])
        }
        _ => return None,
    })
}

/// The host writes the line before the turn passes on, so it is about the player whose turn it is.
fn roll(roll: &Roll, table: &Table) -> JsValue {
    let name = clean(&roll.name, MAX_SHOWN_NAME);
    let player = table.current().filter(|player| player.name == name);
    object([
        ("player", player.map(|player| player.id).into()),
        ("name", name.into()),
        ("action", roll.action.word().into()),
        ("value", roll.value.into()),
    ])
}
