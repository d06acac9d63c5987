//! Nodes that this end spawns, changes and shows to others.

use super::Session;
use crate::{
    error::Error,
    multiplayer::{
        id::{PeerId, Target},
        node::NodeKey,
        replication::{Origin, Properties, Spawn, Spawner},
        rpc::Methods,
        session::sending::{RELAY_HEADER, encode},
    },
    variant::Variant,
};

impl Session {
    /// Declares a spawner, at the same path as at the other ends. Its authority, at first the server, can
    /// [`spawn`](Self::spawn); what another one spawns is told by [`Event::Spawned`](super::super::Event::Spawned).
    ///
    /// # Errors
    /// [`Error::InvalidNode`]; [`Error::PacketTooBig`] for a path that does not even fit into a packet.
    ///
    /// Godot: a `MultiplayerSpawner` enters the tree.
    pub fn register_spawner(&mut self, path: &str, spawner: Spawner) -> Result<NodeKey, Error> {
        spawner.check().map_err(|why| Error::InvalidNode { why })?;
        let node = self.register_node_with(path, Methods::new())?;
        self.replication.register_spawner(node, spawner);
        Ok(node)
    }

    /// Declares a synchronizer that no spawner makes, or one that is in other hands than the spawner. Its authority, at
    /// first the server, can [`set_property`](Self::set_property); what another one sets is told by
    /// [`Event::Synchronized`](super::super::Event::Synchronized) and [`Event::Changed`](super::super::Event::Changed).
    ///
    /// A peer that does not know the path is told nothing, as it is with an engine.
    ///
    /// # Errors
    /// [`Error::InvalidNode`]; [`Error::PacketTooBig`] for a path that does not even fit into a packet.
    ///
    /// Godot: a `MultiplayerSynchronizer` enters the tree.
    pub fn register_synchronizer(&mut self, path: &str, properties: Properties) -> Result<NodeKey, Error> {
        properties.check().map_err(|why| Error::InvalidNode { why })?;
        let node = self.register_node_with(path, Methods::new())?;
        let Some(number) = self.nodes.number(node) else {
            self.nodes.remove(node);
            return Err(Error::InvalidNode { why: "there is no number left for it" });
        };
        self.replication.outgoing.declare(node, number, properties);
        Ok(node)
    }

    /// Spawns a node at all who see it: now at those who are here, later at those who come, with what its properties hold
    /// then, as the first that these hear.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]; [`Error::InvalidNode`] for one that is no spawner; [`Error::NotAuthority`];
    /// [`Error::InvalidArguments`] for a scene, a name or properties that it cannot have; [`Error::InvalidVariant`];
    /// [`Error::PacketTooBig`]; [`Error::NotOpen`].
    ///
    /// Godot: `MultiplayerSpawner.spawn`, or that a scene is added where a spawner looks.
    #[doc(alias = "MultiplayerSpawner")]
    pub fn spawn(&mut self, spawner: impl Into<NodeKey>, spawn: Spawn) -> Result<NodeKey, Error> {
        let spawner = spawner.into();
        self.require_authority(spawner)?;
        let node = self.replication.spawn(spawner, spawn, self.max_len())?;
        self.show_to(node, self.watchers(node));
        Ok(node)
    }

    /// The node that was spawned here is no more.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]; [`Error::InvalidNode`] for one that was declared, and not spawned: see
    /// [`unregister_node`](Self::unregister_node); [`Error::NotAuthority`] for one that was spawned elsewhere; [`Error::NotOpen`].
    ///
    /// Godot: `Node.queue_free`.
    pub fn despawn(&mut self, node: impl Into<NodeKey>) -> Result<(), Error> {
        let node = node.into();
        let source = self.require_source(node)?;
        if !matches!(source, Origin::Spawned(_)) {
            return Err(Error::InvalidNode { why: "it was not spawned" });
        }
        self.hide_from(node, self.watchers(node));
        self.replication.despawn(node);
        Ok(())
    }

    /// Sets a property of a node that was spawned here, or of a synchronizer in this end's hands. The others are told by
    /// [`replicate`](Self::replicate), or by the spawn of the node.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]; [`Error::InvalidNode`] for one without properties; [`Error::NotAuthority`];
    /// [`Error::InvalidArguments`] for a property that it has not, or a value that is of another type;
    /// [`Error::InvalidVariant`]; [`Error::PacketTooBig`], where all that is sent together would be too long;
    /// [`Error::NotOpen`].
    pub fn set_property(
        &mut self,
        node: impl Into<NodeKey>,
        property: &str,
        value: impl Into<Variant>,
    ) -> Result<(), Error> {
        let (node, max) = (node.into(), self.max_len());
        self.require_source(node)?;
        self.replication.outgoing.set(node, property, &value.into(), max)
    }

    /// Tells all peers what the nodes that they see hold: the properties that are sent every time, and those that have
    /// changed. Call it once a frame, or as often as they shall be told.
    ///
    /// What is sent every time goes in packets of [`max_sync_packet_size`](super::super::SessionOptions::max_sync_packet_size),
    /// or is one synchronizer's; of that an engine would send nothing. Nothing is sent of a synchronizer
    /// before each of these properties is set.
    ///
    /// Godot: what `MultiplayerAPI.poll` does; `MultiplayerSynchronizer.replication_interval`, `delta_interval`.
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

    /// These peers see the node from now on: one that was spawned is spawned at them. Who is meant by [`Target::All`]
    /// or [`Target::AllExcept`] includes those who come later.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]; [`Error::InvalidNode`] for one that can only be handle_call; [`Error::NotAuthority`];
    /// [`Error::UnknownPeer`]; [`Error::NotOpen`].
    ///
    /// Godot: `set_visibility_for`, `public_visibility`.
    #[doc(alias = "set_visibility_for")]
    #[doc(alias = "public_visibility")]
    pub fn show(&mut self, node: impl Into<NodeKey>, to: impl Into<Target>) -> Result<(), Error> {
        self.set_visibility(node.into(), to.into(), true)
    }

    /// These peers do not see the node from now on: one that was spawned is despawned at them. Who is meant by
    /// [`Target::All`] or [`Target::AllExcept`] includes those who come later.
    ///
    /// # Errors
    /// As of [`show`](Self::show).
    ///
    /// Godot: `set_visibility_for`, `public_visibility`.
    pub fn hide(&mut self, node: impl Into<NodeKey>, from: impl Into<Target>) -> Result<(), Error> {
        self.set_visibility(node.into(), from.into(), false)
    }

    /// The name of a node that was spawned, here or elsewhere: the last part of its path.
    pub fn spawned_name(&self, node: impl Into<NodeKey>) -> Option<&str> {
        let node = node.into();
        match self.replication.outgoing.get(node).map(|source| &source.origin) {
            Some(Origin::Spawned(spawned)) => Some(&spawned.name),
            Some(Origin::Declared { .. }) => None,
            None => self.replication.incoming.get(node).map(|replica| &*replica.name),
        }
    }

    /// A peer takes part from now on, and sees what everybody sees.
    pub(super) fn start_replicating_to(&mut self, new_peer: PeerId) {
        self.replication.join(new_peer);
        let public =
            self.replication.outgoing.iter().filter(|(_, source)| source.visibility.is_for(new_peer));
        let spawned = public.filter(|(_, source)| matches!(source.origin, Origin::Spawned(_)));
        let spawned: Vec<NodeKey> = spawned.map(|(node, _)| node).collect();
        for node in spawned {
            self.show_to(node, vec![new_peer]);
        }
    }

    /// A node is about to be removed, or to be in the hands of another peer: what is told of it, or spawned by it, is so no
    /// longer.
    pub(super) fn withdraw(&mut self, node: NodeKey) {
        let over = self.replication.outgoing.iter().filter(|(key, source)| match &source.origin {
            Origin::Spawned(spawned) => spawned.spawner == node || *key == node,
            Origin::Declared { .. } => false,
        });
        let spawned: Vec<NodeKey> = over.map(|(node, _)| node).collect();
        for node in spawned {
            self.hide_from(node, self.watchers(node));
            self.replication.despawn(node);
        }
        self.replication.outgoing.remove_all_viewers(node);
        self.replication.outgoing.set_announced(node, false);
    }

    fn set_visibility(&mut self, node: NodeKey, target: Target, visible: bool) -> Result<(), Error> {
        self.require_source(node)?;
        let own = self.require_target(target)?;
        let target = match target {
            Target::Peer(peer) if peer == own => return Err(Error::UnknownPeer),
            // It is gone, and the program does not know that.
            Target::Peer(peer) if !self.peers.is_admitted(peer) => return Ok(()),
            // A later peer that happens to get this id is not meant.
            Target::AllExcept(peer) if !self.peers.is_admitted(peer) => Target::All,
            target => target,
        };
        let before = self.watchers(node);
        if let Some(source) = self.replication.outgoing.get_mut(node) {
            source.visibility.set(target, visible);
        }
        let after = self.watchers(node);
        let without = |peers: &[PeerId], others: &[PeerId]| -> Vec<PeerId> {
            peers.iter().copied().filter(|peer| others.binary_search(peer).is_err()).collect()
        };
        self.hide_from(node, without(&before, &after));
        self.show_to(node, without(&after, &before));
        Ok(())
    }

    /// A node is to be seen by these, who have not seen it.
    fn show_to(&mut self, node: NodeKey, peers: Vec<PeerId>) {
        let Some(source) = self.replication.outgoing.get(node) else { return };
        let Origin::Spawned(spawned) = &source.origin else {
            // They hear of it when they have confirmed its path.
            self.replication.outgoing.set_announced(node, false);
            return;
        };
        let spawner = spawned.spawner;
        // Nobody has to confirm the number of a spawner's path. If there is none left, nobody can be told.
        let Some(number) = self.nodes.number(spawner) else { return };
        let Some(packet) = self.replication.outgoing.spawn_packet(node, number) else { return };
        self.announce(spawner, &peers);
        self.send_to(peers.clone(), packet);
        self.start_sending_to(node, peers);
    }

    /// A node is no longer to be seen by these, who have seen it.
    fn hide_from(&mut self, node: NodeKey, peers: Vec<PeerId>) {
        self.replication.outgoing.remove_viewers(node, &peers);
        let Some(source) = self.replication.outgoing.get(node) else { return };
        if let Origin::Spawned(spawned) = &source.origin {
            let packet = encode(&spawned.despawn_packet());
            self.send_to(peers, packet);
        }
    }

    /// Of a synchronizer at a path those are told who have confirmed that. The others are awaits_confirmation.
    fn announce_synchronizer(&mut self, node: NodeKey) {
        let watchers = self.watchers(node);
        let Some(declared) = self.nodes.get(node) else { return };
        let (confirmed, others) = declared.path_acks.split(watchers);
        self.announce(node, &others);
        self.start_sending_to(node, confirmed);
        self.replication.outgoing.set_announced(node, true);
    }

    /// These are told of a node from now on, and first of all that they may have missed.
    fn start_sending_to(&mut self, node: NodeKey, peers: Vec<PeerId>) {
        let new = self.replication.outgoing.add_viewers(node, peers);
        if !new.is_empty() {
            for packet in self.replication.outgoing.catch_up_packets(node, self.max_len()) {
                self.send_to(new.clone(), packet);
            }
        }
    }

    /// The peers that see a node.
    fn watchers(&self, node: NodeKey) -> Vec<PeerId> {
        let source = self.replication.outgoing.get(node);
        source.map_or_else(Vec::new, |source| source.visibility.among(self.peers.admitted()))
    }

    /// What there is to be told of a node, if this end may.
    fn require_source(&self, node: NodeKey) -> Result<&Origin, Error> {
        let Some(source) = self.replication.outgoing.get(node) else {
            return Err(if self.replication.incoming.get(node).is_some() {
                Error::NotAuthority
            } else if self.nodes.get(node).is_some() {
                Error::InvalidNode { why: "it was not spawned, and is no synchronizer" }
            } else {
                Error::UnknownNode
            });
        };
        self.require_authority(match &source.origin {
            Origin::Spawned(spawned) => spawned.spawner,
            Origin::Declared { .. } => node,
        })?;
        Ok(&source.origin)
    }

    /// That a declared node is in this end's hands.
    fn require_authority(&self, node: NodeKey) -> Result<(), Error> {
        let authority = self.nodes.get(node).ok_or(Error::UnknownNode)?.authority;
        if authority == self.require_id()? { Ok(()) } else { Err(Error::NotAuthority) }
    }

    /// The longest packet, on the longest way to a peer.
    fn max_len(&self) -> usize {
        let relay_overhead = if self.is_server { 0 } else { RELAY_HEADER };
        self.options.max_packet_size.saturating_sub(relay_overhead)
    }
}
