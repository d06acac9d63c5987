//! Nodes that one peer spawns and moves, and the others see: the methods of the class that are about them.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{
    JsMultiplayerClient,
    peers::target,
    scenes::{read_spawn, read_spawner, read_synchronizer},
};
use crate::js::{
    values::{self, Thrown},
    variant,
};

#[wasm_bindgen(js_class = MultiplayerClient)]
impl JsMultiplayerClient {
    /// Declares a `MultiplayerSpawner`, at the same path as at the other ends. What its authority spawns, at first the
    /// server, is told by the event `spawned`.
    ///
    /// Throws `InvalidNode`, `PacketTooBig`, a `TypeError` for what is declared wrongly.
    #[wasm_bindgen(js_name = addSpawner, unchecked_return_type = "NodeKey")]
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

    /// Declares a `MultiplayerSynchronizer` that no spawner makes, or one that is in other hands than the spawner. What its
    /// authority says, at first the server, is told by the events `synchronized` and `changed`.
    ///
    /// Throws `InvalidNode`, `PacketTooBig`, a `TypeError` for what is declared wrongly.
    #[wasm_bindgen(js_name = addSynchronizer, unchecked_return_type = "NodeKey")]
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

    /// Spawns a node at all who see it, now and later. The spawner has to be in this client's hands.
    ///
    /// Throws `UnknownNode`, `InvalidNode` for what is no spawner, `NotAuthority`, `InvalidArguments`, `NotOpen`,
    /// `PacketTooBig`.
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

    /// A node that was spawned here is no more.
    ///
    /// Throws `UnknownNode`, `InvalidNode` for what was declared, `NotOpen`.
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

    /// Sets a property of a node that was spawned here, or of a synchronizer in this client's hands. `replicate()` tells the
    /// others.
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

    /// Tells all peers what the nodes that they see hold. Call it once a frame, or as often as they shall be told.
    pub fn replicate(&self) {
        self.with(|client| client.peer.session().replicate());
    }

    /// These peers see the node from now on; with all, or all but one, those who come later, too.
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

    /// These peers do not see the node from now on; with all, or all but one, those who come later neither.
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
