//! Nodes that other peers spawn and change. Packets are validated before the program receives events.

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
    /// Handles the spawn of a node by a peer.
    pub(super) fn handle_spawn(&mut self, from: PeerId, packet: SpawnPacket<'_>) -> Result<(), PacketError> {
        let id = packet.spawner;
        let spawner = self.node_by_id(from, id);
        if let Some(peer) = self.peers.admitted_mut(from) {
            match spawner {
                None if peer.is_former_path(id) => peer.skip_spawned(&packet),
                _ => peer.record_spawned(&packet),
            }
        }
        let spawner = spawner.ok_or(PacketError::UnknownNode { id })?;
        self.check_authority(from, spawner)?;
        let max = self.options.max_spawned_per_peer;
        let spawned = self.replication.spawned(from, spawner, packet, max)?;
        self.push_event(Event::Spawned(spawned));
        Ok(())
    }

    /// Handles the removal of a node that a peer has spawned.
    pub(super) fn handle_despawn(&mut self, from: PeerId, net_id: u32) -> Result<(), PacketError> {
        let node = self.replication.incoming.find(from, net_id);
        let node = node.ok_or(ReplicationError::UnknownId { id: net_id })?;
        self.check_replica(from, node)?;
        if let Some(spawner) = self.replication.remove_replica(node) {
            self.push_event(Event::Despawned { from, spawner, node });
        }
        Ok(())
    }

    /// Handles property values of nodes. Each node is checked separately.
    pub(super) fn handle_sync(&mut self, from: PeerId, time: u16, entries: Vec<SyncEntry<'_>>) {
        for entry in entries {
            match self.apply_update(from, entry.sync_id, Update::Sync(time, entry.values)) {
                Ok((node, state)) => self.push_event(Event::Synchronized { from, node, state }),
                Err(error) => self.reject(from, error),
            }
        }
    }

    /// Handles changed property values of nodes. Each node is checked separately.
    pub(super) fn handle_delta(&mut self, from: PeerId, entries: Vec<DeltaEntry<'_>>) {
        for entry in entries {
            match self.apply_update(from, entry.sync_id, Update::Delta(entry.changed, entry.values)) {
                Ok((node, state)) => self.push_event(Event::Changed { from, node, state }),
                Err(error) => self.reject(from, error),
            }
        }
    }

    /// Removes the nodes of a peer that is gone.
    pub(super) fn remove_replicas_of(&mut self, peer: PeerId) {
        for (spawner, node) in self.replication.leave(peer) {
            self.push_event(Event::Despawned { from: peer, spawner, node });
        }
    }

    /// Removes the data of a node that is about to be removed.
    pub(super) fn stop_replicating(&mut self, node: NodeKey) {
        self.withdraw(node);
        for (from, replica) in self.replication.unregister(node) {
            self.push_event(Event::Despawned { from, spawner: node, node: replica });
        }
        self.replication.remove_replica(node);
    }

    /// Applies an update of a peer. Returns the node and its new values.
    fn apply_update(
        &mut self,
        from: PeerId,
        sync_id: u32,
        update: Update<'_>,
    ) -> Result<(NodeKey, State), PacketError> {
        if sync_id >= BY_PATH {
            let id = sync_id - BY_PATH;
            let node = self.node_by_id(from, id).ok_or(PacketError::UnknownNode { id })?;
            self.check_authority(from, node)?;
            return Ok((node, self.replication.read_registered_update(from, node, update)?));
        }
        let node = self.replication.incoming.synchronized(from, sync_id);
        let node = node.ok_or(ReplicationError::UnknownId { id: sync_id })?;
        self.check_replica(from, node)?;
        Ok((node, self.replication.incoming.read_update(from, sync_id, update)?))
    }

    /// Checks that a peer may still change a node that it has spawned: the spawner may have another authority now.
    fn check_replica(&self, from: PeerId, node: NodeKey) -> Result<(), PacketError> {
        let replica = self.replication.incoming.get(node);
        replica.map_or(Ok(()), |replica| self.check_authority(from, replica.spawner))
    }

    /// Checks that a peer is the authority of a registered node, and is not this end, to which a packet may return.
    fn check_authority(&self, from: PeerId, node: NodeKey) -> Result<(), PacketError> {
        let is_authority = self.nodes.get(node).is_some_and(|node| node.authority == from);
        if is_authority && Some(from) != self.id {
            Ok(())
        } else {
            Err(ReplicationError::NotAuthority.into())
        }
    }
}
