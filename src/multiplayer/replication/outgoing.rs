//! The replication by this end: the nodes that it has spawned, the registered synchronizers, and the peers that see
//! them.

use std::collections::BTreeMap;

use super::{
    encoded::EncodedProperties,
    property::{Properties, PropertySubset},
    spawn::Spawn,
    spawner::{Scene, SpawnKind},
    visibility::Visibility,
};
use crate::{
    error::Error,
    multiplayer::{
        error::SessionError,
        id::PeerId,
        node::NodeKey,
        wire::{Command, EncodedSpawnKind, EncodedValues, SpawnPacket, encode_values},
    },
    variant::Variant,
};

/// The bit in a synchronizer id that marks a path id. The ids of spawned nodes' synchronizers are smaller.
pub(crate) const BY_PATH: u32 = 1 << 31;

/// The nodes, the values of their properties, and the peers that see them.
#[derive(Debug, Default)]
pub(crate) struct OutgoingReplication {
    /// In the order in which they were registered or spawned.
    nodes: BTreeMap<NodeKey, OutgoingNode>,
    /// By synchronizer id.
    pub(super) synchronizers: BTreeMap<u32, EncodedProperties>,
    pub(super) viewers: BTreeMap<PeerId, Viewer>,
    pub(super) frame: u16,
    last_id: u32,
}

/// A node that this end can replicate.
#[derive(Debug)]
pub(crate) struct OutgoingNode {
    pub(crate) origin: Origin,
    pub(crate) visibility: Visibility,
    sync_ids: Vec<u32>,
    /// The length of the node's SPAWN without the values of the properties, in bytes; 0 if the node is not spawned.
    spawn_header_len: usize,
}

/// How a node was created.
#[derive(Debug)]
pub(crate) enum Origin {
    /// It was spawned by this end.
    Spawned(SpawnedNode),
    /// It is a registered synchronizer. Its authority may be another peer.
    Registered {
        /// `true` if each peer that sees the node gets its updates, or was sent its path id.
        is_announced: bool,
    },
}

/// A node that this end has spawned.
#[derive(Debug)]
pub(crate) struct SpawnedNode {
    pub(crate) spawner: NodeKey,
    pub(crate) name: Box<str>,
    net_id: u32,
    kind: OwnedSpawnKind,
}

/// The scene or the value that a spawned node was created from.
#[derive(Debug)]
enum OwnedSpawnKind {
    Scene(u8),
    Custom(Vec<u8>),
}

/// A peer to which nodes are replicated.
#[derive(Debug, Default)]
pub(super) struct Viewer {
    /// The ids of the synchronizers that are sent to it, sorted.
    pub(super) sync_ids: Vec<u32>,
    /// The time of the last SYNC to it.
    pub(super) time: Option<u16>,
}

impl OutgoingReplication {
    pub(super) fn join(&mut self, peer: PeerId, sync_time: Option<u16>) {
        self.viewers.insert(peer, Viewer { sync_ids: Vec::new(), time: sync_time });
        self.reset_announced();
    }

    /// Returns the time of the last SYNC to a peer.
    pub(crate) fn sync_time(&self, peer: PeerId) -> Option<u16> {
        self.viewers.get(&peer)?.time
    }

    /// Returns the nodes that are spawned at a peer, in the order in which they were spawned.
    pub(crate) fn spawned_at(&self, peer: PeerId) -> impl Iterator<Item = &SpawnedNode> {
        self.nodes.values().filter(move |source| source.visibility.is_for(peer)).filter_map(|source| {
            match &source.origin {
                Origin::Spawned(spawned) => Some(spawned),
                Origin::Registered { .. } => None,
            }
        })
    }

    pub(super) fn leave(&mut self, peer: PeerId) {
        self.viewers.remove(&peer);
        self.nodes.values_mut().for_each(|source| source.visibility.forget(peer));
    }

    pub(crate) fn get(&self, node: NodeKey) -> Option<&OutgoingNode> {
        self.nodes.get(&node)
    }

    pub(crate) fn get_mut(&mut self, node: NodeKey) -> Option<&mut OutgoingNode> {
        self.nodes.get_mut(&node)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (NodeKey, &OutgoingNode)> {
        self.nodes.iter().map(|(key, source)| (*key, source))
    }

    /// Returns the properties of a registered synchronizer.
    pub(super) fn registered_properties(&self, node: NodeKey) -> Option<&Properties> {
        let source = self.nodes.get(&node)?;
        match (&source.origin, &source.sync_ids[..]) {
            (Origin::Registered { .. }, [sync_id]) => {
                self.synchronizers.get(sync_id).map(EncodedProperties::properties)
            }
            _ => None,
        }
    }

    /// Adds a registered synchronizer with this path id.
    pub(crate) fn register_synchronizer(&mut self, node: NodeKey, path_id: u32, properties: Properties) {
        let sync_id = BY_PATH | path_id;
        self.synchronizers.insert(sync_id, EncodedProperties::new(properties));
        let origin = Origin::Registered { is_announced: false };
        let visibility = Visibility::new(true);
        self.nodes
            .insert(node, OutgoingNode { origin, visibility, sync_ids: vec![sync_id], spawn_header_len: 0 });
    }

    /// Adds a node that this end spawns, and assigns its ids. It is not sent to any peer yet.
    ///
    /// # Errors
    /// The errors of [`set`](Self::set); [`SessionError::InvalidArguments`] if a property of the SPAWN has no value.
    pub(super) fn spawn(
        &mut self,
        spawner: NodeKey,
        scene: &Scene,
        name: &str,
        spawn: Spawn,
        max: usize,
    ) -> Result<NodeKey, SessionError> {
        let (net_id, last_id) = self.next_ids(scene.synchronizers().len())?;
        let kind = match spawn.kind {
            SpawnKind::Scene(scene) => OwnedSpawnKind::Scene(scene),
            SpawnKind::Custom(value) => OwnedSpawnKind::Custom(encode_values([&value])?),
        };
        let origin = Origin::Spawned(SpawnedNode { spawner, name: name.into(), net_id, kind });
        let sync_ids: Vec<u32> = (net_id + 1..=last_id).collect();
        let synchronizers = scene.synchronizers().iter().cloned().map(EncodedProperties::new);
        self.synchronizers.extend(sync_ids.iter().copied().zip(synchronizers));

        let key = NodeKey::unique();
        let visibility = Visibility::new(spawn.is_public);
        let mut source = OutgoingNode { origin, visibility, sync_ids, spawn_header_len: 0 };
        source.spawn_header_len = source.spawn_packet(0, &[]).map_or(0, |packet| packet.len());
        self.nodes.insert(key, source);
        if let Err(error) = self.set_initial(key, &spawn.values, max) {
            self.remove(key);
            return Err(error);
        }
        self.last_id = last_id;
        Ok(key)
    }

    /// Returns the id that was assigned last.
    pub(super) fn last_id(&self) -> u32 {
        self.last_id
    }

    /// Returns the id of the next node, and that of the last of its synchronizers.
    fn next_ids(&self, synchronizers: usize) -> Result<(u32, u32), SessionError> {
        let count = u32::try_from(synchronizers).ok();
        let net_id = self.last_id + 1;
        let last_id = count.and_then(|count| net_id.checked_add(count)).filter(|id| *id < BY_PATH);
        last_id
            .map(|last_id| (net_id, last_id))
            .ok_or(SessionError::InvalidNode { reason: "all ids are in use" })
    }

    /// Sets the initial values of a node.
    fn set_initial(
        &mut self,
        key: NodeKey,
        values: &[(impl AsRef<str>, Variant)],
        max: usize,
    ) -> Result<(), SessionError> {
        for (property, value) in values {
            self.set(key, property.as_ref(), value, max)?;
        }
        let Some(source) = self.nodes.get(&key) else { return Ok(()) };
        // `set` has checked this only if there was a value to set.
        let len = self.spawn_len(source);
        if len > max {
            return Err(Error::PacketTooBig { len, max }.into());
        }
        for sync_id in &source.sync_ids {
            let Some(encoded) = self.synchronizers.get_mut(sync_id) else { continue };
            if let Some(property) = encoded.missing(PropertySubset::Spawn) {
                return Err(SessionError::InvalidArguments { reason: format!("`{property}` has no value") });
            }
            encoded.forget_changes();
        }
        Ok(())
    }

    /// Removes a node.
    pub(super) fn remove(&mut self, key: NodeKey) -> Option<OutgoingNode> {
        self.remove_all_viewers(key);
        let source = self.nodes.remove(&key)?;
        for sync_id in &source.sync_ids {
            self.synchronizers.remove(sync_id);
        }
        Some(source)
    }

    /// Sets a property of a node.
    ///
    /// # Errors
    /// [`SessionError::InvalidArguments`] if the node has no such property, or the property does not accept the value;
    /// [`Error::InvalidVariant`]; [`Error::PacketTooBig`] if a packet with the value would be longer than `max` bytes.
    pub(crate) fn set(
        &mut self,
        key: NodeKey,
        property: &str,
        value: &Variant,
        max: usize,
    ) -> Result<(), SessionError> {
        let source = self.nodes.get(&key).ok_or(SessionError::UnknownNode)?;
        let spawn_len = self.spawn_len(source);
        for sync_id in &source.sync_ids {
            let Some(encoded) = self.synchronizers.get_mut(sync_id) else { continue };
            if let Some(index) = encoded.properties().find(property) {
                let others = spawn_len.saturating_sub(encoded.size(PropertySubset::Spawn));
                return encoded.set(index, value, max, others);
            }
        }
        Err(SessionError::InvalidArguments { reason: format!("there is no property `{property}`") })
    }

    /// Starts to send updates of the node to these peers. Returns those that did not get them before.
    pub(crate) fn add_viewers(&mut self, key: NodeKey, mut peers: Vec<PeerId>) -> Vec<PeerId> {
        let Some(source) = self.nodes.get(&key) else { return Vec::new() };
        peers.retain(|peer| {
            let viewer = self.viewers.get_mut(peer);
            viewer.is_some_and(|viewer| {
                let new = source.sync_ids.iter().filter(|sync_id| viewer.add(**sync_id));
                new.count() > 0
            })
        });
        peers
    }

    /// Stops sending updates of the node to these peers.
    pub(crate) fn remove_viewers(&mut self, key: NodeKey, peers: &[PeerId]) {
        let Some(source) = self.nodes.get(&key) else { return };
        for peer in peers {
            if let Some(viewer) = self.viewers.get_mut(peer) {
                source.sync_ids.iter().for_each(|sync_id| viewer.remove(*sync_id));
            }
        }
    }

    /// Stops sending updates of the node.
    pub(crate) fn remove_all_viewers(&mut self, key: NodeKey) {
        let Some(source) = self.nodes.get(&key) else { return };
        for viewer in self.viewers.values_mut() {
            source.sync_ids.iter().for_each(|sync_id| viewer.remove(*sync_id));
        }
    }

    /// Returns the registered synchronizers that may have to be announced to a peer.
    pub(crate) fn unannounced(&self) -> Vec<NodeKey> {
        let is_unannounced =
            |source: &OutgoingNode| matches!(source.origin, Origin::Registered { is_announced: false });
        self.iter().filter(|(_, source)| is_unannounced(source)).map(|(key, _)| key).collect()
    }

    pub(crate) fn set_announced(&mut self, node: NodeKey, value: bool) {
        if let Some(OutgoingNode { origin: Origin::Registered { is_announced }, .. }) =
            self.nodes.get_mut(&node)
        {
            *is_announced = value;
        }
    }

    fn reset_announced(&mut self) {
        for source in self.nodes.values_mut() {
            if let Origin::Registered { is_announced } = &mut source.origin {
                *is_announced = false;
            }
        }
    }

    /// Returns the SPAWN of a node. `spawner` is the path id of its spawner.
    pub(crate) fn spawn_packet(&self, key: NodeKey, spawner: u32) -> Option<Vec<u8>> {
        let source = self.nodes.get(&key)?;
        let mut state = Vec::new();
        for sync_id in &source.sync_ids {
            self.synchronizers.get(sync_id)?.append(PropertySubset::Spawn, &mut state);
        }
        source.spawn_packet(spawner, &state)
    }

    /// Returns the length of a node's SPAWN, in bytes; that of its values if it is not spawned.
    fn spawn_len(&self, source: &OutgoingNode) -> usize {
        let encoded = source.sync_ids.iter().filter_map(|sync_id| self.synchronizers.get(sync_id));
        source.spawn_header_len + encoded.map(|encoded| encoded.size(PropertySubset::Spawn)).sum::<usize>()
    }

    /// Returns the packets, in addition to the SPAWN, for a peer that did not get updates of the node before.
    pub(crate) fn catch_up_packets(&self, key: NodeKey, max: usize) -> Vec<Vec<u8>> {
        let Some(source) = self.nodes.get(&key) else { return Vec::new() };
        let was_spawned = matches!(source.origin, Origin::Spawned(_));
        self.catch_up(&source.sync_ids, was_spawned, max)
    }
}

impl Viewer {
    /// Adds a synchronizer. Returns `true` if it is new.
    fn add(&mut self, sync_id: u32) -> bool {
        let index = self.sync_ids.binary_search(&sync_id);
        index.map_err(|index| self.sync_ids.insert(index, sync_id)).is_err()
    }

    fn remove(&mut self, sync_id: u32) {
        if let Ok(index) = self.sync_ids.binary_search(&sync_id) {
            self.sync_ids.remove(index);
        }
    }
}

impl OutgoingNode {
    fn spawn_packet(&self, spawner: u32, state: &[u8]) -> Option<Vec<u8>> {
        let Origin::Spawned(node) = &self.origin else { return None };
        let kind = match &node.kind {
            OwnedSpawnKind::Scene(scene) => EncodedSpawnKind::Scene(*scene),
            OwnedSpawnKind::Custom(value) => EncodedSpawnKind::Custom(EncodedValues::new(value)),
        };
        let (sync_ids, state) = (self.sync_ids.clone(), EncodedValues::new(state));
        let (net_id, name) = (node.net_id, &*node.name);
        let mut packet = Vec::new();
        Command::Spawn(SpawnPacket { kind, spawner, net_id, sync_ids, name, state }).encode(&mut packet);
        Some(packet)
    }
}

impl SpawnedNode {
    /// Returns the DESPAWN of the node.
    pub(crate) fn despawn_packet(&self) -> Command<'static> {
        Command::Despawn { net_id: self.net_id }
    }
}
