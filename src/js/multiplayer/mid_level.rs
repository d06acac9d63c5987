//! The class `WebSocketMultiplayerPeer`: it wraps [`WebSocketMultiplayerPeer`], and only converts values. It is always a
//! client, since a page cannot be a server. So it has no method that disconnects a peer: `close()` leaves the server.

use std::cell::RefCell;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{
    JsConnectionStatus,
    events::tagged,
    peers::{self, peer, target},
};
use crate::{
    js::{
        options,
        values::{self, Thrown, close_info, packet},
        variant,
        wake::OnWake,
    },
    multiplayer::{PeerEvent, PeerId, WebSocketMultiplayerPeer},
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/**
 * An event of a `WebSocketMultiplayerPeer`, by its `type`.
 *
 * There is exactly one `disconnected` after `connected`, and no other event follows it.
 */
export type MultiplayerPeerEvent =
    /** The server, peer 1, is connected, and has assigned this client its `id`. */
    | { readonly type: "connected"; readonly peer: number }
    /** The server sent a packet: a string if it was sent as text, otherwise bytes. Engines send only bytes. */
    | { readonly type: "packet"; readonly from: number; readonly data: string | Uint8Array }
    /** The connection ended. Nothing follows. */
    | { readonly type: "disconnected"; readonly peer: number; readonly info: CloseInfo }
    /** The connection ended before there was an id. Nothing follows. */
    | { readonly type: "connection-failed"; readonly info: CloseInfo };
"#;

/// A client of a server whose clients have ids: Godot's mid level, without the calls and nodes of `SceneMultiplayer`.
/// The server is a Godot engine that uses `WebSocketMultiplayerPeer`, or a Rust program.
///
/// Call `poll()` once a frame, and read `nextEvent()` until it returns `undefined`. A client knows only the server, and
/// everything that it sends goes there. What others receive is up to the server.
///
/// Network failures never throw: they are events. A method that throws has changed nothing. It throws an `Error` whose
/// `name` is the mistake in the call (`"NotOpen"`, `"PacketTooBig"`, …), a `TypeError` for an argument of another type,
/// or a `RangeError` for a value too large or too deep.
///
/// Keep a reference to it while the connection is needed. `free()` cuts the connection and releases the memory. The
/// object cannot be used afterwards. For another connection make another `WebSocketMultiplayerPeer`.
#[wasm_bindgen(js_name = WebSocketMultiplayerPeer)]
pub struct JsMultiplayerPeer {
    // A cell, so that no method borrows the object mutably. Arguments may have getters that call methods of it: all
    // arguments are read before this is borrowed.
    client: RefCell<MidLevelState>,
}

struct MidLevelState {
    peer: WebSocketMultiplayerPeer,
    onwake: OnWake,
}

#[wasm_bindgen(js_class = WebSocketMultiplayerPeer)]
impl JsMultiplayerPeer {
    /// Starts to connect to the server at a `ws:` or `wss:` URL. The result is an event: `connected` or
    /// `connection-failed`.
    ///
    /// The connection must open, and the server must send this client's id, within `connectTimeout`.
    ///
    /// Throws `InvalidUrl`, `InvalidOption`, `BlockedPort`.
    pub fn connect(
        #[wasm_bindgen(unchecked_param_type = "string")] url: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "WebSocketPeerOptions")] options: &JsValue,
    ) -> Result<Self, Thrown> {
        let (url, options) = (values::string("url", url)?, options::read(options)?);
        let peer = WebSocketMultiplayerPeer::connect(&url, options)?;
        Ok(Self { client: RefCell::new(MidLevelState { peer, onwake: OnWake::default() }) })
    }

    /// Advances the connection, and returns its status. Call it once a frame.
    pub fn poll(&self) -> JsConnectionStatus {
        self.with(|client| client.peer.poll());
        self.status()
    }

    /// Returns the next event; `undefined` if there is none.
    #[wasm_bindgen(js_name = nextEvent, unchecked_return_type = "MultiplayerPeerEvent | undefined")]
    pub fn next_event(&self) -> JsValue {
        self.with(|client| client.peer.next_event()).map_or(JsValue::UNDEFINED, event)
    }

    /// Sends a binary packet. The bytes are copied. An empty packet is not sent. Every target means the server.
    ///
    /// Throws `NotOpen` before the event `connected` and after the end, `PacketTooBig`, `SendQueueFull`.
    pub fn send(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Target")] to: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] data: &JsValue,
    ) -> Result<(), Thrown> {
        let (to, data) = (target(to)?, values::bytes("data", data)?);
        self.with(|client| Ok(client.peer.send(to, &data)?))
    }

    /// Sends a value, which Godot reads with `get_var`, and `decodeVariant()` reads from a packet.
    ///
    /// Throws what `send()` throws; a `TypeError` or `RangeError` for a value that Godot has no type for.
    #[wasm_bindgen(js_name = sendVariant)]
    pub fn send_variant(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Target")] to: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "VariantLike")] value: &JsValue,
    ) -> Result<(), Thrown> {
        let (to, value) = (target(to)?, variant::read(value)?);
        self.with(|client| Ok(client.peer.send_variant(to, &value)?))
    }

    /// Closes the connection with code 1000, behind everything that was sent before. Unread events are dropped. Poll
    /// until `isClosed`.
    pub fn close(&self) {
        self.with(|client| client.peer.close());
    }

    /// A function that is called when there is something to poll for, like `WebSocketPeer.onwake`. Default: `null`.
    ///
    /// Read with `nextEvent()` until `undefined`: it is not called for packets that wait behind a full inbox.
    ///
    /// Throws a `TypeError` for a value that is neither a function nor `null`. Exceptions of the function are reported
    /// like those of any event handler.
    #[wasm_bindgen(getter, unchecked_return_type = "(() => void) | null")]
    pub fn onwake(&self) -> JsValue {
        self.with(|client| client.onwake.get())
    }

    #[wasm_bindgen(setter)]
    pub fn set_onwake(
        &self,
        #[wasm_bindgen(unchecked_param_type = "(() => void) | null")] onwake: &JsValue,
    ) -> Result<(), Thrown> {
        let onwake = OnWake::read(onwake)?;
        self.with(|client| {
            client.peer.on_wake(onwake.hook())?;
            client.onwake = onwake;
            Ok(())
        })
    }

    /// This client's id; `undefined` before the event `connected`.
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> Option<i32> {
        self.with(|client| client.peer.id()).map(PeerId::get)
    }

    /// The status as of the last call that could change it.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> JsConnectionStatus {
        self.with(|client| client.peer.status()).into()
    }

    /// The ids of the connected peers: that of the server, or none.
    #[wasm_bindgen(getter, unchecked_return_type = "number[]")]
    pub fn peers(&self) -> JsValue {
        self.with(|client| peers::array(client.peer.peers()))
    }

    /// `true` if the connection has ended.
    #[wasm_bindgen(getter, js_name = isClosed)]
    pub fn is_closed(&self) -> bool {
        self.with(|client| client.peer.is_closed())
    }

    /// How the connection ended; `undefined` before its event was read.
    #[wasm_bindgen(getter, js_name = closeInfo, unchecked_return_type = "CloseInfo | undefined")]
    pub fn close_info(&self) -> JsValue {
        self.with(|client| close_info(client.peer.close_info()))
    }

    /// Accesses the client. `act` must not run code of the page.
    fn with<T>(&self, act: impl FnOnce(&mut MidLevelState) -> T) -> T {
        act(&mut self.client.borrow_mut())
    }
}

fn event(event: PeerEvent) -> JsValue {
    match event {
        PeerEvent::Connected(id) => tagged("connected", [("peer", peer(id))]),
        PeerEvent::Packet(from, data) => {
            tagged("packet", [("from", peer(from)), ("data", packet(Some(data)))])
        }
        PeerEvent::Disconnected(id, info) => {
            tagged("disconnected", [("peer", peer(id)), ("info", close_info(Some(&info)))])
        }
        PeerEvent::ConnectionFailed(info) => tagged("connection-failed", [("info", close_info(Some(&info)))]),
    }
}
