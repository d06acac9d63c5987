//! The class `RoomsClient`: it wraps [`rooms::RoomsClient`], and only converts values.

mod events;

use game::{Action, names::MAX_NAME};
use js_sys::Function;
use rooms::{InvalidCode, Place, RequestError, RoomCode, RoomsClient, lobby::MAX_TITLE};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    game::{not_connectable, not_possible, view},
    values::{self, Thrown},
};

/// A client of a server of rooms: it finds a room in the lobby or by its code, and plays the turn game there. The server
/// moves it between the lobby and rooms over one connection. Call `poll()` and then `nextEvent()` until it returns
/// `undefined`: once a frame, or when `onwake` is called, and after calls of other methods. `view()` has the table as of
/// the last event that was read.
///
/// Network failures never throw: the event `closed` has the cause. To connect again, make another client. A method that
/// throws has changed nothing. It throws an `Error` whose `name` is the mistake in the call, with a message for people, or
/// a `TypeError` for an argument of another type.
///
/// Keep a reference to it while it is used. `free()` cuts the connection and releases the memory.
#[wasm_bindgen(js_name = RoomsClient)]
pub struct JsRoomsClient {
    client: RoomsClient,
    onwake: Option<Function>,
}

#[wasm_bindgen(js_class = RoomsClient)]
impl JsRoomsClient {
    /// Begins to join the lobby of the server at a `ws:` or `wss:` URL, which has no path of its own: `ws://host:9090`. A
    /// name without a visible character becomes `Player`, a name of more than `maxName()` characters is cut.
    ///
    /// Throws `InvalidUrl`, `BlockedPort`.
    pub fn connect(
        #[wasm_bindgen(unchecked_param_type = "string")] server: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
    ) -> Result<Self, Thrown> {
        let (server, name) = (values::string("server", server)?, values::string("name", name)?);
        let client = RoomsClient::connect(&server, &name).map_err(not_connectable)?;
        Ok(Self { client, onwake: None })
    }

    /// Begins to join a room by its path, `ws://host:9090/room/ABCD`. The connection fails if there is no such room, or if
    /// it is full.
    ///
    /// Throws what `connect()` throws, and `InvalidCode`.
    #[wasm_bindgen(js_name = connectToRoom)]
    pub fn connect_to_room(
        #[wasm_bindgen(unchecked_param_type = "string")] server: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string")] code: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
    ) -> Result<Self, Thrown> {
        let (server, name) = (values::string("server", server)?, values::string("name", name)?);
        let code: RoomCode = values::string("code", code)?.trim().parse().map_err(invalid_code)?;
        let client = RoomsClient::connect_to_room(&server, code, &name).map_err(not_connectable)?;
        Ok(Self { client, onwake: None })
    }

    /// Returns the length of the longest name, in characters, which are code points.
    #[wasm_bindgen(js_name = maxName)]
    pub fn max_name() -> usize {
        MAX_NAME
    }

    /// Returns the length of the longest title, in characters, which are code points.
    #[wasm_bindgen(js_name = maxTitle)]
    pub fn max_title() -> usize {
        MAX_TITLE
    }

    /// Does the connection's pending work. It does not block.
    pub fn poll(&mut self) {
        self.client.poll();
    }

    /// Returns the next event; `undefined` if there is none.
    #[wasm_bindgen(js_name = nextEvent, unchecked_return_type = "RoomsEvent | undefined")]
    pub fn next_event(&mut self) -> JsValue {
        while let Some(event) = self.client.next_event() {
            if let Some(event) = events::event(event, self.client.table()) {
                return event;
            }
        }
        JsValue::UNDEFINED
    }

    /// Returns the table of the room, as of the last event that was read.
    #[wasm_bindgen(unchecked_return_type = "GameView")]
    pub fn view(&self) -> JsValue {
        view::view(self.client.game())
    }

    /// Asks for a new room. The events `created` and `room` follow, or `refused`. A title without a visible character
    /// becomes `Room` and the code; a title of more than `maxTitle()` characters is cut.
    ///
    /// Throws `NotThere` if the client is not in the lobby, or has no list yet.
    #[wasm_bindgen(js_name = createRoom)]
    pub fn create_room(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "string")] title: &JsValue,
    ) -> Result<(), Thrown> {
        self.client.create_room(&values::string("title", title)?).map_err(not_requested)
    }

    /// Asks to be moved into a room. The event `room` follows, or `refused`.
    ///
    /// Throws `InvalidCode`, and `NotThere` if the client is not in the lobby, or has no list yet.
    #[wasm_bindgen(js_name = joinRoom)]
    pub fn join_room(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "string")] code: &JsValue,
    ) -> Result<(), Thrown> {
        self.client.join_room(&values::string("code", code)?).map_err(not_requested)
    }

    /// Leaves the room for the lobby. The event `lobby` follows.
    ///
    /// Throws `NotThere` if the client is not in a room.
    #[wasm_bindgen(js_name = leaveRoom)]
    pub fn leave_room(&mut self) -> Result<(), Thrown> {
        self.client.leave_room().map_err(not_requested)
    }

    /// Rolls the dice. The host decides what they show: the event `logged` has it.
    ///
    /// Throws `NotYourTurn`, `NotConnected`.
    pub fn roll(&mut self) -> Result<(), Thrown> {
        self.client.act(Action::Roll).map_err(not_possible)
    }

    /// Passes.
    ///
    /// Throws what `roll()` throws.
    pub fn pass(&mut self) -> Result<(), Thrown> {
        self.client.act(Action::Pass).map_err(not_possible)
    }

    /// Sets the name of the player in all rooms. In a room, the event `renamed` has the one that the host gave.
    ///
    /// Throws `NotConnected` after the end of the connection.
    #[wasm_bindgen(js_name = setName)]
    pub fn set_name(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
    ) -> Result<(), Thrown> {
        self.client.set_name(&values::string("name", name)?).map_err(not_possible)
    }

    /// Closes the connection. The event `closed` follows.
    pub fn close(&mut self) {
        self.client.close();
    }

    /// The name that this player asked for.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        self.client.game().name().to_owned()
    }

    /// Where the client is.
    #[wasm_bindgen(getter, unchecked_return_type = "\"connecting\" | \"lobby\" | \"room\" | \"closed\"")]
    pub fn place(&self) -> JsValue {
        JsValue::from_str(match self.client.place() {
            Place::Connecting => "connecting",
            Place::Lobby => "lobby",
            Place::Room(_) => "room",
            _ => "closed",
        })
    }

    /// The code of the room that the client is in.
    #[wasm_bindgen(getter)]
    pub fn code(&self) -> Option<String> {
        match self.client.place() {
            Place::Room(code) => Some(code.to_string()),
            _ => None,
        }
    }

    /// `true` if rooms can be created and joined: the client is in the lobby, and has the list.
    #[wasm_bindgen(getter, js_name = isInLobby)]
    pub fn is_in_lobby(&self) -> bool {
        self.client.is_in_lobby()
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
        self.client.on_wake(hook).map_err(|error| Thrown::new("Error", &error.to_string()))?;
        self.onwake = onwake;
        Ok(())
    }
}

fn invalid_code(error: InvalidCode) -> Thrown {
    Thrown::new("InvalidCode", &error.to_string())
}

fn not_requested(error: RequestError) -> Thrown {
    let name = match error {
        RequestError::InvalidCode => "InvalidCode",
        RequestError::NotThere => "NotThere",
    };
    Thrown::new(name, &error.to_string())
}
