//! The class `ChatClient`: it wraps [`chat::ChatClient`], and only converts values.

mod events;

use chat::{
    ChatClient, ChatError, Mode,
    protocol::{MAX_LINE, MAX_NAME},
};
use js_sys::{Array, Function};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use websocket_peer::{Error, ReadyState};

use crate::values::{self, Thrown, object, text};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Options of a `ChatClient`. */
export interface ChatOptions {
    /** The own name, which is sent as soon as the connection is open. Default: none. */
    name?: string;
    /**
     * How messages travel. The server must use the same. Default: `plain`.
     *
     * - `plain`: text packets of a `WebSocketPeer`, as in Godot's chat demo
     * - `multiplayer`: packets of a `WebSocketMultiplayerPeer`, in which each client knows its own id
     */
    mode?: ChatMode;
}

export type ChatMode = "plain" | "multiplayer";

/** A member of the chat. */
export interface ChatMember {
    readonly id: number;
    /** Its name, if it is known. */
    readonly name: string | undefined;
}

/** The longest name and line that can be sent, in characters, which are code points. */
export interface ChatLimits {
    readonly name: number;
    readonly line: number;
}
"#;

/// A client of a chat: it connects, sends lines, and reports what happens. Call `poll()` and then `nextEvent()` until it
/// returns `undefined`: once a frame, or when `onwake` is called, and after calls of other methods.
///
/// Network failures never throw: the event `closed` has the cause. After the end of the connection, connect again with a
/// new client. A method that throws has changed nothing. It throws an `Error` whose `name` is the mistake in the call,
/// with a message for people, or a `TypeError` for an argument of another type.
///
/// Keep a reference to it while the connection is needed. `free()` cuts the connection and releases the memory.
#[wasm_bindgen(js_name = ChatClient)]
pub struct JsChatClient {
    client: ChatClient,
    onwake: Option<Function>,
}

#[wasm_bindgen(js_class = ChatClient)]
impl JsChatClient {
    /// Begins to connect to the server at a `ws:` or `wss:` URL.
    ///
    /// Throws `InvalidUrl`, `BlockedPort`, and `InvalidName` for a name that breaks a rule.
    pub fn connect(
        #[wasm_bindgen(unchecked_param_type = "string")] url: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "ChatOptions")] options: &JsValue,
    ) -> Result<Self, Thrown> {
        let url = values::string("url", url)?;
        let name = values::optional_string(options, "name")?;
        let mode = match values::optional_string(options, "mode")? {
            None => Mode::default(),
            Some(mode) => Mode::from_name(&mode)
                .ok_or_else(|| Thrown::wrong_type("mode", "\"plain\" or \"multiplayer\""))?,
        };
        let client = ChatClient::connect(&url, mode, name.as_deref()).map_err(thrown)?;
        Ok(Self { client, onwake: None })
    }

    /// Returns the limits of names and lines.
    #[wasm_bindgen(unchecked_return_type = "ChatLimits")]
    pub fn limits() -> JsValue {
        object([("name", MAX_NAME.into()), ("line", MAX_LINE.into())])
    }

    /// Does the connection's pending work. It does not block.
    pub fn poll(&mut self) {
        self.client.poll();
    }

    /// Returns the next event; `undefined` if there is none. All text in events is safe to show as one line of text.
    #[wasm_bindgen(js_name = nextEvent, unchecked_return_type = "ChatEvent | undefined")]
    pub fn next_event(&mut self) -> JsValue {
        let mut events = std::iter::from_fn(|| self.client.next_event());
        events.find_map(events::event).unwrap_or(JsValue::UNDEFINED)
    }

    /// Sends what a person typed: a line, or `/name NAME`. A line is also the next event `own-line`, because servers send
    /// it to the other members only.
    ///
    /// Throws `Empty`, `TooLong`, `InvalidName` after `/name`, `NotConnected`, `SendQueueFull`, and `UnreadEvents` if
    /// too many own lines were not read with `nextEvent()`.
    pub fn send(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "string")] text: &JsValue,
    ) -> Result<(), Thrown> {
        self.client.send(&values::string("text", text)?).map_err(thrown)
    }

    /// Gives this client a name. The server answers with the event `name-accepted` or `name-refused`; Godot's demo does
    /// not answer. Before the connection is open, the name is kept until then.
    ///
    /// Throws `InvalidName` for a name that breaks a rule or that another member has, `NotConnected`,
    /// `SendQueueFull`.
    #[wasm_bindgen(js_name = setName)]
    pub fn set_name(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
    ) -> Result<(), Thrown> {
        self.client.set_name(&values::string("name", name)?).map_err(thrown)
    }

    /// Leaves the chat. The event `closed` follows.
    pub fn close(&mut self) {
        self.client.close();
    }

    /// The own name: the one that was sent last, unless the server refused it.
    #[wasm_bindgen(getter, unchecked_return_type = "string | undefined")]
    pub fn name(&self) -> JsValue {
        text(self.client.name())
    }

    /// The own id, which only the mode `multiplayer` gives to clients.
    #[wasm_bindgen(getter, unchecked_return_type = "number | undefined")]
    pub fn id(&self) -> JsValue {
        self.client.id().map_or(JsValue::UNDEFINED, events::member)
    }

    /// The state of the connection, as of the last call that could change it.
    #[wasm_bindgen(getter, unchecked_return_type = "\"connecting\" | \"open\" | \"closing\" | \"closed\"")]
    pub fn state(&self) -> JsValue {
        let state = match self.client.state() {
            ReadyState::Connecting => "connecting",
            ReadyState::Open => "open",
            ReadyState::Closing => "closing",
            ReadyState::Closed => "closed",
        };
        state.into()
    }

    /// The other members, ordered by id. Those that were there before this client are known when they have a name, or
    /// when they send something.
    #[wasm_bindgen(getter, unchecked_return_type = "ChatMember[]")]
    pub fn members(&self) -> JsValue {
        let members = self.client.members();
        let members = members.map(|(id, name)| object([("id", events::member(id)), ("name", text(name))]));
        members.collect::<Array>().into()
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
        self.client.on_wake(values::hook(onwake.clone())).map_err(thrown)?;
        self.onwake = onwake;
        Ok(())
    }
}

fn thrown(error: ChatError) -> Thrown {
    let name = match &error {
        ChatError::NotConnected => "NotConnected",
        ChatError::Empty => "Empty",
        ChatError::TooLong { .. } => "TooLong",
        ChatError::UnreadEvents => "UnreadEvents",
        ChatError::Name(_) => "InvalidName",
        ChatError::Peer(Error::InvalidUrl { .. }) => "InvalidUrl",
        ChatError::Peer(Error::BlockedPort { .. }) => "BlockedPort",
        ChatError::Peer(Error::SendQueueFull { .. }) => "SendQueueFull",
        _ => "Error",
    };
    Thrown::new(name, &error.to_string())
}
