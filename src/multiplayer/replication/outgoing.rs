//! What this end tells of nodes: those that it has spawned, and the synchronizers at paths; and who hears of them.

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

/// In the number of a synchronizer: the rest is that of its path. Those of spawned ones are below it.
pub(crate) const BY_PATH: u32 = 1 << 31;

/// The nodes, what their properties hold, and who sees which.
#[derive(Debug, Default)]
pub(crate) struct OutgoingReplication {
    /// In the order in which they were declared or spawned.
    nodes: BTreeMap<NodeKey, OutgoingNode>,
    /// By their numbers.
    pub(super) synchronizers: BTreeMap<u32, EncodedProperties>,
    pub(super) viewers: BTreeMap<PeerId, Viewer>,
    pub(super) frame: u16,
    last_id: u32,
}

/// A node that can be told of.
#[derive(Debug)]
pub(crate) struct OutgoingNode {
    pub(crate) origin: Origin,
    pub(crate) visibility: Visibility,
    sync_ids: Vec<u32>,
    /// How long its SPAWN is without what the properties hold; nothing where there is none.
    spawn_header_len: usize,
}

/// Where it comes from.
#[derive(Debug)]
pub(crate) enum Origin {
    /// It was spawned here.
    Spawned(SpawnedNode),
    /// It is a synchronizer at a path. That may be in another peer's hands.
    Declared {
        /// Whether all who see it have been told its number, or hear of it.
        is_announced: bool,
    },
}

/// A node that was spawned.
#[derive(Debug)]
pub(crate) struct SpawnedNode {
    pub(crate) spawner: NodeKey,
    pub(crate) name: Box<str>,
    net_id: u32,
    kind: OwnedSpawnKind,
}

/// What it is made from.
#[derive(Debug)]
enum OwnedSpawnKind {
    Scene(u8),
    Custom(Vec<u8>),
}

/// A peer that takes part.
#[derive(Debug, Default)]
pub(super) struct Viewer {
    /// The numbers of the synchronizers that it has to be told of, sorted.
    pub(super) sees: Vec<u32>,
    /// The time of the last frame that it was told of.
    pub(super) time: Option<u16>,
}

impl OutgoingReplication {
    pub(super) fn join(&mut self, peer: PeerId) {
        self.viewers.insert(peer, Viewer::default());
        self.reset_announced();
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

    /// The properties of a synchronizer at a path.
    pub(super) fn declared(&self, node: NodeKey) -> Option<&Properties> {
        let source = self.nodes.get(&node)?;
        match (&source.origin, &source.sync_ids[..]) {
            (Origin::Declared { .. }, [sync_id]) => {
                self.synchronizers.get(sync_id).map(EncodedProperties::properties)
            }
            _ => None,
        }
    }

    /// Keeps a synchronizer at the path with this number.
    pub(crate) fn declare(&mut self, node: NodeKey, number: u32, properties: Properties) {
        let sync_id = BY_PATH | number;
        self.synchronizers.insert(sync_id, EncodedProperties::new(properties));
        let origin = Origin::Declared { is_announced: false };
        let visibility = Visibility::new(true);
        self.nodes
            .insert(node, OutgoingNode { origin, visibility, sync_ids: vec![sync_id], spawn_header_len: 0 });
    }

    /// Keeps a node that is spawned, and gives it its numbers. Nobody sees it yet.
    ///
    /// # Errors
    /// Those of [`set`](Self::set); [`SessionError::InvalidArguments`], where a property has no value that is sent at the spawn.
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
        if let Err(why) = self.fill(key, &spawn.values, max) {
            self.remove(key);
            return Err(why);
        }
        self.last_id = last_id;
        Ok(key)
    }

    /// The number that was given last.
    pub(super) fn last_id(&self) -> u32 {
        self.last_id
    }

    /// The number of the next node, and that of the last of its synchronizers.
    fn next_ids(&self, synchronizers: usize) -> Result<(u32, u32), SessionError> {
        let count = u32::try_from(synchronizers).ok();
        let net_id = self.last_id + 1;
        let last_id = count.and_then(|count| net_id.checked_add(count)).filter(|id| *id < BY_PATH);
        last_id
            .map(|last_id| (net_id, last_id))
            .ok_or(SessionError::InvalidNode { reason: "there is no number left for it" })
    }

    /// Sets what a node holds when it is spawned.
    fn fill(
        &mut self,
        key: NodeKey,
        values: &[(impl AsRef<str>, Variant)],
        max: usize,
    ) -> Result<(), SessionError> {
        for (property, value) in values {
            self.set(key, property.as_ref(), value, max)?;
        }
        let Some(source) = self.nodes.get(&key) else { return Ok(()) };
        // Where nothing was set, nobody has looked at this before.
        let len = self.spawn_len(source);
        if len > max {
            return Err(Error::PacketTooBig { len, max }.into());
        }
        for sync_id in &source.sync_ids {
            let Some(held) = self.synchronizers.get_mut(sync_id) else { continue };
            if let Some(property) = held.missing(PropertySubset::Spawn) {
                return Err(SessionError::InvalidArguments { reason: format!("`{property}` has no value") });
            }
            held.forget_changes();
        }
        Ok(())
    }

    /// Forgets a node.
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
    /// [`SessionError::InvalidArguments`], where it has none of this name, or one that cannot hold the value;
    /// [`Error::InvalidVariant`]; [`Error::PacketTooBig`], where something about it would be longer than `max`.
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
            let Some(held) = self.synchronizers.get_mut(sync_id) else { continue };
            if let Some(place) = held.properties().find(property) {
                let others = spawn_len.saturating_sub(held.size(PropertySubset::Spawn));
                return held.set(place, value, max, others);
            }
        }
        Err(SessionError::InvalidArguments { reason: format!("it has no property `{property}`") })
    }

    /// These peers are told of the node from now on. Those who were not before are given back.
    pub(crate) fn add_viewers(&mut self, key: NodeKey, mut peers: Vec<PeerId>) -> Vec<PeerId> {
        let Some(source) = self.nodes.get(&key) else { return Vec::new() };
        peers.retain(|peer| {
            let viewer = self.viewers.get_mut(peer);
            viewer.is_some_and(|viewer| {
                let new = source.sync_ids.iter().filter(|sync_id| viewer.see(**sync_id));
                new.count() > 0
            })
        });
        peers
    }

    /// These peers are told of the node no longer.
    pub(crate) fn remove_viewers(&mut self, key: NodeKey, peers: &[PeerId]) {
        let Some(source) = self.nodes.get(&key) else { return };
        for peer in peers {
            if let Some(viewer) = self.viewers.get_mut(peer) {
                source.sync_ids.iter().for_each(|sync_id| viewer.ignore(*sync_id));
            }
        }
    }

    /// Nobody is told of the node any longer.
    pub(crate) fn remove_all_viewers(&mut self, key: NodeKey) {
        let Some(source) = self.nodes.get(&key) else { return };
        for viewer in self.viewers.values_mut() {
            source.sync_ids.iter().for_each(|sync_id| viewer.ignore(*sync_id));
        }
    }

    /// The synchronizers at paths of which somebody may have to be told.
    pub(crate) fn unannounced(&self) -> Vec<NodeKey> {
        let is_unsettled =
            |source: &OutgoingNode| matches!(source.origin, Origin::Declared { is_announced: false });
        self.iter().filter(|(_, source)| is_unsettled(source)).map(|(key, _)| key).collect()
    }

    pub(crate) fn set_announced(&mut self, node: NodeKey, is_settled: bool) {
        if let Some(OutgoingNode { origin: Origin::Declared { is_announced }, .. }) =
            self.nodes.get_mut(&node)
        {
            *is_announced = is_settled;
        }
    }

    fn reset_announced(&mut self) {
        for source in self.nodes.values_mut() {
            if let Origin::Declared { is_announced } = &mut source.origin {
                *is_announced = false;
            }
        }
    }

    /// The SPAWN of a node, by the number of its spawner.
    pub(crate) fn spawn_packet(&self, key: NodeKey, spawner: u32) -> Option<Vec<u8>> {
        let source = self.nodes.get(&key)?;
        let mut state = Vec::new();
        for sync_id in &source.sync_ids {
            self.synchronizers.get(sync_id)?.append(PropertySubset::Spawn, &mut state);
        }
        source.spawn_packet(spawner, &state)
    }

    /// The length of its SPAWN; of what it would hold where there is none.
    fn spawn_len(&self, source: &OutgoingNode) -> usize {
        let held = source.sync_ids.iter().filter_map(|sync_id| self.synchronizers.get(sync_id));
        source.spawn_header_len + held.map(|held| held.size(PropertySubset::Spawn)).sum::<usize>()
    }

    /// What has to be told of a node, besides its spawn, to who has not heard of it before.
    pub(crate) fn catch_up_packets(&self, key: NodeKey, max: usize) -> Vec<Vec<u8>> {
        let Some(source) = self.nodes.get(&key) else { return Vec::new() };
        let was_spawned = matches!(source.origin, Origin::Spawned(_));
        self.catch_up(&source.sync_ids, was_spawned, max)
    }
}

impl Viewer {
    /// Whether it had not been told of this one.
    fn see(&mut self, sync_id: u32) -> bool {
        let place = self.sees.binary_search(&sync_id);
        place.map_err(|place| self.sees.insert(place, sync_id)).is_err()
    }

    fn ignore(&mut self, sync_id: u32) {
        if let Ok(place) = self.sees.binary_search(&sync_id) {
            self.sees.remove(place);
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
    /// The DESPAWN of the node.
    pub(crate) fn despawn_packet(&self) -> Command<'static> {
        Command::Despawn { net_id: self.net_id }
    }
}
