//! The JavaScript and TypeScript classes. They wrap the Rust types, and only convert values. `WebSocketPeer` is here.

#[cfg(feature = "multiplayer")]
mod multiplayer;
mod options;
mod reflect;
mod values;
#[cfg(feature = "multiplayer")]
mod variant;
mod wake;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use self::{
    values::{Thrown, close_code, close_info, packet, stats},
    wake::OnWake,
};
use crate::{ReadyState, WebSocketPeer};

/// One end of a WebSocket connection, driven by polling: call `poll()` once a frame, read with `recv()` until it
/// returns `undefined`, send with `send()` and `sendText()`.
///
/// What can be read from it changes only in calls of its methods. Network failures never throw: the state becomes
/// `ReadyState.Closed`, and `closeInfo` has the cause. A method that throws has changed nothing. It throws an `Error`
/// whose `name` is the mistake in the call (`"InvalidUrl"`, `"NotOpen"`, `"SendQueueFull"`, …), or a `TypeError` for an
/// argument of another type.
///
/// Keep a reference to it while the connection is needed. `free()` cuts the connection and releases the memory. The
/// object cannot be used afterwards.
#[wasm_bindgen(js_name = WebSocketPeer)]
pub struct JsPeer {
    peer: WebSocketPeer,
    onwake: OnWake,
}

#[wasm_bindgen(js_class = WebSocketPeer)]
impl JsPeer {
    /// Creates a peer that is not connected.
    ///
    /// Throws `InvalidOption` for an option that does not exist or has another type. Values out of range throw in
    /// `connect()`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_optional_param_type = "WebSocketPeerOptions")] options: JsValue,
    ) -> Result<Self, Thrown> {
        Ok(Self { peer: WebSocketPeer::with_options(options::read(&options)?), onwake: OnWake::default() })
    }

    /// Starts to connect to a `ws:` or `wss:` URL. `poll()` reports the result.
    ///
    /// Throws `AlreadyInUse` while connecting or open, `InvalidUrl`, `InvalidOption`, and `BlockedPort` for a port that
    /// browsers block, such as 6667.
    pub fn connect(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "string")] url: &JsValue,
    ) -> Result<(), Thrown> {
        Ok(self.peer.connect(&values::string("url", url)?)?)
    }

    /// Advances the connection, and returns its state. Call it once a frame.
    pub fn poll(&mut self) -> JsReadyState {
        self.peer.poll().into()
    }

    /// Returns the next packet: a string if it was sent as text, otherwise its bytes; `undefined` if there is none.
    /// Packets that arrived before a close stay readable.
    #[wasm_bindgen(unchecked_return_type = "string | Uint8Array | undefined")]
    pub fn recv(&mut self) -> JsValue {
        packet(self.peer.recv())
    }

    /// Sends a binary packet. The bytes are copied.
    ///
    /// Throws `NotOpen`, `PacketTooBig`, `SendQueueFull`. In each case nothing was queued.
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

    /// Writes what was gathered to the network. In a browser nothing is gathered, so this does nothing.
    pub fn flush(&mut self) {
        self.peer.flush();
    }

    /// Starts the closing handshake, with a code (1000, or 3000 to 4999; default 1000) and a reason of at most 123
    /// bytes of UTF-8. While connecting, it cancels the attempt. When closing or closed, it does nothing.
    ///
    /// Throws `InvalidCloseCode`, `ReasonTooLong`.
    pub fn close(
        &mut self,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] code: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "string")] reason: &JsValue,
    ) -> Result<(), Thrown> {
        Ok(self.peer.close_with(close_code(code)?, &values::optional_string("reason", reason)?)?)
    }

    /// Closes the connection at once, without a closing handshake. Packets that arrived stay readable.
    pub fn abort(&mut self) {
        self.peer.abort();
    }

    /// A function that is called when there is something to poll for: the connection has opened or closed, a packet has
    /// arrived, or a deadline such as `connectTimeout` has passed. Default: `null`.
    ///
    /// It is called at most once until the next `poll()`, and nothing changes before that. It is called from a browser
    /// event, never within one of your own calls, so it may call any method. It stays set for later connections. Read
    /// with `recv()` until `undefined`: it is not called for packets that wait behind a full inbox.
    ///
    /// Throws a `TypeError` for a value that is neither a function nor `null`. Exceptions of the function are reported
    /// like those of any event handler.
    #[wasm_bindgen(getter, unchecked_return_type = "(() => void) | null")]
    pub fn onwake(&self) -> JsValue {
        self.onwake.get()
    }

    #[wasm_bindgen(setter)]
    pub fn set_onwake(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "(() => void) | null")] onwake: &JsValue,
    ) -> Result<(), Thrown> {
        let onwake = OnWake::read(onwake)?;
        self.peer.on_wake(onwake.hook())?;
        self.onwake = onwake;
        Ok(())
    }

    /// The state as of the last call that could change it.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> JsReadyState {
        self.peer.state().into()
    }

    /// The number of packets in the inbox.
    #[wasm_bindgen(getter)]
    pub fn available(&self) -> usize {
        self.peer.available()
    }

    /// The number of payload bytes that were sent and not yet handed to the network.
    #[wasm_bindgen(getter)]
    pub fn buffered(&self) -> usize {
        self.peer.buffered()
    }

    /// The sub-protocol that the server chose.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> Option<String> {
        self.peer.protocol().map(str::to_owned)
    }

    /// The URL of the connection, as given to `connect()`.
    #[wasm_bindgen(getter)]
    pub fn url(&self) -> Option<String> {
        self.peer.url().map(str::to_owned)
    }

    /// How the last connection ended; `undefined` before the first end, and from the next `connect()` on.
    #[wasm_bindgen(getter, js_name = closeInfo, unchecked_return_type = "CloseInfo | undefined")]
    pub fn close_info(&self) -> JsValue {
        close_info(self.peer.close_info())
    }

    /// Packets and payload bytes of this connection, in each direction.
    #[wasm_bindgen(getter, unchecked_return_type = "Stats")]
    pub fn stats(&self) -> JsValue {
        stats(self.peer.stats())
    }
}

/// The state of a connection. The numbers are those of the browser's `WebSocket.readyState`.
#[wasm_bindgen(js_name = ReadyState)]
#[derive(Clone, Copy)]
pub enum JsReadyState {
    /// The connection is being made.
    Connecting = 0,
    /// Packets can be sent and received.
    Open = 1,
    /// This end has started the closing handshake, and waits for the answer.
    Closing = 2,
    /// There is no connection.
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
