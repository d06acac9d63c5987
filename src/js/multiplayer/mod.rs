//! The class `SceneMultiplayer`: it wraps [`SceneMultiplayer`], and only converts values. It is always a client, since a
//! page cannot be a server.

mod events;
mod methods;
mod mid_level;
mod nodes;
mod options;
mod peers;
mod replication;
mod scenes;

use std::cell::RefCell;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use self::{
    nodes::NodeHandles,
    peers::{peer_id, target},
};
use super::{
    values::{self, Thrown},
    variant,
    wake::OnWake,
};
use crate::multiplayer::{ConnectionStatus, PeerId, SceneMultiplayer, SessionStats};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Counters of a session. */
export interface SessionStats {
    /** Calls sent. A call to several peers counts once. */
    readonly callsSent: number;
    readonly callsReceived: number;
    /** Packets dropped. The event `packet-rejected` has the reason. */
    readonly rejectedPackets: number;
}
"#;

/// A client in a session of Godot's high-level multiplayer. The host is a Godot engine or a Rust program.
///
/// Call `poll()` once a frame, and read `nextEvent()` until it returns `undefined`. Register nodes with their methods,
/// at the same paths as at the other ends. Then methods can be called in both directions.
///
/// Failures of the network and of other peers never throw: they are events. A method that throws has changed nothing.
/// It throws an `Error` whose `name` is the mistake in the call (`"UnknownPeer"`, `"InvalidArguments"`, …), a
/// `TypeError` for an argument of another type, or a `RangeError` for a value too large or too deep.
///
/// Keep a reference to it while the session is needed. `free()` cuts the connection and releases the memory. The object
/// cannot be used afterwards. For another session make another `SceneMultiplayer`.
#[wasm_bindgen(js_name = SceneMultiplayer)]
pub struct JsSceneMultiplayer {
    // A cell, so that no method borrows the object mutably. Arguments may have getters that call methods of it: all
    // arguments are read before this is borrowed.
    client: RefCell<ClientState>,
}

struct ClientState {
    peer: SceneMultiplayer,
    nodes: NodeHandles,
    onwake: OnWake,
}

#[wasm_bindgen(js_class = SceneMultiplayer)]
impl JsSceneMultiplayer {
    /// Starts to join the session of the server at a `ws:` or `wss:` URL. The result is an event: `connected` and then
    /// `peer-connected` of peer 1, or `connection-failed`.
    ///
    /// Throws `InvalidUrl`, `InvalidOption`, `BlockedPort`.
    pub fn connect(
        #[wasm_bindgen(unchecked_param_type = "string")] url: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "MultiplayerOptions")] options: &JsValue,
    ) -> Result<Self, Thrown> {
        let (url, options) = (values::string("url", url)?, options::read(options)?);
        let peer = SceneMultiplayer::connect(&url, options)?;
        Ok(Self {
            client: RefCell::new(ClientState {
                peer,
                nodes: NodeHandles::default(),
                onwake: OnWake::default(),
            }),
        })
    }

    /// Advances the session, and returns its status. Call it once a frame.
    pub fn poll(&self) -> JsConnectionStatus {
        self.with(|client| client.peer.poll());
        self.status()
    }

    /// Returns the next event; `undefined` if there is none.
    #[wasm_bindgen(js_name = nextEvent, unchecked_return_type = "MultiplayerEvent | undefined")]
    pub fn next_event(&self) -> JsValue {
        self.with(|client| client.peer.next_event()).map_or(JsValue::UNDEFINED, events::event)
    }

    /// Registers a node, at the same path as at the other ends: relative to the root, or absolute. The path of the root
    /// itself is `.`.
    ///
    /// Throws `InvalidNode`, `PacketTooBig`, a `TypeError` for an invalid declaration of methods.
    #[wasm_bindgen(js_name = registerNode, unchecked_return_type = "NodeKey")]
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

    /// Removes a node. A node registered later at its path is a new one, also for the other ends.
    ///
    /// Throws `UnknownNode`.
    #[wasm_bindgen(js_name = unregisterNode)]
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

    /// Makes a peer the authority of a node. At first it is the server. Nothing is sent: each end sets it itself.
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

    /// Calls a method of a node at other peers. If the method is declared with `callLocal` and this client is in the
    /// target, the event `call` occurs here, too.
    ///
    /// Throws `UnknownNode`, `UnknownMethod`, `InvalidArguments`, `NotOpen` before the event `connected`,
    /// `UnknownPeer`, `NotCallLocal`, `PacketTooBig`; a `TypeError` or `RangeError` for a value that Godot has no type
    /// for.
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

    /// Sends bytes to other peers. They receive the event `packet`; in Godot, the signal `peer_packet`.
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

    /// Sends data to a peer that is authenticating.
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

    /// Accepts a peer that is authenticating. It is admitted when the other end has accepted, too.
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

    /// Leaves the session. The server still receives everything that was sent before: it takes until the server has
    /// confirmed that, at most `drainTimeout` and `closeTimeout`. Poll until `isClosed`.
    pub fn close(&self) {
        self.with(|client| client.peer.close());
    }

    /// A function that is called when there is something to poll for, like `WebSocketPeer.onwake`. Default: `null`.
    ///
    /// It is also called when a deadline of the session has passed. Read with `nextEvent()` until `undefined`: it is
    /// not called for packets that wait behind a full inbox.
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

    /// This client's id; `undefined` before the server has assigned one.
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> Option<i32> {
        self.with(|client| client.peer.id()).map(PeerId::get)
    }

    /// The status as of the last call that could change it.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> JsConnectionStatus {
        self.with(|client| client.peer.status()).into()
    }

    /// The ids of the admitted peers, in ascending order. The server is one of them, once it has admitted this client.
    #[wasm_bindgen(getter, unchecked_return_type = "number[]")]
    pub fn peers(&self) -> JsValue {
        self.with(|client| peers::array(client.peer.peers()))
    }

    /// `true` if the connection has ended.
    #[wasm_bindgen(getter, js_name = isClosed)]
    pub fn is_closed(&self) -> bool {
        self.with(|client| client.peer.is_closed())
    }

    /// How the connection ended; `undefined` before.
    #[wasm_bindgen(getter, js_name = closeInfo, unchecked_return_type = "CloseInfo | undefined")]
    pub fn close_info(&self) -> JsValue {
        self.with(|client| values::close_info(client.peer.close_info()))
    }

    /// Counters of the session.
    #[wasm_bindgen(getter, unchecked_return_type = "SessionStats")]
    pub fn stats(&self) -> JsValue {
        stats(self.with(|client| client.peer.session().stats()))
    }

    /// Accesses the client. `act` must not run code of the page.
    fn with<T>(&self, act: impl FnOnce(&mut ClientState) -> T) -> T {
        act(&mut self.client.borrow_mut())
    }
}

/// The status of a session. The numbers are those of Godot's `MultiplayerPeer.ConnectionStatus`.
#[wasm_bindgen(js_name = ConnectionStatus)]
#[derive(Clone, Copy)]
pub enum JsConnectionStatus {
    /// The session has ended, or was left.
    Disconnected = 0,
    /// The server has not assigned an id yet.
    Connecting = 1,
    /// This client has an id.
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
        ("rejectedPackets", (stats.rejected_packets as f64).into()),
    ])
}
