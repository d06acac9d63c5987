//! Nodes, and calls of their methods at other peers.

use super::{
    Session,
    sending::{RELAY_HEADER, encode},
};
use crate::{
    error::Error,
    multiplayer::{
        error::SessionError,
        event::Call,
        id::{PeerId, Target},
        node::{Node, NodeKey},
        paths,
        rpc::{CallError, Methods, Rpc},
        wire::{ArgumentsError, CallPacket, Command, EncodedArguments, NodeRef, SimplifyPath},
    },
    variant::{Objects, Variant},
};

impl Session {
    /// Registers a node whose calls are the enum `R`, at the same path as at the other ends.
    ///
    /// The path is relative to [`root_path`](super::super::SessionOptions::root_path), or absolute. The path of the
    /// root itself is `.`.
    ///
    /// # Errors
    /// [`SessionError::InvalidNode`]; [`Error::PacketTooBig`] for a path that does not fit into a packet.
    pub fn register_node<R: Rpc>(&mut self, path: &str) -> Result<Node<R>, SessionError> {
        self.register_node_with(path, R::methods()).map(Node::new)
    }

    /// Registers a node with methods that are declared at run time. Otherwise like
    /// [`register_node`](Self::register_node).
    ///
    /// # Errors
    /// [`SessionError::InvalidNode`]; [`Error::PacketTooBig`] for a path that does not fit into a packet.
    pub fn register_node_with(&mut self, path: &str, methods: Methods) -> Result<NodeKey, SessionError> {
        let invalid = |reason| SessionError::InvalidNode { reason };
        let path = paths::check(path, &self.options.root_path).map_err(invalid)?;
        methods.check().map_err(invalid)?;
        let announcement = SimplifyPath { md5: *methods.md5_digits(), id: 0, path };
        self.check_size(encode(&Command::SimplifyPath(announcement)).len() + RELAY_HEADER)?;
        self.nodes.insert(path, methods).ok_or(invalid("there is already a node at its path"))
    }

    /// Removes a node. A node registered later at its path is a new one, also for the other ends, unless another session
    /// with the same [`PathIds`](super::super::PathIds) has one with the same methods there: then the number of the path
    /// stays.
    pub fn unregister_node(&mut self, node: impl Into<NodeKey>) {
        let node = node.into();
        self.stop_replicating(node);
        self.nodes.remove(node);
    }

    /// Makes a peer the authority of a node. Methods of [`Caller::Authority`](super::super::Caller::Authority) can be
    /// called by it only. At first the server is the authority.
    ///
    /// Nothing is sent: each end sets it itself.
    ///
    /// # Errors
    /// [`SessionError::UnknownNode`].
    ///
    /// Godot: `Node.set_multiplayer_authority`.
    #[doc(alias = "set_multiplayer_authority")]
    pub fn set_authority(&mut self, node: impl Into<NodeKey>, authority: PeerId) -> Result<(), SessionError> {
        let node = node.into();
        if self.nodes.get(node).is_some_and(|node| node.authority != authority) {
            self.withdraw(node);
        }
        self.nodes.get_mut(node).ok_or(SessionError::UnknownNode)?.authority = authority;
        Ok(())
    }

    /// Calls a method of a node at other peers. If the method is declared as local and this end is in the target,
    /// [`Event::Call`](super::super::Event::Call) occurs here, too.
    ///
    /// The receivers check whether this end may call the method; this end does not.
    ///
    /// # Errors
    /// [`SessionError::UnknownNode`]; [`SessionError::UnknownMethod`] and [`SessionError::InvalidArguments`] if the
    /// node was registered with other methods than those of `R`; [`SessionError::NotCallLocal`]; [`Error::NotOpen`]
    /// without an id; [`Error::UnknownPeer`]; [`Error::InvalidVariant`]; [`Error::PacketTooBig`].
    ///
    /// Godot: `rpc`, `rpc_id`.
    #[doc(alias = "rpc")]
    #[doc(alias = "rpc_id")]
    pub fn call<R: Rpc>(
        &mut self,
        node: Node<R>,
        to: impl Into<Target>,
        call: R,
    ) -> Result<(), SessionError> {
        let (method, arguments) = call.into_call();
        self.call_method(node, to, method, arguments)
    }

    /// Calls a method by name. Otherwise like [`call`](Self::call).
    ///
    /// # Errors
    /// The errors of [`call`](Self::call).
    ///
    /// Godot: `MultiplayerAPI.rpc`.
    #[doc(alias = "rpc")]
    pub fn call_method(
        &mut self,
        node: impl Into<NodeKey>,
        to: impl Into<Target>,
        method: &str,
        arguments: Vec<Variant>,
    ) -> Result<(), SessionError> {
        let (key, to) = (node.into(), to.into());
        let node = self.nodes.get(key).ok_or(SessionError::UnknownNode)?;
        let (number, method) = node.methods.find(method).ok_or(SessionError::UnknownMethod)?;
        let invalid = |error: CallError| SessionError::InvalidArguments { reason: error.to_string() };
        let arguments = method.convert(arguments).map_err(invalid)?;
        let (name, call_local) = (method.name.clone(), method.call_local);

        let own = self.require_target(to)?;
        let is_meant = match to {
            Target::All => true,
            Target::Peer(peer) => peer == own,
            Target::AllExcept(except) => except != own,
        };
        if matches!(to, Target::Peer(_)) && is_meant && !call_local {
            return Err(SessionError::NotCallLocal);
        }
        self.send_call(key, self.targets(to), number, &arguments)?;
        if is_meant && call_local {
            self.push_local_call(Call::new(own, key, name, arguments));
        }
        Ok(())
    }

    /// Sends a call. Peers that have confirmed the path id get the id, the others the path. The id is first announced
    /// to the peers that do not know it.
    fn send_call(
        &mut self,
        key: NodeKey,
        peers: Vec<PeerId>,
        method: u16,
        arguments: &[Variant],
    ) -> Result<(), SessionError> {
        let arguments = EncodedArguments::new(arguments, self.objects()).map_err(|error| match error {
            ArgumentsError::TooMany => {
                SessionError::InvalidArguments { reason: "there are more than 255".to_owned() }
            }
            ArgumentsError::Value(reason) => Error::InvalidVariant { reason }.into(),
        })?;
        let packet = |node| encode(&Command::Call(CallPacket { node, method, arguments: arguments.get() }));

        // Nothing may change before it is certain that everything can be sent.
        let node = self.nodes.get(key).ok_or(SessionError::UnknownNode)?;
        let (channel, transfer) =
            node.methods.get(method).map(|method| (method.channel, method.transfer)).unwrap_or_default();
        let (confirmed, others) = self.nodes.split(node, peers);
        let by_path = (!others.is_empty()).then(|| packet(NodeRef::Path(&node.path)));
        let by_id = node.number.filter(|_| !confirmed.is_empty()).map(|id| packet(NodeRef::Id(id)));
        for (packet, peers) in [(&by_path, &others), (&by_id, &confirmed)] {
            if let Some(packet) = packet {
                self.check_size(packet.len() + self.relay_overhead(peers))?;
            }
        }

        if let Some(packet) = by_path {
            self.announce(key, &others);
            self.send_with(others, packet, channel, transfer);
        }
        if let Some(packet) = by_id {
            self.send_with(confirmed, packet, channel, transfer);
        }
        self.stats.calls_sent += 1;
        Ok(())
    }

    /// Announces the path id of a node to those of `peers` that do not know it.
    pub(super) fn announce(&mut self, key: NodeKey, peers: &[PeerId]) {
        let unannounced = self.nodes.announce_to(key, peers);
        // When no id is left, calls contain the path.
        let Some((node, id)) = self.nodes.get(key).and_then(|node| Some((node, node.number?))) else {
            return;
        };
        if !unannounced.is_empty() {
            let announcement = SimplifyPath { md5: *node.methods.md5_digits(), id, path: &node.path };
            let packet = encode(&Command::SimplifyPath(announcement));
            self.send_to(unannounced, packet);
        }
    }

    pub(super) fn objects(&self) -> Objects {
        if self.options.allow_objects { Objects::Full } else { Objects::ById }
    }
}
