//! Nodes that this end spawns, changes and shows to others.

use super::Session;
use crate::{
    error::Error,
    multiplayer::{
        error::SessionError,
        id::{PeerId, Target},
        node::NodeKey,
        replication::{Origin, Properties, Spawn, Spawner},
        rpc::Methods,
        session::sending::{RELAY_HEADER, encode},
    },
    variant::Variant,
};

impl Session {
    /// Registers a spawner, at the same path as at the other ends. Its authority, at first the server, can
    /// [`spawn`](Self::spawn). When another authority spawns a node, [`Event::Spawned`](super::super::Event::Spawned)
    /// occurs.
    ///
    /// # Errors
    /// [`SessionError::InvalidNode`]; [`Error::PacketTooBig`] for a path that does not fit into a packet.
    ///
    /// Godot: a `MultiplayerSpawner` enters the tree.
    #[doc(alias = "MultiplayerSpawner")]
    pub fn register_spawner(&mut self, path: &str, spawner: Spawner) -> Result<NodeKey, SessionError> {
        spawner.check().map_err(|reason| SessionError::InvalidNode { reason })?;
        let node = self.register_node_with(path, Methods::new())?;
        self.replication.register_spawner(node, spawner);
        Ok(node)
    }

    /// Registers a synchronizer that no spawner creates, or one with another authority than the spawner. Its authority,
    /// at first the server, can [`set_property`](Self::set_property). When another authority sends values,
    /// [`Event::Synchronized`](super::super::Event::Synchronized) and [`Event::Changed`](super::super::Event::Changed)
    /// occur.
    ///
    /// A peer that does not have the path receives no values, as with an engine.
    ///
    /// # Errors
    /// [`SessionError::InvalidNode`]; [`Error::PacketTooBig`] for a path that does not fit into a packet.
    ///
    /// Godot: a `MultiplayerSynchronizer` enters the tree.
    #[doc(alias = "MultiplayerSynchronizer")]
    pub fn register_synchronizer(
        &mut self,
        path: &str,
        properties: Properties,
    ) -> Result<NodeKey, SessionError> {
        properties.check().map_err(|reason| SessionError::InvalidNode { reason })?;
        let node = self.register_node_with(path, Methods::new())?;
        let Some(number) = self.nodes.number(node) else {
            self.nodes.remove(node);
            return Err(SessionError::InvalidNode { reason: "there is no path id left for it" });
        };
        self.replication.outgoing.register_synchronizer(node, number, properties);
        Ok(node)
    }

    /// Spawns a node at all peers that it is visible to: now at those that are admitted, and later at those that join.
    /// A later peer receives the values of that time.
    ///
    /// # Errors
    /// [`SessionError::UnknownNode`]; [`SessionError::InvalidNode`] for a node that is not a spawner;
    /// [`SessionError::NotAuthority`]; [`SessionError::InvalidArguments`] for a scene, a name or properties that the
    /// spawner does not allow; [`Error::InvalidVariant`]; [`Error::PacketTooBig`]; [`Error::NotOpen`].
    ///
    /// Godot: `MultiplayerSpawner.spawn`, or adding a scene below `spawn_path`.
    #[doc(alias = "MultiplayerSpawner")]
    #[doc(alias = "spawn_path")]
    pub fn spawn(&mut self, spawner: impl Into<NodeKey>, spawn: Spawn) -> Result<NodeKey, SessionError> {
        let spawner = spawner.into();
        self.require_authority(spawner)?;
        let node = self.replication.spawn(spawner, spawn, self.max_len())?;
        self.show_to(node, self.viewers(node));
        Ok(node)
    }

    /// Removes a node that was spawned here.
    ///
    /// # Errors
    /// [`SessionError::UnknownNode`]; [`SessionError::InvalidNode`] for a node that was registered: see
    /// [`unregister_node`](Self::unregister_node); [`SessionError::NotAuthority`] for a node that another peer spawned;
    /// [`Error::NotOpen`].
    ///
    /// Godot: `Node.queue_free`.
    pub fn despawn(&mut self, node: impl Into<NodeKey>) -> Result<(), SessionError> {
        let node = node.into();
        let source = self.require_source(node)?;
        if !matches!(source, Origin::Spawned(_)) {
            return Err(SessionError::InvalidNode { reason: "it was not spawned" });
        }
        self.hide_from(node, self.viewers(node));
        self.replication.despawn(node);
        Ok(())
    }

    /// Sets a property of a node that was spawned here, or of a synchronizer whose authority this end is.
    /// [`replicate`](Self::replicate) sends it, or the spawn of the node.
    ///
    /// # Errors
    /// [`SessionError::UnknownNode`]; [`SessionError::InvalidNode`] for a node without properties;
    /// [`SessionError::NotAuthority`]; [`SessionError::InvalidArguments`] for an unknown property, or a value of
    /// another type; [`Error::InvalidVariant`]; [`Error::PacketTooBig`] if the values that are sent together would be
    /// too long; [`Error::NotOpen`].
    pub fn set_property(
        &mut self,
        node: impl Into<NodeKey>,
        property: &str,
        value: impl Into<Variant>,
    ) -> Result<(), SessionError> {
        let (node, max) = (node.into(), self.max_len());
        self.require_source(node)?;
        self.replication.outgoing.set(node, property, &value.into(), max)
    }

    /// Sends property values to the peers that the nodes are visible to: properties that are sent every time, and
    /// properties that have changed. Call it once a frame, or at your own rate.
    ///
    /// Properties that are sent every time go in packets of
    /// [`max_sync_packet_size`](super::super::SessionOptions::max_sync_packet_size). A synchronizer that alone exceeds
    /// it gets a larger packet; an engine would send nothing. A synchronizer sends nothing before each of these
    /// properties is set.
    ///
    /// Godot: part of `MultiplayerAPI.poll`; `MultiplayerSynchronizer.replication_interval`, `delta_interval`.
    #[doc(alias = "MultiplayerSynchronizer")]
    #[doc(alias = "replication_interval")]
    #[doc(alias = "delta_interval")]
    pub fn replicate(&mut self) {
        if self.require_open().is_err() {
            return;
        }
        let max = self.max_len();
        let max_sync = self.options.max_sync_packet_size.min(max);
        for (peers, packet) in self.replication.outgoing.frame(max_sync, max) {
            self.send_to(peers, packet);
        }
        for node in self.replication.outgoing.unannounced() {
            if self.require_authority(node).is_ok() {
                self.announce_synchronizer(node);
            }
        }
    }

    /// Makes a node visible to these peers. A spawned node is spawned at them. [`Target::All`] and
    /// [`Target::AllExcept`] include peers that join later.
    ///
    /// # Errors
    /// [`SessionError::UnknownNode`]; [`SessionError::InvalidNode`] for a node that can only be called;
    /// [`SessionError::NotAuthority`]; [`Error::UnknownPeer`]; [`Error::NotOpen`].
    ///
    /// Godot: `set_visibility_for`, `public_visibility`.
    #[doc(alias = "set_visibility_for")]
    #[doc(alias = "public_visibility")]
    pub fn show(&mut self, node: impl Into<NodeKey>, to: impl Into<Target>) -> Result<(), SessionError> {
        self.set_visibility(node.into(), to.into(), true)
    }

    /// Makes a node invisible to these peers. A spawned node is despawned at them. [`Target::All`] and
    /// [`Target::AllExcept`] include peers that join later.
    ///
    /// # Errors
    /// The errors of [`show`](Self::show).
    ///
    /// Godot: `set_visibility_for`, `public_visibility`.
    #[doc(alias = "set_visibility_for")]
    #[doc(alias = "public_visibility")]
    pub fn hide(&mut self, node: impl Into<NodeKey>, from: impl Into<Target>) -> Result<(), SessionError> {
        self.set_visibility(node.into(), from.into(), false)
    }

    /// Returns the name of a node that was spawned, here or elsewhere: the last part of its path.
    pub fn spawned_name(&self, node: impl Into<NodeKey>) -> Option<&str> {
        let node = node.into();
        match self.replication.outgoing.get(node).map(|source| &source.origin) {
            Some(Origin::Spawned(spawned)) => Some(&spawned.name),
            Some(Origin::Registered { .. }) => None,
            None => self.replication.incoming.get(node).map(|replica| &*replica.name),
        }
    }

    /// Spawns the nodes that are visible to all at a peer that was admitted. `sync_time` is the time of the last SYNC
    /// that another session sent to it.
    pub(super) fn start_replicating_to(&mut self, new_peer: PeerId, sync_time: Option<u16>) {
        self.replication.join(new_peer, sync_time);
        let public =
            self.replication.outgoing.iter().filter(|(_, source)| source.visibility.is_for(new_peer));
        let spawned = public.filter(|(_, source)| matches!(source.origin, Origin::Spawned(_)));
        let spawned: Vec<NodeKey> = spawned.map(|(node, _)| node).collect();
        for node in spawned {
            self.show_to(node, vec![new_peer]);
        }
    }

    /// Stops replicating a node that is about to be removed or to get another authority, and removes the nodes that it
    /// spawned.
    pub(super) fn withdraw(&mut self, node: NodeKey) {
        let ended = self.replication.outgoing.iter().filter(|(key, source)| match &source.origin {
            Origin::Spawned(spawned) => spawned.spawner == node || *key == node,
            Origin::Registered { .. } => false,
        });
        let spawned: Vec<NodeKey> = ended.map(|(node, _)| node).collect();
        for node in spawned {
            self.hide_from(node, self.viewers(node));
            self.replication.despawn(node);
        }
        self.replication.outgoing.remove_all_viewers(node);
        self.replication.outgoing.set_announced(node, false);
    }

    fn set_visibility(&mut self, node: NodeKey, target: Target, visible: bool) -> Result<(), SessionError> {
        self.require_source(node)?;
        let own = self.require_target(target)?;
        let target = match target {
            Target::Peer(peer) if peer == own => return Err(Error::UnknownPeer.into()),
            // It is gone, and the program has not read that.
            Target::Peer(peer) if !self.peers.is_admitted(peer) => return Ok(()),
            // A later peer with the same id is not meant.
            Target::AllExcept(peer) if !self.peers.is_admitted(peer) => Target::All,
            target => target,
        };
        let before = self.viewers(node);
        if let Some(source) = self.replication.outgoing.get_mut(node) {
            source.visibility.set(target, visible);
        }
        let after = self.viewers(node);
        let without = |peers: &[PeerId], others: &[PeerId]| -> Vec<PeerId> {
            peers.iter().copied().filter(|peer| others.binary_search(peer).is_err()).collect()
        };
        self.hide_from(node, without(&before, &after));
        self.show_to(node, without(&after, &before));
        Ok(())
    }

    /// Makes a node visible to peers that it was not visible to.
    fn show_to(&mut self, node: NodeKey, peers: Vec<PeerId>) {
        let Some(source) = self.replication.outgoing.get(node) else { return };
        let Origin::Spawned(spawned) = &source.origin else {
            // They receive values when they have confirmed its path.
            self.replication.outgoing.set_announced(node, false);
            return;
        };
        let spawner = spawned.spawner;
        // The path id of a spawner needs no confirmation. Without an id, nothing can be sent.
        let Some(number) = self.nodes.number(spawner) else { return };
        let Some(packet) = self.replication.outgoing.spawn_packet(node, number) else { return };
        self.announce(spawner, &peers);
        self.send_to(peers.clone(), packet);
        self.start_sending_to(node, peers);
    }

    /// Makes a node invisible to peers that it was visible to.
    fn hide_from(&mut self, node: NodeKey, peers: Vec<PeerId>) {
        self.replication.outgoing.remove_viewers(node, &peers);
        let Some(source) = self.replication.outgoing.get(node) else { return };
        if let Origin::Spawned(spawned) = &source.origin {
            let packet = encode(&spawned.despawn_packet());
            self.send_to(peers, packet);
        }
    }

    /// Starts sending values of a synchronizer to peers that have confirmed its path, and announces the path to the
    /// others.
    fn announce_synchronizer(&mut self, node: NodeKey) {
        let viewers = self.viewers(node);
        let Some(declared) = self.nodes.get(node) else { return };
        let (confirmed, others) = self.nodes.split(declared, viewers);
        self.announce(node, &others);
        self.start_sending_to(node, confirmed);
        self.replication.outgoing.set_announced(node, true);
    }

    /// Starts sending values of a node to peers, beginning with the values that they have missed.
    fn start_sending_to(&mut self, node: NodeKey, peers: Vec<PeerId>) {
        let new = self.replication.outgoing.add_viewers(node, peers);
        if !new.is_empty() {
            for packet in self.replication.outgoing.catch_up_packets(node, self.max_len()) {
                self.send_to(new.clone(), packet);
            }
        }
    }

    /// Returns the peers that a node is visible to.
    fn viewers(&self, node: NodeKey) -> Vec<PeerId> {
        let source = self.replication.outgoing.get(node);
        source.map_or_else(Vec::new, |source| source.visibility.among(self.peers.admitted()))
    }

    /// Returns the origin of a node whose values this end may send.
    fn require_source(&self, node: NodeKey) -> Result<&Origin, SessionError> {
        let Some(source) = self.replication.outgoing.get(node) else {
            return Err(if self.replication.incoming.get(node).is_some() {
                SessionError::NotAuthority
            } else if self.nodes.get(node).is_some() {
                SessionError::InvalidNode { reason: "it was not spawned, and is not a synchronizer" }
            } else {
                SessionError::UnknownNode
            });
        };
        self.require_authority(match &source.origin {
            Origin::Spawned(spawned) => spawned.spawner,
            Origin::Registered { .. } => node,
        })?;
        Ok(&source.origin)
    }

    /// Checks that this end is the authority of a registered node.
    fn require_authority(&self, node: NodeKey) -> Result<(), SessionError> {
        let authority = self.nodes.get(node).ok_or(SessionError::UnknownNode)?.authority;
        if authority == self.require_id()? { Ok(()) } else { Err(SessionError::NotAuthority) }
    }

    /// Returns the largest packet that can be sent to every peer, also by relay.
    fn max_len(&self) -> usize {
        let relay_overhead = if self.is_server { 0 } else { RELAY_HEADER };
        self.options.max_packet_size.saturating_sub(relay_overhead)
    }
}
