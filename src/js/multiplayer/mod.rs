//! The class `MultiplayerClient`: a shell around [`MultiplayerPeer`], with no logic of its own but to take JavaScript's values
//! apart and put them together. A page cannot be a server, so it is the client alone.

mod events;
mod methods;
mod nodes;
mod options;
mod peers;
mod replication;
mod scenes;

use std::cell::RefCell;

use js_sys::{Array, Function};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use self::{
    nodes::Nodes,
    peers::{peer_id, target},
};
use super::{
    values::{self, Thrown},
    variant,
};
use crate::multiplayer::{ConnectionStatus, MultiplayerPeer, PeerId, SessionStats};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What has gone through a session so far. */
export interface SessionStats {
    /** Calls that were sent, one for each, however many peers it went to. */
    readonly callsSent: number;
    readonly callsReceived: number;
    /** Packets that were dropped; the event `refused` says why. */
    readonly refused: number;
}
"#;

/// A client in a session of Godot's high-level multiplayer, whether an engine hosts it or a program in Rust.
///
/// Call `poll()` once a frame and read `nextEvent()` until it gives `undefined`. Nodes are declared with their methods, at
/// the same paths as at the other ends; then their methods are called, here and there.
///
/// What the network and the other peers do never throws: it becomes an event. What a method throws is an `Error` whose
/// `name` says what was wrong with the call (`"UnknownPeer"`, `"InvalidArguments"`, …), and then nothing has changed; a
/// `TypeError` for an argument of another type, a `RangeError` for a value too large or too deep.
///
/// Keep a reference to it as long as the session is to live. `free()` cuts the connection and gives its memory back; it
/// cannot be used after that. For another session make another client.
#[wasm_bindgen(js_name = MultiplayerClient)]
pub struct JsMultiplayerClient {
    // In a cell, so that no method needs it exclusively. Arguments may have getters that call the client: all of them are read
    // before this is borrowed.
    client: RefCell<Client>,
}

struct Client {
    peer: MultiplayerPeer,
    nodes: Nodes,
    onwake: Option<Function>,
}

#[wasm_bindgen(js_class = MultiplayerClient)]
impl JsMultiplayerClient {
    /// Begins to join the session of the server at a `ws:` or `wss:` URL. The events `connected`, `peer-connected` of peer 1
    /// and `connection-failed` tell what comes of it.
    ///
    /// Throws `InvalidUrl`, `InvalidOption`, `BlockedPort`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "string")] url: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "MultiplayerClientOptions")] options: &JsValue,
    ) -> Result<Self, Thrown> {
        let (url, options) = (values::string("url", url)?, options::read(options)?);
        let peer = MultiplayerPeer::connect(&url, options)?;
        Ok(Self { client: RefCell::new(Client { peer, nodes: Nodes::default(), onwake: None }) })
    }

    /// Moves the session on and tells its status. Call it once a frame.
    pub fn poll(&self) -> JsConnectionStatus {
        self.with(|client| client.peer.poll());
        self.status()
    }

    /// What has happened next; `undefined` when there is nothing.
    #[wasm_bindgen(js_name = nextEvent, unchecked_return_type = "MultiplayerEvent | undefined")]
    pub fn next_event(&self) -> JsValue {
        self.with(|client| client.peer.next_event()).map_or(JsValue::UNDEFINED, events::event)
    }

    /// Declares a node, at the same path as at the other ends: relative to the root, or absolute; the root itself is `.`.
    ///
    /// Throws `InvalidNode`, `PacketTooBig`, a `TypeError` for methods that are declared wrongly.
    #[wasm_bindgen(js_name = addNode, unchecked_return_type = "NodeKey")]
    pub fn register_node_with(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] path: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "RpcMethods")] methods: &JsValue,
    ) -> Result<f64, Thrown> {
        let (path, methods) = (values::string("path", path)?, methods::read(methods)?);
        self.with(|client| {
            let key = client.peer.session().register_node_with(&path, methods)?;
            Ok(client.nodes.add(key))
        })
    }

    /// The node is no more. Another one at its path is a new one, also for the other ends.
    ///
    /// Throws `UnknownNode`.
    #[wasm_bindgen(js_name = removeNode)]
    pub fn unregister_node(
        &self,
        #[wasm_bindgen(unchecked_param_type = "NodeKey")] node: &JsValue,
    ) -> Result<(), Thrown> {
        self.with(|client| {
            let key = client.nodes.get(node)?;
            client.nodes.remove(key);
            client.peer.session().unregister_node(key);
            Ok(())
        })
    }

    /// Gives a node into the hands of a peer, which may then call what only the authority may. At first it is the server.
    /// Nobody is told.
    ///
    /// Throws `UnknownNode`.
    #[wasm_bindgen(js_name = setAuthority)]
    pub fn set_authority(
        &self,
        #[wasm_bindgen(unchecked_param_type = "NodeKey")] node: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] authority: &JsValue,
    ) -> Result<(), Thrown> {
        let authority = peer_id("authority", authority)?;
        self.with(|client| Ok(client.peer.session().set_authority(client.nodes.get(node)?, authority)?))
    }

    /// Calls a method of a node at other peers; and here too, by the event `call`, where the method is declared with
    /// `callLocal` and this client is meant.
    ///
    /// Throws `UnknownNode`, `UnknownMethod`, `InvalidArguments`, `NotOpen` before the event `connected`, `UnknownPeer`,
    /// `NotCallLocal`, `PacketTooBig`; a `TypeError` or `RangeError` for what is no value of Godot's.
    #[wasm_bindgen(variadic)]
    pub fn call(
        &self,
        #[wasm_bindgen(unchecked_param_type = "NodeKey")] node: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Target")] target: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string")] method: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "VariantLike[]")] args: &JsValue,
    ) -> Result<(), Thrown> {
        let (to, method) = (peers::target(target)?, values::string("method", method)?);
        let arguments = variant::read_all(args)?;
        self.with(|client| {
            let node = client.nodes.get(node)?;
            Ok(client.peer.session().call_method(node, to, &method, arguments)?)
        })
    }

    /// Sends bytes to other peers, who have the event `packet` for them; in Godot, the signal `peer_packet`.
    ///
    /// Throws `NotOpen`, `UnknownPeer`, `InvalidArguments` for no bytes, `PacketTooBig`.
    #[wasm_bindgen(js_name = sendBytes)]
    pub fn send_bytes(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Target")] to: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] data: &JsValue,
    ) -> Result<(), Thrown> {
        let (to, data) = (target(to)?, values::bytes("data", data)?);
        self.with(|client| Ok(client.peer.session().send_bytes(to, &data)?))
    }

    /// Says something to a peer that is authenticating.
    ///
    /// Throws `NotOpen`, `UnknownPeer`, `NotAuthenticating`, `InvalidArguments` for no bytes, `PacketTooBig`.
    #[wasm_bindgen(js_name = sendAuth)]
    pub fn send_auth(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number")] peer: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] data: &JsValue,
    ) -> Result<(), Thrown> {
        let (peer, data) = (peer_id("peer", peer)?, values::bytes("data", data)?);
        self.with(|client| Ok(client.peer.session().send_auth(peer, &data)?))
    }

    /// This end lets the peer in, which is admitted when the other end has said the same.
    ///
    /// Throws `NotOpen`, `UnknownPeer`, `NotAuthenticating`.
    #[wasm_bindgen(js_name = completeAuth)]
    pub fn complete_auth(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number")] peer: &JsValue,
    ) -> Result<(), Thrown> {
        let peer = peer_id("peer", peer)?;
        self.with(|client| Ok(client.peer.session().complete_auth(peer)?))
    }

    /// Leaves the session. The server loses nothing of what was sent before: that takes as long as it needs to confirm it, at
    /// most `drainTimeout` and `closeTimeout`. Poll until `isClosed`.
    pub fn close(&self) {
        self.with(|client| client.peer.close());
    }

    /// Called by the browser's events when there is something to poll for, as `WebSocketPeer.onwake` is; `null`, the
    /// default, is nobody.
    ///
    /// Read with `nextEvent()` until `undefined`: for what waits behind an inbox that is left full it is not called again.
    /// Time limits pass in `poll()` only.
    ///
    /// Throws a `TypeError` for what is neither a function nor `null`. What the function itself throws is reported as from
    /// any event handler.
    #[wasm_bindgen(getter, unchecked_return_type = "(() => void) | null")]
    pub fn onwake(&self) -> JsValue {
        self.with(|client| client.onwake.clone()).map_or(JsValue::NULL, JsValue::from)
    }

    #[wasm_bindgen(setter)]
    pub fn set_onwake(
        &self,
        #[wasm_bindgen(unchecked_param_type = "(() => void) | null")] onwake: &JsValue,
    ) -> Result<(), Thrown> {
        let onwake = values::optional_function("onwake", onwake)?;
        self.with(|client| {
            client.peer.on_wake(values::hook(onwake.clone()))?;
            client.onwake = onwake;
            Ok(())
        })
    }

    /// This client's id; `undefined` before the server has given it one.
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> Option<i32> {
        self.with(|client| client.peer.id()).map(PeerId::get)
    }

    /// How far it has come, as of the last call that could change it.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> JsConnectionStatus {
        self.with(|client| client.peer.status()).into()
    }

    /// The ids of the other peers that take part, in order; the server, once it has admitted this client, is one.
    #[wasm_bindgen(getter, unchecked_return_type = "number[]")]
    pub fn peers(&self) -> JsValue {
        self.with(|client| client.peer.peers().map(peers::peer).collect::<Array>()).into()
    }

    /// Whether it is over: lost, or closed to the end.
    #[wasm_bindgen(getter, js_name = isClosed)]
    pub fn is_closed(&self) -> bool {
        self.with(|client| client.peer.is_closed())
    }

    /// How the connection ended; `undefined` before it has.
    #[wasm_bindgen(getter, js_name = closeInfo, unchecked_return_type = "CloseInfo | undefined")]
    pub fn close_info(&self) -> JsValue {
        self.with(|client| values::close_info(client.peer.close_info()))
    }

    /// What has gone through the session so far.
    #[wasm_bindgen(getter, unchecked_return_type = "SessionStats")]
    pub fn stats(&self) -> JsValue {
        stats(self.with(|client| client.peer.session().stats()))
    }

    /// Does something with the client that runs no code of the page's.
    fn with<T>(&self, act: impl FnOnce(&mut Client) -> T) -> T {
        act(&mut self.client.borrow_mut())
    }
}

/// How far a client has come. The numbers are those of Godot's `MultiplayerPeer.ConnectionStatus`.
#[wasm_bindgen(js_name = ConnectionStatus)]
#[derive(Clone, Copy)]
pub enum JsConnectionStatus {
    /// The session is over, or was left.
    Disconnected = 0,
    /// The server has not given this client an id.
    Connecting = 1,
    /// It has.
    Connected = 2,
}

impl From<ConnectionStatus> for JsConnectionStatus {
    fn from(status: ConnectionStatus) -> Self {
        match status {
            ConnectionStatus::Disconnected => Self::Disconnected,
            ConnectionStatus::Connecting => Self::Connecting,
            ConnectionStatus::Connected => Self::Connected,
        }
    }
}

fn stats(stats: SessionStats) -> JsValue {
    values::object([
        ("callsSent", (stats.calls_sent as f64).into()),
        ("callsReceived", (stats.calls_received as f64).into()),
        ("refused", (stats.rejected_packets as f64).into()),
    ])
}
