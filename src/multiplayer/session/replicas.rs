//! Nodes that other peers spawn and change. Who may, and what they say, is looked at before the program hears of it.

use super::Session;
use crate::multiplayer::{
    event::Event,
    id::PeerId,
    node::NodeKey,
    packet_error::PacketError,
    replication::{BY_PATH, ReplicationError, State, Update},
    wire::{DeltaEntry, SpawnPacket, SyncEntry},
};

impl Session {
    /// A peer spawns a node.
    pub(super) fn handle_spawn(&mut self, from: PeerId, packet: SpawnPacket<'_>) -> Result<(), PacketError> {
        let id = packet.spawner;
        let spawner = self.node_numbered(from, id).ok_or(PacketError::UnknownNode { id })?;
        self.check_authority(from, spawner)?;
        let max = self.options.max_spawned_per_peer;
        let spawned = self.replication.spawned(from, spawner, packet, max)?;
        self.push_event(Event::Spawned(spawned));
        Ok(())
    }

    /// A node that a peer has spawned is gone.
    pub(super) fn handle_despawn(&mut self, from: PeerId, net_id: u32) -> Result<(), PacketError> {
        let node = self.replication.incoming.find(from, net_id);
        let node = node.ok_or(ReplicationError::UnknownId { id: net_id })?;
        self.check_replica(from, node)?;
        if let Some(spawner) = self.replication.remove_replica(node) {
            self.push_event(Event::Despawned { from, spawner, node });
        }
        Ok(())
    }

    /// What nodes hold, each for itself.
    pub(super) fn handle_sync(&mut self, from: PeerId, time: u16, entries: Vec<SyncEntry<'_>>) {
        for entry in entries {
            match self.apply_update(from, entry.sync_id, Update::Sync(time, entry.values)) {
                Ok((node, state)) => self.push_event(Event::Synchronized { from, node, state }),
                Err(why) => self.reject(from, why),
            }
        }
    }

    /// What has changed of nodes, each for itself.
    pub(super) fn handle_delta(&mut self, from: PeerId, entries: Vec<DeltaEntry<'_>>) {
        for entry in entries {
            match self.apply_update(from, entry.sync_id, Update::Delta(entry.changed, entry.values)) {
                Ok((node, state)) => self.push_event(Event::Changed { from, node, state }),
                Err(why) => self.reject(from, why),
            }
        }
    }

    /// A peer is gone, and its nodes with it.
    pub(super) fn remove_replicas_of(&mut self, peer: PeerId) {
        for (spawner, node) in self.replication.leave(peer) {
            self.push_event(Event::Despawned { from: peer, spawner, node });
        }
    }

    /// A node is about to be removed.
    pub(super) fn stop_replicating(&mut self, node: NodeKey) {
        self.withdraw(node);
        for (from, replica) in self.replication.undeclare(node) {
            self.push_event(Event::Despawned { from, spawner: node, node: replica });
        }
        self.replication.remove_replica(node);
    }

    /// Which node a peer says something of, and what.
    fn apply_update(
        &mut self,
        from: PeerId,
        sync_id: u32,
        update: Update<'_>,
    ) -> Result<(NodeKey, State), PacketError> {
        if sync_id >= BY_PATH {
            let id = sync_id - BY_PATH;
            let node = self.node_numbered(from, id).ok_or(PacketError::UnknownNode { id })?;
            self.check_authority(from, node)?;
            return Ok((node, self.replication.read_declared_update(from, node, update)?));
        }
        let node = self.replication.incoming.synchronized(from, sync_id);
        let node = node.ok_or(ReplicationError::UnknownId { id: sync_id })?;
        self.check_replica(from, node)?;
        Ok((node, self.replication.incoming.read_update(from, sync_id, update)?))
    }

    /// Whether a peer may say something of a node that it has spawned: the spawner may be in other hands by now.
    fn check_replica(&self, from: PeerId, node: NodeKey) -> Result<(), PacketError> {
        let replica = self.replication.incoming.get(node);
        replica.map_or(Ok(()), |replica| self.check_authority(from, replica.spawner))
    }

    /// Whether a declared node is in the hands of that peer. What has come back to its sender is no other peer's.
    fn check_authority(&self, from: PeerId, node: NodeKey) -> Result<(), PacketError> {
        let is_authority = self.nodes.get(node).is_some_and(|node| node.authority == from);
        if is_authority && Some(from) != self.id {
            Ok(())
        } else {
            Err(ReplicationError::NotAuthority.into())
        }
    }
}
