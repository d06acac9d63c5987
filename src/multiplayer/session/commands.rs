//! Commands of admitted peers to this end: bytes, calls, and announcements of path ids.

use super::{Session, checksum};
use crate::{
    multiplayer::{
        event::{Call, Event},
        id::PeerId,
        node::NodeKey,
        packet_error::PacketError,
        path_ids::MAX_PATH_ID,
        paths::{ROOT, relative},
        rpc::{Caller, NO_METHODS},
        wire::{CallPacket, Command, NodeRef, SimplifyPath},
    },
    packet::Packet,
};

/// The number of paths that a peer may announce while memory is scarce: they fit into the peer's own share.
const FEW_PATHS: usize = 16;

impl Session {
    /// Handles a command that is a part of `packet`, which was received directly or by relay, and is not about the session itself.
    pub(super) fn handle_command(
        &mut self,
        from: PeerId,
        command: Command<'_>,
        packet: &Packet,
    ) -> Result<(), PacketError> {
        match command {
            Command::Call(call) => self.handle_call(from, call),
            Command::SimplifyPath(announcement) => {
                self.memory_usage_changed = true;
                self.handle_simplify_path(from, announcement)
            }
            Command::ConfirmPath { valid, id } => {
                self.handle_confirm_path(from, id, valid);
                Ok(())
            }
            Command::Raw(bytes) => {
                let data = packet.part(bytes);
                self.push_event(Event::Packet { from, data });
                Ok(())
            }
            Command::Spawn(spawn) => {
                self.memory_usage_changed = true;
                self.handle_spawn(from, spawn)
            }
            Command::Despawn { net_id } => {
                self.memory_usage_changed = true;
                self.handle_despawn(from, net_id)
            }
            Command::Sync { time, entries } => {
                self.handle_sync(from, time, entries);
                Ok(())
            }
            Command::Delta(entries) => {
                self.handle_delta(from, entries);
                Ok(())
            }
            Command::System(_) => Err(PacketError::RelayedSystem),
        }
    }

    /// Handles a call. It reaches the program only if all of it is valid.
    fn handle_call(&mut self, from: PeerId, call: CallPacket<'_>) -> Result<(), PacketError> {
        let key = match call.node {
            NodeRef::Id(id) => self.node_by_id(from, id).ok_or(PacketError::UnknownNode { id })?,
            NodeRef::Path(path) => self.node_at(path).ok_or(PacketError::UnknownPath)?,
        };
        let node = self.nodes.get(key).ok_or(PacketError::UnknownPath)?;
        let method = node.methods.get(call.method).ok_or(PacketError::UnknownMethod { id: call.method })?;
        let name = || method.name.clone();
        let is_allowed = match method.caller {
            Caller::AnyPeer => true,
            Caller::Authority => from == node.authority,
            Caller::Disabled => false,
        };
        if !is_allowed {
            return Err(PacketError::NotAllowed { method: name() });
        }
        let arguments = call.arguments.decode(self.objects());
        let arguments = arguments.map_err(|error| PacketError::InvalidArgument { method: name(), error })?;
        let arguments = method
            .convert_received(arguments)
            .map_err(|error| PacketError::InvalidCall { method: name(), error })?;
        let call = Call::new(from, key, name(), arguments);
        self.stats.calls_received += 1;
        self.push_event(Event::Call(call));
        Ok(())
    }

    /// Handles the announcement of a path id. It is confirmed if there is a node at the path here.
    fn handle_simplify_path(
        &mut self,
        from: PeerId,
        announcement: SimplifyPath<'_>,
    ) -> Result<(), PacketError> {
        let SimplifyPath { md5, id, path } = announcement;
        let path = relative(path, &self.options.root_path).ok_or(PacketError::UnknownPath)?;
        let max = self.max_paths();
        let known = self.peers.paths(from).ok_or(PacketError::UnknownPeer)?;
        // Peers without methods at the root announce it to request a confirmation before they disconnect. A server also
        // does that before it moves this client, each time with another number, which is never used for anything else.
        let is_request = path == ROOT && (&md5 == NO_METHODS || id > MAX_PATH_ID);
        let must_confirm = is_request && !self.is_server;
        let mut insert = |path, node| {
            if must_confirm && id > MAX_PATH_ID {
                return Ok(());
            }
            match known.insert(id, path, node, max) {
                Err(PacketError::TooManyPaths) if must_confirm => Ok(()),
                result => result,
            }
        };
        let mut valid = true;
        match self.nodes.at(path).and_then(|key| Some((key, self.nodes.get(key)?))) {
            Some((key, node)) => {
                insert(node.path.clone(), Some(key))?;
                valid = node.methods.md5_digits() == &md5;
                if !valid && !is_request {
                    self.report_mismatch(from, key, Some(&md5));
                }
            }
            // The root always exists. A node may be registered there later, and is then called by this id.
            None if path == ROOT => insert(self.nodes.path_ids().root().clone(), None)?,
            None => return Err(PacketError::UnknownPath),
        }
        self.send_command(from, &Command::ConfirmPath { valid, id });
        Ok(())
    }

    /// Handles the confirmation of a path id. The id is valid even if the peer has other methods there.
    fn handle_confirm_path(&mut self, from: PeerId, id: u32, valid: bool) {
        let Some(key) = self.nodes.confirm(id, from) else { return };
        self.replication.outgoing.set_announced(key, false);
        if !valid {
            self.report_mismatch(from, key, None);
        }
    }

    /// Returns the number of paths that a peer may announce.
    pub(super) fn max_paths(&self) -> usize {
        match self.memory_scarce {
            false => self.options.max_paths_per_peer,
            true => self.options.max_paths_per_peer.min(FEW_PATHS),
        }
    }

    /// Reports that a peer has other methods at a node, once for each peer and node.
    fn report_mismatch(&mut self, peer: PeerId, key: NodeKey, md5: Option<&[u8; 32]>) {
        if !self.nodes.add_mismatch(key, peer) {
            return;
        }
        let Some(node) = self.nodes.get(key) else { return };
        let theirs = md5.and_then(|md5| checksum::find(md5, &node.methods, self.nodes.methods()));
        let ours = checksum::names(&node.methods);
        self.push_event(Event::ChecksumMismatch { peer, node: key, ours, theirs });
    }

    /// Returns the node with this id of a peer. If the node was registered again, it is found by its path.
    pub(super) fn node_by_id(&mut self, peer: PeerId, id: u32) -> Option<NodeKey> {
        let (key, path) = self.peers.paths(peer)?.get(id)?;
        key.filter(|key| self.nodes.get(*key).is_some()).or_else(|| self.nodes.at(path))
    }

    fn node_at(&self, path: &str) -> Option<NodeKey> {
        self.nodes.at(relative(path, &self.options.root_path)?)
    }
}
