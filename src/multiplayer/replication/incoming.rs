//! The nodes that other peers have spawned, by their numbers, and what is heard of the synchronizers at paths.

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

/// Everything that others tell of nodes.
#[derive(Debug, Default)]
pub(crate) struct IncomingReplication {
    nodes: BTreeMap<NodeKey, Replica>,
    by_peer: BTreeMap<PeerId, RemoteIds>,
    /// Who was heard last of a synchronizer at a path, and the time that it said.
    heard: BTreeMap<NodeKey, (PeerId, u16)>,
}

/// A node that was spawned elsewhere.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) from: PeerId,
    pub(crate) spawner: NodeKey,
    pub(crate) name: Box<str>,
    net_id: u32,
    sync_ids: Vec<u32>,
    /// The memory that it takes, in bytes.
    held: usize,
}

/// What a peer means by its numbers.
#[derive(Debug, Default)]
struct RemoteIds {
    nodes: BTreeMap<u32, NodeKey>,
    synchronizers: BTreeMap<u32, RemoteSynchronizer>,
    /// The memory that the peer's nodes take, in bytes.
    held: usize,
}

/// A synchronizer of a node that was spawned elsewhere.
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

    /// The nodes of a spawner.
    pub(super) fn of_spawner(&self, spawner: NodeKey) -> Vec<NodeKey> {
        let of_spawner = self.nodes.iter().filter(|(_, replica)| replica.spawner == spawner);
        of_spawner.map(|(key, _)| *key).collect()
    }

    /// The nodes of a peer, in the order in which they came.
    pub(super) fn of_peer(&self, peer: PeerId) -> Vec<NodeKey> {
        let mut nodes: Vec<NodeKey> = match self.by_peer.get(&peer) {
            Some(numbers) => numbers.nodes.values().copied().collect(),
            None => Vec::new(),
        };
        nodes.sort_unstable();
        nodes
    }

    /// Nothing more is heard of a peer, and it has no node any more.
    pub(super) fn leave(&mut self, peer: PeerId) {
        self.by_peer.remove(&peer);
        self.heard.retain(|_, (from, _)| *from != peer);
    }

    /// Keeps a node that a peer spawns: of these nodes at most `max`.
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
        let numbers = self.by_peer.entry(from).or_default();
        if numbers.nodes.len() >= max {
            return Err(ReplicationError::TooManySpawned);
        }
        numbers.check(net_id, &sync_ids)?;
        let properties = synchronizers.iter().flat_map(|synchronizer| {
            synchronizer.part(PropertySubset::Spawn).filter_map(|place| synchronizer.get(place))
        });
        let state = State::read(state, properties)?;

        let node = NodeKey::unique();
        let held = memory(&kind, name, synchronizers);
        numbers.held += held;
        numbers.nodes.insert(net_id, node);
        for (sync_id, properties) in sync_ids.iter().zip(synchronizers) {
            let heard = RemoteSynchronizer { node, properties: properties.clone(), time: None };
            numbers.synchronizers.insert(*sync_id, heard);
        }
        self.nodes.insert(node, Replica { from, spawner, name: name.into(), net_id, sync_ids, held });
        Ok(Spawned { from, spawner, node, name: name.to_owned(), kind, state })
    }

    /// The node that a peer has given this number.
    pub(crate) fn find(&self, from: PeerId, net_id: u32) -> Option<NodeKey> {
        self.by_peer.get(&from)?.nodes.get(&net_id).copied()
    }

    /// Forgets a node.
    pub(super) fn remove(&mut self, node: NodeKey) -> Option<Replica> {
        let replica = self.nodes.remove(&node)?;
        if let Some(numbers) = self.by_peer.get_mut(&replica.from) {
            numbers.held -= replica.held;
            numbers.nodes.remove(&replica.net_id);
            for sync_id in &replica.sync_ids {
                numbers.synchronizers.remove(sync_id);
            }
        }
        Some(replica)
    }

    /// Returns the memory that the nodes of a peer take, in bytes.
    pub(crate) fn held(&self, peer: PeerId) -> usize {
        self.by_peer.get(&peer).map_or(0, |numbers| numbers.held)
    }

    /// The node whose synchronizer a peer has given this number.
    pub(crate) fn synchronized(&self, from: PeerId, sync_id: u32) -> Option<NodeKey> {
        Some(self.by_peer.get(&from)?.synchronizers.get(&sync_id)?.node)
    }

    /// What a SYNC, with a time, or a DELTA says of that node.
    pub(crate) fn read_update(
        &mut self,
        from: PeerId,
        sync_id: u32,
        update: Update<'_>,
    ) -> Result<State, ReplicationError> {
        let numbers = self.by_peer.get_mut(&from);
        let heard = numbers.and_then(|numbers| numbers.synchronizers.get_mut(&sync_id));
        let heard = heard.ok_or(ReplicationError::UnknownId { id: sync_id })?;
        let (state, time) = update.read(&heard.properties, heard.time)?;
        heard.time = time;
        Ok(state)
    }

    /// The same of a synchronizer at a path.
    pub(super) fn read_declared_update(
        &mut self,
        from: PeerId,
        node: NodeKey,
        properties: &Properties,
        update: Update<'_>,
    ) -> Result<State, ReplicationError> {
        let last = self.heard.get(&node).filter(|(peer, _)| *peer == from).map(|(_, time)| *time);
        let (state, time) = update.read(properties, last)?;
        if let Some(time) = time {
            self.heard.insert(node, (from, time));
        }
        Ok(state)
    }

    /// A synchronizer at a path is no more.
    pub(super) fn forget(&mut self, node: NodeKey) {
        self.heard.remove(&node);
    }
}

impl RemoteIds {
    /// Whether the numbers can be given to a node and its synchronizers.
    fn check(&self, net_id: u32, sync_ids: &[u32]) -> Result<(), ReplicationError> {
        if self.nodes.contains_key(&net_id) {
            return Err(ReplicationError::IdTaken { id: net_id });
        }
        for (place, id) in sync_ids.iter().enumerate() {
            let is_path = *id >= super::BY_PATH;
            if is_path || self.synchronizers.contains_key(id) || sync_ids[..place].contains(id) {
                return Err(ReplicationError::IdTaken { id: *id });
            }
        }
        Ok(())
    }
}

/// Returns the memory that a node takes, in bytes: its entries here, and in [`Replication`](super::Replication)'s names.
fn memory(kind: &SpawnKind, name: &str, synchronizers: &[Properties]) -> usize {
    let node = map_entry::<NodeKey, Replica>() + map_entry::<u32, NodeKey>();
    let names = map_entry::<(NodeKey, Box<str>), ()>() + 2 * (name.len() + ALLOCATION);
    let each = map_entry::<u32, RemoteSynchronizer>() + size_of::<u32>();
    let own = match kind {
        SpawnKind::Scene(_) => 0,
        // The program's function may have made them for this node alone.
        SpawnKind::Custom(_) => synchronizers.iter().map(Properties::memory).sum(),
    };
    node + names + synchronizers.len() * each + ALLOCATION + own
}

/// What a packet says of one synchronizer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Update<'a> {
    /// All that is sent every time, and when.
    Sync(u16, EncodedValues<'a>),
    /// What has changed, and which.
    Delta(u64, EncodedValues<'a>),
}

impl Update<'_> {
    /// What it says, and the time from now on.
    fn read(
        self,
        properties: &Properties,
        last: Option<u16>,
    ) -> Result<(State, Option<u16>), ReplicationError> {
        let (part, values, time) = match self {
            Self::Sync(time, _) if !time::is_later(time, last) => return Err(ReplicationError::Outdated),
            Self::Sync(time, values) => (PropertySubset::Always, values, Some(time)),
            Self::Delta(changed, _) if changed == 0 || changed & !properties.all_bits() != 0 => {
                return Err(ReplicationError::UnknownProperty);
            }
            Self::Delta(changed, values) => (PropertySubset::Changed(changed), values, last),
        };
        let properties = properties.part(part).filter_map(|place| properties.get(place));
        Ok((State::read(values, properties)?, time))
    }
}
