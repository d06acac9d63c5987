//! The class `GamePlayer`: it wraps [`game::Player`], and only converts values.

pub(crate) mod events;
pub(crate) mod view;

use game::{ActionError, Player, names::MAX_NAME};
use js_sys::Function;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use websocket_peer::{Error, multiplayer::SessionError};

use crate::values::{self, Thrown};

/// A player of the turn game: it joins a host, rolls or passes when it is its turn, and reports what happens. Call
/// `poll()` and then `nextEvent()` until it returns `undefined`: once a frame, or when `onwake` is called, and after calls
/// of other methods. `view()` has the table as of the last event that was read.
///
/// Network failures never throw: the event `closed` has the cause. To join again, make another player. A method that
/// throws has changed nothing. It throws an `Error` whose `name` is the mistake in the call, with a message for people, or
/// a `TypeError` for an argument of another type.
///
/// Keep a reference to it while the game is played. `free()` cuts the connection and releases the memory.
#[wasm_bindgen(js_name = GamePlayer)]
pub struct JsGamePlayer {
    player: Player,
    onwake: Option<Function>,
}

#[wasm_bindgen(js_class = GamePlayer)]
impl JsGamePlayer {
    /// Begins to join the game of the host at a `ws:` or `wss:` URL. A name without a visible character becomes `Player`, a
    /// name of more than `maxName()` characters is cut.
    ///
    /// Throws `InvalidUrl`, `BlockedPort`.
    pub fn connect(
        #[wasm_bindgen(unchecked_param_type = "string")] url: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
    ) -> Result<Self, Thrown> {
        let (url, name) = (values::string("url", url)?, values::string("name", name)?);
        let player = Player::connect(&url, &name).map_err(not_connectable)?;
        Ok(Self { player, onwake: None })
    }

    /// Returns the length of the longest name, in characters, which are code points.
    #[wasm_bindgen(js_name = maxName)]
    pub fn max_name() -> usize {
        MAX_NAME
    }

    /// Does the connection's pending work. It does not block.
    pub fn poll(&mut self) {
        self.player.poll();
    }

    /// Returns the next event; `undefined` if there is none.
    #[wasm_bindgen(js_name = nextEvent, unchecked_return_type = "GameEvent | undefined")]
    pub fn next_event(&mut self) -> JsValue {
        while let Some(event) = self.player.next_event() {
            if let Some(event) = events::event(event, self.player.table()) {
                return event;
            }
        }
        JsValue::UNDEFINED
    }

    /// Returns the table, as of the last event that was read.
    #[wasm_bindgen(unchecked_return_type = "GameView")]
    pub fn view(&self) -> JsValue {
        view::view(self.player.game())
    }

    /// Rolls the dice. The host decides what they show: the event `logged` has it.
    ///
    /// Throws `NotYourTurn`, `NotConnected`.
    pub fn roll(&mut self) -> Result<(), Thrown> {
        self.player.roll().map_err(not_possible)
    }

    /// Passes.
    ///
    /// Throws what `roll()` throws.
    pub fn pass(&mut self) -> Result<(), Thrown> {
        self.player.pass().map_err(not_possible)
    }

    /// Asks the host for another name, which `connect()` describes. The event `renamed` has the one that the host gave.
    ///
    /// Throws `NotConnected` after the end of the connection.
    #[wasm_bindgen(js_name = setName)]
    pub fn set_name(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
    ) -> Result<(), Thrown> {
        self.player.set_name(&values::string("name", name)?).map_err(not_possible)
    }

    /// Leaves the game. The event `closed` follows.
    pub fn close(&mut self) {
        self.player.leave();
    }

    /// The name that this player asked for.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        self.player.name().to_owned()
    }

    /// `true` once the event `closed` was read.
    #[wasm_bindgen(getter, js_name = isClosed)]
    pub fn is_closed(&self) -> bool {
        self.player.is_closed()
    }

    /// A function that is called when there is something to poll for. Default: `null`.
    ///
    /// It is called at most once until the next `poll()`, from a browser event, never within one of your own calls.
    /// Throws a `TypeError` for a value that is neither a function nor `null`.
    #[wasm_bindgen(getter, unchecked_return_type = "(() => void) | null")]
    pub fn onwake(&self) -> JsValue {
        self.onwake.clone().map_or(JsValue::NULL, JsValue::from)
    }

    #[wasm_bindgen(setter)]
    pub fn set_onwake(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "(() => void) | null")] onwake: &JsValue,
    ) -> Result<(), Thrown> {
        let onwake = values::optional_function("onwake", onwake)?;
        let hook = values::hook(onwake.clone());
        self.player.on_wake(hook).map_err(|error| Thrown::new("Error", &error.to_string()))?;
        self.onwake = onwake;
        Ok(())
    }
}

pub(crate) fn not_connectable(error: SessionError) -> Thrown {
    let name = match &error {
        SessionError::Peer(Error::InvalidUrl { .. }) => "InvalidUrl",
        SessionError::Peer(Error::BlockedPort { .. }) => "BlockedPort",
        _ => "Error",
    };
    Thrown::new(name, &error.to_string())
}

pub(crate) fn not_possible(error: ActionError) -> Thrown {
    let name = match error {
        ActionError::NotYourTurn => "NotYourTurn",
        ActionError::NotConnected => "NotConnected",
    };
    Thrown::new(name, &error.to_string())
}
