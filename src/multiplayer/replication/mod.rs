//! Nodes that one peer spawns and moves, and the others see: Godot's `MultiplayerSpawner` and `MultiplayerSynchronizer`.
//!
//! In a scene of the engine's, spawners and synchronizers are nodes. Here they are declared, at the same paths and with the
//! same configuration, and the nodes that they are about are no more than a key and the values of their properties:
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
//! // All who are there get the coin, and all who come later.
//! let spawn = Spawn::scene(0).named("coin").with("position", Vector2::new(1.0, 2.0)).with("worth", 5);
//! let coin = server.spawn(spawner, spawn)?;
//! // Once a frame:
//! server.set_property(coin, "position", Vector2::new(1.5, 2.0))?;
//! server.replicate();
//! // And in the end:
//! server.despawn(coin)?;
//! # Ok::<(), websocket_peer::multiplayer::SessionError>(())
//! ```
//!
//! The authority of the spawner spawns, and moves what it has spawned; the others have events. Where a synchronizer is in
//! other hands than the spawner, as that of a player's input is, it is declared by itself.

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

/// The longest name of a spawned node in bytes, for it is kept.
const MAX_NAME_LEN: usize = 255;

/// What a session knows of spawners and synchronizers.
#[derive(Debug, Default)]
pub(crate) struct Replication {
    pub(crate) outgoing: OutgoingReplication,
    pub(crate) incoming: IncomingReplication,
    spawners: BTreeMap<NodeKey, Spawner>,
    /// Of the nodes of each spawner, whoever has spawned them.
    names: BTreeSet<(NodeKey, Box<str>)>,
}

impl Replication {
    pub(crate) fn register_spawner(&mut self, node: NodeKey, spawner: Spawner) {
        self.spawners.insert(node, spawner);
    }

    /// A peer takes part from now on.
    pub(crate) fn join(&mut self, peer: PeerId) {
        self.outgoing.join(peer);
    }

    /// A peer is gone, and with it these of its nodes.
    pub(crate) fn leave(&mut self, peer: PeerId) -> Vec<(NodeKey, NodeKey)> {
        self.outgoing.leave(peer);
        let gone = self.incoming.of_peer(peer);
        let gone = gone.into_iter().filter_map(|node| Some((self.remove_replica(node)?, node))).collect();
        self.incoming.leave(peer);
        gone
    }

    /// Keeps a node that is spawned here.
    ///
    /// # Errors
    /// What is wrong with it, as [`Session::spawn`](super::Session::spawn) says.
    pub(crate) fn spawn(
        &mut self,
        spawner: NodeKey,
        spawn: Spawn,
        max: usize,
    ) -> Result<NodeKey, SessionError> {
        let invalid = |why: &str| SessionError::InvalidArguments { reason: why.to_owned() };
        let declared =
            self.spawners.get(&spawner).ok_or(SessionError::InvalidNode { reason: "it is no spawner" })?;
        let scene = declared.make(&spawn.kind).ok_or_else(|| invalid("the spawner cannot make this"))?;
        let name: Box<str> = match &spawn.name {
            Some(name) if !is_node_name(name) || name.len() > MAX_NAME_LEN => {
                return Err(invalid("no spawned node can have this name"));
            }
            Some(name) => (**name).into(),
            None => self.free_name(spawner),
        };
        let name = (spawner, name);
        if self.names.contains(&name) {
            return Err(invalid("the spawner has a node of this name"));
        }
        let node = self.outgoing.spawn(spawner, &scene, &name.1, spawn, max)?;
        self.names.insert(name);
        Ok(node)
    }

    fn free_name(&self, spawner: NodeKey) -> Box<str> {
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

    /// Forgets a node that was spawned here.
    pub(crate) fn despawn(&mut self, node: NodeKey) {
        if let Some(Origin::Spawned(spawned)) = self.outgoing.remove(node).map(|source| source.origin) {
            self.names.remove(&(spawned.spawner, spawned.name));
        }
    }

    /// Keeps a node that another peer spawns, whose authority has been looked at.
    pub(crate) fn spawned(
        &mut self,
        from: PeerId,
        spawner: NodeKey,
        packet: SpawnPacket<'_>,
        max: usize,
    ) -> Result<Spawned, ReplicationError> {
        let declared = self.spawners.get(&spawner).ok_or(ReplicationError::NotSpawner)?;
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
        let scene = declared.make(&kind).ok_or(ReplicationError::UnknownScene)?;
        let spawned = self.incoming.spawn(from, spawner, kind, &scene, packet, max)?;
        self.names.insert(name);
        Ok(spawned)
    }

    /// Forgets a node that was spawned elsewhere; the spawner that it had.
    pub(crate) fn remove_replica(&mut self, node: NodeKey) -> Option<NodeKey> {
        let replica = self.incoming.remove(node)?;
        self.names.remove(&(replica.spawner, replica.name));
        Some(replica.spawner)
    }

    /// What a peer says of the synchronizer at a path.
    pub(crate) fn read_declared_update(
        &mut self,
        from: PeerId,
        node: NodeKey,
        update: Update<'_>,
    ) -> Result<State, ReplicationError> {
        let properties = self.outgoing.declared(node).ok_or(ReplicationError::NotSynchronizer)?;
        self.incoming.read_declared_update(from, node, properties, update)
    }

    /// A declared node is no more. Those of its nodes that others have spawned go with it.
    pub(crate) fn undeclare(&mut self, node: NodeKey) -> Vec<(PeerId, NodeKey)> {
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
