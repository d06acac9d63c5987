//! Spawned and synchronized nodes: Godot's `MultiplayerSpawner` and `MultiplayerSynchronizer`.
//!
//! In Godot, spawners and synchronizers are nodes of a scene. Here they are registered, with the same paths and the
//! same configuration. A replicated node is a key and the values of its properties:
//!
//! ```
//! use websocket_peer::{
//!     multiplayer::{Properties, Property, Session, SessionOptions, Spawn, Spawner},
//!     variant::Vector2,
//! };
//!
//! let mut server = Session::server(SessionOptions::default());
//! let coin = Properties::new()
//!     .with(Property::of::<Vector2>("position"))
//!     .with(Property::of::<i64>("worth").on_change());
//! let spawner = server.register_spawner("Level/Spawner", Spawner::new().scene(coin))?;
//!
//! // Sends the coin to all peers, also to those that connect later.
//! let spawn = Spawn::scene(0).named("coin").with("position", Vector2::new(1.0, 2.0)).with("worth", 5);
//! let coin = server.spawn(spawner, spawn)?;
//! // Once a frame:
//! server.set_property(coin, "position", Vector2::new(1.5, 2.0))?;
//! server.replicate();
//! // When the coin is taken:
//! server.despawn(coin)?;
//! # Ok::<(), websocket_peer::multiplayer::SessionError>(())
//! ```
//!
//! The authority of the spawner spawns nodes and sets their properties. The other peers get events. A synchronizer with
//! another authority than the spawner, such as that of a player's input, is registered separately.

mod encoded;
mod error;
mod frame;
mod incoming;
mod outgoing;
mod property;
mod spawn;
mod spawner;
mod state;
mod time;
mod visibility;

use std::collections::{BTreeMap, BTreeSet};

pub use self::{
    error::ReplicationError,
    property::{Properties, Property, ReplicationMode},
    spawn::Spawn,
    spawner::{Scene, SpawnKind, Spawner},
    state::{Spawned, State},
};
use self::{incoming::IncomingReplication, outgoing::OutgoingReplication};
pub(crate) use self::{
    incoming::Update,
    outgoing::{BY_PATH, Origin},
};
use super::{
    id::PeerId,
    node::NodeKey,
    wire::{EncodedSpawnKind, SpawnPacket, is_node_name},
};
use crate::multiplayer::error::SessionError;

/// The longest name of a spawned node, in bytes.
const MAX_NAME_LEN: usize = 255;

/// The spawners and synchronizers of a session, and the nodes that they replicate.
#[derive(Debug, Default)]
pub(crate) struct Replication {
    pub(crate) outgoing: OutgoingReplication,
    pub(crate) incoming: IncomingReplication,
    spawners: BTreeMap<NodeKey, Spawner>,
    /// The names of all spawned nodes, local and remote, by spawner.
    names: BTreeSet<(NodeKey, Box<str>)>,
}

impl Replication {
    pub(crate) fn register_spawner(&mut self, node: NodeKey, spawner: Spawner) {
        self.spawners.insert(node, spawner);
    }

    /// Adds a peer, with the time of the last SYNC that another session sent to it.
    pub(crate) fn join(&mut self, peer: PeerId, sync_time: Option<u16>) {
        self.outgoing.join(peer, sync_time);
    }

    /// Removes a peer and its nodes. Returns the spawner and key of each removed node.
    pub(crate) fn leave(&mut self, peer: PeerId) -> Vec<(NodeKey, NodeKey)> {
        self.outgoing.leave(peer);
        let gone = self.incoming.of_peer(peer);
        let gone = gone.into_iter().filter_map(|node| Some((self.remove_replica(node)?, node))).collect();
        self.incoming.leave(peer);
        gone
    }

    /// Adds a node that this end spawns.
    ///
    /// # Errors
    /// The errors of [`Session::spawn`](super::Session::spawn).
    pub(crate) fn spawn(
        &mut self,
        spawner: NodeKey,
        spawn: Spawn,
        max: usize,
    ) -> Result<NodeKey, SessionError> {
        let invalid = |why: &str| SessionError::InvalidArguments { reason: why.to_owned() };
        let definition =
            self.spawners.get(&spawner).ok_or(SessionError::InvalidNode { reason: "it is not a spawner" })?;
        let scene =
            definition.make(&spawn.kind).ok_or_else(|| invalid("the spawner cannot create this node"))?;
        let name: Box<str> = match &spawn.name {
            Some(name) if !is_node_name(name) || name.len() > MAX_NAME_LEN => {
                return Err(invalid("the name is not valid for a spawned node"));
            }
            Some(name) => (**name).into(),
            None => self.unused_name(spawner),
        };
        let name = (spawner, name);
        if self.names.contains(&name) {
            return Err(invalid("the spawner has a node with this name"));
        }
        let node = self.outgoing.spawn(spawner, &scene, &name.1, spawn, max)?;
        self.names.insert(name);
        Ok(node)
    }

    fn unused_name(&self, spawner: NodeKey) -> Box<str> {
        let mut number = self.outgoing.last_id();
        loop {
            number = number.wrapping_add(1);
            let name = format!("Node{number}").into_boxed_str();
            let name = (spawner, name);
            if !self.names.contains(&name) {
                return name.1;
            }
        }
    }

    /// Removes a node that this end has spawned.
    pub(crate) fn despawn(&mut self, node: NodeKey) {
        if let Some(Origin::Spawned(spawned)) = self.outgoing.remove(node).map(|source| source.origin) {
            self.names.remove(&(spawned.spawner, spawned.name));
        }
    }

    /// Adds a node that another peer spawns. The caller has checked the peer's authority.
    pub(crate) fn spawned(
        &mut self,
        from: PeerId,
        spawner: NodeKey,
        packet: SpawnPacket<'_>,
        max: usize,
    ) -> Result<Spawned, ReplicationError> {
        let definition = self.spawners.get(&spawner).ok_or(ReplicationError::NotSpawner)?;
        if packet.name.len() > MAX_NAME_LEN {
            return Err(ReplicationError::NameTooLong);
        }
        let name = (spawner, Box::from(packet.name));
        if self.names.contains(&name) {
            return Err(ReplicationError::NameTaken);
        }
        let kind = match packet.kind {
            EncodedSpawnKind::Scene(scene) => SpawnKind::Scene(scene),
            EncodedSpawnKind::Custom(value) => {
                let mut values = value.decode(1).map_err(ReplicationError::InvalidValue)?;
                SpawnKind::Custom(values.pop().ok_or(ReplicationError::ValueCount { expected: 1 })?)
            }
        };
        let scene = definition.make(&kind).ok_or(ReplicationError::UnknownScene)?;
        let spawned = self.incoming.spawn(from, spawner, kind, &scene, packet, max)?;
        self.names.insert(name);
        Ok(spawned)
    }

    /// Removes a node that another peer has spawned. Returns its spawner.
    pub(crate) fn remove_replica(&mut self, node: NodeKey) -> Option<NodeKey> {
        let replica = self.incoming.remove(node)?;
        self.names.remove(&(replica.spawner, replica.name));
        Some(replica.spawner)
    }

    /// Decodes an update of a registered synchronizer.
    pub(crate) fn read_registered_update(
        &mut self,
        from: PeerId,
        node: NodeKey,
        update: Update<'_>,
    ) -> Result<State, ReplicationError> {
        let properties =
            self.outgoing.registered_properties(node).ok_or(ReplicationError::NotSynchronizer)?;
        self.incoming.read_registered_update(from, node, properties, update)
    }

    /// Removes a registered node. Returns the nodes of this spawner that other peers have spawned; they are removed as
    /// well.
    pub(crate) fn unregister(&mut self, node: NodeKey) -> Vec<(PeerId, NodeKey)> {
        self.spawners.remove(&node);
        self.outgoing.remove(node);
        self.incoming.forget(node);
        let gone = self.incoming.of_spawner(node);
        let gone = gone.into_iter().filter_map(|node| {
            let from = self.incoming.get(node)?.from;
            self.remove_replica(node).map(|_| (from, node))
        });
        gone.collect()
    }
}
