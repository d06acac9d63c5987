//! `GameView`: the table, as a plain object.

use game::{PlayerGame, TablePlayer, messages::NAMELESS};
use js_sys::Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::values::object;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A player in a game. */
export interface GamePerson {
    readonly id: number;
    readonly name: string;
    /** `false` while the host waits for its name, and shows another text instead. */
    readonly isNamed: boolean;
}

/** The table of a game. */
export interface GameView {
    /** The players in their order. */
    readonly players: readonly (GamePerson & { readonly isOwn: boolean; readonly hasTurn: boolean })[];
    /** `true` if it is this player's turn, and it has not acted yet. */
    readonly canAct: boolean;
    /** `true` from the beginning of this player's turn to its end, also while the host decides. */
    readonly isOwnTurn: boolean;
}
"#;

pub(crate) fn view(player: &PlayerGame) -> JsValue {
    let table = player.table();
    let (own, turn) = (table.own_id().map(|id| id.get()), table.turn());
    let players = table.players().iter().enumerate().map(|(index, player)| {
        let more = [("isOwn", own == Some(player.id)), ("hasTurn", turn == Some(index))];
        object(fields(player).into_iter().chain(more.map(|(name, value)| (name, value.into()))))
    });
    object([
        ("players", players.collect::<Array>().into()),
        ("canAct", player.can_act().into()),
        ("isOwnTurn", (table.is_own_turn() && player.close_info().is_none()).into()),
    ])
}

pub(super) fn player(player: &TablePlayer) -> JsValue {
    object(fields(player))
}

fn fields(player: &TablePlayer) -> [(&'static str, JsValue); 3] {
    [
        ("id", player.id.into()),
        ("name", player.name.as_str().into()),
        ("isNamed", (player.name != NAMELESS).into()),
    ]
}
