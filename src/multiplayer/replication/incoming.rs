//! The nodes that other peers have spawned, and the state of registered synchronizers that other peers own.

use std::collections::BTreeMap;

use super::{
    error::ReplicationError,
    property::{Properties, PropertySubset},
    spawner::{Scene, SpawnKind},
    state::{Spawned, State},
    time,
};
use crate::multiplayer::{
    id::PeerId,
    memory::{ALLOCATION, map_entry},
    node::NodeKey,
    wire::{EncodedValues, SpawnPacket},
};

/// The nodes and values that other peers replicate to this end.
#[derive(Debug, Default)]
pub(crate) struct IncomingReplication {
    nodes: BTreeMap<NodeKey, Replica>,
    by_peer: BTreeMap<PeerId, RemoteIds>,
    /// For each registered synchronizer, the peer that sent the last SYNC, and its time.
    last_sync: BTreeMap<NodeKey, (PeerId, u16)>,
}

/// A node that another peer has spawned.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) from: PeerId,
    pub(crate) spawner: NodeKey,
    pub(crate) name: Box<str>,
    net_id: u32,
    sync_ids: Vec<u32>,
    /// The memory used, in bytes.
    memory: usize,
}

/// The ids that one peer has assigned.
#[derive(Debug, Default)]
struct RemoteIds {
    nodes: BTreeMap<u32, NodeKey>,
    synchronizers: BTreeMap<u32, RemoteSynchronizer>,
    /// The memory used by the peer's nodes, in bytes.
    memory: usize,
}

/// A synchronizer of a node that another peer has spawned.
#[derive(Debug)]
struct RemoteSynchronizer {
    node: NodeKey,
    properties: Properties,
    time: Option<u16>,
}

impl IncomingReplication {
    pub(crate) fn get(&self, node: NodeKey) -> Option<&Replica> {
        self.nodes.get(&node)
    }

    /// Returns the nodes of a spawner.
    pub(super) fn of_spawner(&self, spawner: NodeKey) -> Vec<NodeKey> {
        let of_spawner = self.nodes.iter().filter(|(_, replica)| replica.spawner == spawner);
        of_spawner.map(|(key, _)| *key).collect()
    }

    /// Returns the nodes of a peer, in the order in which they were spawned.
    pub(super) fn of_peer(&self, peer: PeerId) -> Vec<NodeKey> {
        let mut nodes: Vec<NodeKey> = match self.by_peer.get(&peer) {
            Some(ids) => ids.nodes.values().copied().collect(),
            None => Vec::new(),
        };
        nodes.sort_unstable();
        nodes
    }

    /// Removes a peer that has no nodes left.
    pub(super) fn leave(&mut self, peer: PeerId) {
        self.by_peer.remove(&peer);
        self.last_sync.retain(|_, (from, _)| *from != peer);
    }

    /// Adds a node that a peer spawns. A peer may have at most `max` nodes.
    pub(super) fn spawn(
        &mut self,
        from: PeerId,
        spawner: NodeKey,
        kind: SpawnKind,
        scene: &Scene,
        packet: SpawnPacket<'_>,
        max: usize,
    ) -> Result<Spawned, ReplicationError> {
        let SpawnPacket { net_id, sync_ids, name, state, .. } = packet;
        let synchronizers = scene.synchronizers();
        if synchronizers.len() != sync_ids.len() {
            let (expected, found) = (synchronizers.len(), sync_ids.len());
            return Err(ReplicationError::SynchronizerCount { expected, found });
        }
        let ids = self.by_peer.entry(from).or_default();
        if ids.nodes.len() >= max {
            return Err(ReplicationError::TooManySpawned);
        }
        ids.check(net_id, &sync_ids)?;
        let properties = synchronizers.iter().flat_map(|synchronizer| {
            synchronizer.subset(PropertySubset::Spawn).filter_map(|index| synchronizer.get(index))
        });
        let state = State::read(state, properties)?;

        let node = NodeKey::unique();
        let memory = memory(&kind, name, synchronizers);
        ids.memory += memory;
        ids.nodes.insert(net_id, node);
        for (sync_id, properties) in sync_ids.iter().zip(synchronizers) {
            let synchronizer = RemoteSynchronizer { node, properties: properties.clone(), time: None };
            ids.synchronizers.insert(*sync_id, synchronizer);
        }
        self.nodes.insert(node, Replica { from, spawner, name: name.into(), net_id, sync_ids, memory });
        Ok(Spawned { from, spawner, node, name: name.to_owned(), kind, state })
    }

    /// Returns the node to which a peer has assigned this id.
    pub(crate) fn find(&self, from: PeerId, net_id: u32) -> Option<NodeKey> {
        self.by_peer.get(&from)?.nodes.get(&net_id).copied()
    }

    /// Removes a node.
    pub(super) fn remove(&mut self, node: NodeKey) -> Option<Replica> {
        let replica = self.nodes.remove(&node)?;
        if let Some(ids) = self.by_peer.get_mut(&replica.from) {
            ids.memory -= replica.memory;
            ids.nodes.remove(&replica.net_id);
            for sync_id in &replica.sync_ids {
                ids.synchronizers.remove(sync_id);
            }
        }
        Some(replica)
    }

    /// Returns the memory used by the nodes of a peer, in bytes.
    pub(crate) fn memory_usage(&self, peer: PeerId) -> usize {
        self.by_peer.get(&peer).map_or(0, |ids| ids.memory)
    }

    /// Returns the node to whose synchronizer a peer has assigned this id.
    pub(crate) fn synchronized(&self, from: PeerId, sync_id: u32) -> Option<NodeKey> {
        Some(self.by_peer.get(&from)?.synchronizers.get(&sync_id)?.node)
    }

    /// Decodes an update of a spawned node's synchronizer.
    pub(crate) fn read_update(
        &mut self,
        from: PeerId,
        sync_id: u32,
        update: Update<'_>,
    ) -> Result<State, ReplicationError> {
        let ids = self.by_peer.get_mut(&from);
        let synchronizer = ids.and_then(|ids| ids.synchronizers.get_mut(&sync_id));
        let synchronizer = synchronizer.ok_or(ReplicationError::UnknownId { id: sync_id })?;
        let (state, time) = update.read(&synchronizer.properties, synchronizer.time)?;
        synchronizer.time = time;
        Ok(state)
    }

    /// Decodes an update of a registered synchronizer.
    pub(super) fn read_registered_update(
        &mut self,
        from: PeerId,
        node: NodeKey,
        properties: &Properties,
        update: Update<'_>,
    ) -> Result<State, ReplicationError> {
        let last = self.last_sync.get(&node).filter(|(peer, _)| *peer == from).map(|(_, time)| *time);
        let (state, time) = update.read(properties, last)?;
        if let Some(time) = time {
            self.last_sync.insert(node, (from, time));
        }
        Ok(state)
    }

    /// Removes a registered synchronizer.
    pub(super) fn forget(&mut self, node: NodeKey) {
        self.last_sync.remove(&node);
    }
}

impl RemoteIds {
    /// Checks that a node and its synchronizers can have these ids.
    fn check(&self, net_id: u32, sync_ids: &[u32]) -> Result<(), ReplicationError> {
        if self.nodes.contains_key(&net_id) {
            return Err(ReplicationError::IdTaken { id: net_id });
        }
        for (index, id) in sync_ids.iter().enumerate() {
            let is_path = *id >= super::BY_PATH;
            if is_path || self.synchronizers.contains_key(id) || sync_ids[..index].contains(id) {
                return Err(ReplicationError::IdTaken { id: *id });
            }
        }
        Ok(())
    }
}

/// Returns the memory used by a node, in bytes: its entries here, and in [`Replication`](super::Replication)'s names.
fn memory(kind: &SpawnKind, name: &str, synchronizers: &[Properties]) -> usize {
    let node = map_entry::<NodeKey, Replica>() + map_entry::<u32, NodeKey>();
    let names = map_entry::<(NodeKey, Box<str>), ()>() + 2 * (name.len() + ALLOCATION);
    let each = map_entry::<u32, RemoteSynchronizer>() + size_of::<u32>();
    let own = match kind {
        SpawnKind::Scene(_) => 0,
        // The program's function may have created them for this node only.
        SpawnKind::Custom(_) => synchronizers.iter().map(Properties::memory).sum(),
    };
    node + names + synchronizers.len() * each + ALLOCATION + own
}

/// The update of one synchronizer in a packet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Update<'a> {
    /// The time, and the values of the always-sent properties.
    Sync(u16, EncodedValues<'a>),
    /// The mask of changed properties, and their values.
    Delta(u64, EncodedValues<'a>),
}

impl Update<'_> {
    /// Decodes the values. Returns them with the time of the synchronizer's last SYNC.
    fn read(
        self,
        properties: &Properties,
        last: Option<u16>,
    ) -> Result<(State, Option<u16>), ReplicationError> {
        let (subset, values, time) = match self {
            Self::Sync(time, _) if !time::is_later(time, last) => return Err(ReplicationError::Outdated),
            Self::Sync(time, values) => (PropertySubset::Always, values, Some(time)),
            Self::Delta(changed, _) if changed == 0 || changed & !properties.all_bits() != 0 => {
                return Err(ReplicationError::UnknownProperty);
            }
            Self::Delta(changed, values) => (PropertySubset::Changed(changed), values, last),
        };
        let properties = properties.subset(subset).filter_map(|index| properties.get(index));
        Ok((State::read(values, properties)?, time))
    }
}
