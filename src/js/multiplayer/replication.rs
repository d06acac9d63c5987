//! The methods of the class for spawned and synchronized nodes.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{
    JsSceneMultiplayer,
    peers::target,
    scenes::{read_spawn, read_spawner, read_synchronizer},
};
use crate::js::{
    values::{self, Thrown},
    variant,
};

#[wasm_bindgen(js_class = SceneMultiplayer)]
impl JsSceneMultiplayer {
    /// Registers a `MultiplayerSpawner`, at the same path as at the other ends. At first the server is its authority.
    /// When another authority spawns a node, the event `spawned` occurs.
    ///
    /// Throws `InvalidNode`, `PacketTooBig`, a `TypeError` for an invalid declaration.
    #[wasm_bindgen(js_name = registerSpawner, unchecked_return_type = "NodeKey")]
    pub fn register_spawner(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] path: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "SpawnerDeclaration")] spawner: &JsValue,
    ) -> Result<f64, Thrown> {
        let (path, spawner) = (values::string("path", path)?, read_spawner(spawner)?);
        self.with(|client| {
            let key = client.peer.session().register_spawner(&path, spawner)?;
            Ok(client.nodes.add(key))
        })
    }

    /// Registers a `MultiplayerSynchronizer` that no spawner creates, or one with another authority than the spawner.
    /// At first the server is its authority. When another authority sends values, the events `synchronized` and
    /// `changed` occur.
    ///
    /// Throws `InvalidNode`, `PacketTooBig`, a `TypeError` for an invalid declaration.
    #[wasm_bindgen(js_name = registerSynchronizer, unchecked_return_type = "NodeKey")]
    pub fn register_synchronizer(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] path: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "SynchronizerDeclaration")] properties: &JsValue,
    ) -> Result<f64, Thrown> {
        let (path, properties) = (values::string("path", path)?, read_synchronizer(properties)?);
        self.with(|client| {
            let key = client.peer.session().register_synchronizer(&path, properties)?;
            Ok(client.nodes.add(key))
        })
    }

    /// Spawns a node at all peers that it is visible to, now and later. This client must be the authority of the
    /// spawner.
    ///
    /// Throws `UnknownNode`, `InvalidNode` for a node that is not a spawner, `NotAuthority`, `InvalidArguments`,
    /// `NotOpen`, `PacketTooBig`.
    #[wasm_bindgen(unchecked_return_type = "NodeKey")]
    pub fn spawn(
        &self,
        #[wasm_bindgen(unchecked_param_type = "NodeKey")] spawner: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "SpawnRequest")] spawn: &JsValue,
    ) -> Result<f64, Thrown> {
        let spawn = read_spawn(spawn)?;
        self.with(|client| {
            let key = client.peer.session().spawn(client.nodes.get(spawner)?, spawn)?;
            Ok(client.nodes.add(key))
        })
    }

    /// Removes a node that was spawned here.
    ///
    /// Throws `UnknownNode`, `InvalidNode` for a node that was registered, `NotOpen`.
    pub fn despawn(
        &self,
        #[wasm_bindgen(unchecked_param_type = "NodeKey")] node: &JsValue,
    ) -> Result<(), Thrown> {
        self.with(|client| {
            let key = client.nodes.get(node)?;
            client.peer.session().despawn(key)?;
            client.nodes.remove(key);
            Ok(())
        })
    }

    /// Sets a property of a node that was spawned here, or of a synchronizer whose authority this client is.
    /// `replicate()` sends it.
    ///
    /// Throws `UnknownNode`, `InvalidNode`, `NotAuthority`, `InvalidArguments`, `NotOpen`, `PacketTooBig`.
    #[wasm_bindgen(js_name = setProperty)]
    pub fn set_property(
        &self,
        #[wasm_bindgen(unchecked_param_type = "NodeKey")] node: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string")] property: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "VariantLike")] value: &JsValue,
    ) -> Result<(), Thrown> {
        let (property, value) = (values::string("property", property)?, variant::read(value)?);
        self.with(|client| {
            let node = client.nodes.get(node)?;
            Ok(client.peer.session().set_property(node, &property, value)?)
        })
    }

    /// Sends property values to the peers that the nodes are visible to. Call it once a frame, or at your own rate.
    pub fn replicate(&self) {
        self.with(|client| client.peer.session().replicate());
    }

    /// Makes the node visible to these peers. With all, or all but one, also to peers that join later.
    ///
    /// Throws `UnknownNode`, `InvalidNode`, `NotAuthority`, `UnknownPeer`, `NotOpen`.
    pub fn show(
        &self,
        #[wasm_bindgen(unchecked_param_type = "NodeKey")] node: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Target")] to: &JsValue,
    ) -> Result<(), Thrown> {
        let to = target(to)?;
        self.with(|client| Ok(client.peer.session().show(client.nodes.get(node)?, to)?))
    }

    /// Makes the node invisible to these peers. With all, or all but one, also to peers that join later.
    ///
    /// Throws what `show()` throws.
    pub fn hide(
        &self,
        #[wasm_bindgen(unchecked_param_type = "NodeKey")] node: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Target")] from: &JsValue,
    ) -> Result<(), Thrown> {
        let from = target(from)?;
        self.with(|client| Ok(client.peer.session().hide(client.nodes.get(node)?, from)?))
    }
}
