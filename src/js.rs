//! What JavaScript and TypeScript have of this crate: classes that are shells around the Rust types, with no logic of their own
//! but to take JavaScript's values apart and put them together. Here it is `WebSocketPeer`.

mod multiplayer;
mod options;
mod reflect;
mod values;
mod variant;

use js_sys::Function;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use self::values::{Thrown, close_code, close_info, packet, stats};
use crate::{ReadyState, WebSocketPeer};

/// One end of a WebSocket connection, driven by polling: call `poll()` once a frame, read with `recv()` until it gives
/// `undefined`, send with `send()` and `sendText()`.
///
/// Nothing that can be read from it changes between calls of its methods. What the network does never throws: it
/// becomes `ReadyState.Closed`, and `closeInfo` says why. What a method throws is an `Error` whose `name` says what was
/// wrong with the call (`"InvalidUrl"`, `"NotOpen"`, `"OutboundFull"`, …), and then nothing has changed; a
/// `TypeError` for an argument of another type.
///
/// Keep a reference to it as long as the connection is to live. `free()` ends the connection at once and gives its
/// memory back; it cannot be used after that.
#[wasm_bindgen(js_name = WebSocketPeer)]
pub struct JsPeer {
    peer: WebSocketPeer,
    onwake: Option<Function>,
}

#[wasm_bindgen(js_class = WebSocketPeer)]
impl JsPeer {
    /// A peer that is not connected. An option that does not exist or has another type throws `InvalidOption` here;
    /// a value out of range, when it connects.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_optional_param_type = "WebSocketPeerOptions")] options: JsValue,
    ) -> Result<Self, Thrown> {
        Ok(Self { peer: WebSocketPeer::with_options(options::read(&options)?), onwake: None })
    }

    /// Begins to connect to a `ws:` or `wss:` URL. `poll()` tells what comes of it.
    ///
    /// Throws `AlreadyInUse` while connecting or open, `InvalidUrl`, `InvalidOption`, and `BlockedPort` for a port that
    /// browsers block, such as 6667.
    pub fn connect(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "string")] url: &JsValue,
    ) -> Result<(), Thrown> {
        Ok(self.peer.connect(&values::string("url", url)?)?)
    }

    /// Moves the connection on and tells its state. Call it once a frame.
    pub fn poll(&mut self) -> JsReadyState {
        self.peer.poll().into()
    }

    /// The next packet: a string if it was sent as text, else its bytes; `undefined` when there is none. What arrived
    /// before a close can still be read after it.
    #[wasm_bindgen(unchecked_return_type = "string | Uint8Array | undefined")]
    pub fn recv(&mut self) -> JsValue {
        packet(self.peer.recv())
    }

    /// Sends a binary packet; the bytes are copied.
    ///
    /// Throws `NotOpen`, `PacketTooBig`, `OutboundFull`; with each of them nothing was queued.
    pub fn send(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] data: &JsValue,
    ) -> Result<(), Thrown> {
        Ok(self.peer.send(&values::bytes("data", data)?)?)
    }

    /// Sends a text packet. A lone surrogate becomes U+FFFD.
    ///
    /// Throws what `send()` throws.
    #[wasm_bindgen(js_name = sendText)]
    pub fn send_text(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "string")] text: &JsValue,
    ) -> Result<(), Thrown> {
        Ok(self.peer.send_text(&values::string("text", text)?)?)
    }

    /// Hands to the network what was gathered. A browser gathers nothing, so this does nothing there.
    pub fn flush(&mut self) {
        self.peer.flush();
    }

    /// Asks the other end to close, with a code (1000, or 3000 to 4999; 1000 if it is left out) and a reason of at most
    /// 123 bytes of UTF-8. While connecting, it gives the attempt up; when closing or closed already, it does nothing.
    ///
    /// Throws `InvalidCloseCode`, `ReasonTooLong`.
    pub fn close(
        &mut self,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] code: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "string")] reason: &JsValue,
    ) -> Result<(), Thrown> {
        Ok(self.peer.close_with(close_code(code)?, &values::optional_string("reason", reason)?)?)
    }

    /// Ends the connection at once, without a closing handshake. Packets that arrived stay readable.
    pub fn abort(&mut self) {
        self.peer.abort();
    }

    /// Called by the browser's events when there is something to poll for: the connection has opened, a packet has come,
    /// the connection has ended, or something is due, such as `connectTimeout`. At most once until the next `poll()`, and nothing changes before that. It is never
    /// called within one of your own calls, so it may call any method. `null`, the default, is nobody.
    ///
    /// It stays for later connections. Read with `recv()` until `undefined`: for what waits behind an inbox that is left
    /// full it is not called again.
    ///
    /// Throws a `TypeError` for what is neither a function nor `null`. What the function itself throws is reported as from
    /// any event handler.
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
        self.peer.on_wake(values::hook(onwake.clone()))?;
        self.onwake = onwake;
        Ok(())
    }

    /// The state as of the last call that could change it.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> JsReadyState {
        self.peer.state().into()
    }

    /// How many packets `recv()` would give now.
    #[wasm_bindgen(getter)]
    pub fn available(&self) -> usize {
        self.peer.available()
    }

    /// How many bytes of payload were sent and have not been handed to the network yet.
    #[wasm_bindgen(getter)]
    pub fn buffered(&self) -> usize {
        self.peer.buffered()
    }

    /// The sub-protocol that the server chose.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> Option<String> {
        self.peer.protocol().map(str::to_owned)
    }

    /// The URL that was connected to, as it was given.
    #[wasm_bindgen(getter)]
    pub fn url(&self) -> Option<String> {
        self.peer.url().map(str::to_owned)
    }

    /// How the last connection ended; `undefined` before the first end, and from the next `connect()` on.
    #[wasm_bindgen(getter, js_name = closeInfo, unchecked_return_type = "CloseInfo | undefined")]
    pub fn close_info(&self) -> JsValue {
        close_info(self.peer.close_info())
    }

    /// Packets and bytes each way on this connection.
    #[wasm_bindgen(getter, unchecked_return_type = "Stats")]
    pub fn stats(&self) -> JsValue {
        stats(self.peer.stats())
    }
}

/// Where a connection stands. The numbers are those of the browser's `WebSocket.readyState`.
#[wasm_bindgen(js_name = ReadyState)]
#[derive(Clone, Copy)]
pub enum JsReadyState {
    /// The connection is being made.
    Connecting = 0,
    /// Packets can be sent and received.
    Open = 1,
    /// This end has asked to close and waits for the answer.
    Closing = 2,
    /// There is no connection: not yet, or no longer.
    Closed = 3,
}

impl From<ReadyState> for JsReadyState {
    fn from(state: ReadyState) -> Self {
        match state {
            ReadyState::Connecting => Self::Connecting,
            ReadyState::Open => Self::Open,
            ReadyState::Closing => Self::Closing,
            ReadyState::Closed => Self::Closed,
        }
    }
}
