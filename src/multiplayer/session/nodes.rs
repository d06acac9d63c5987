//! The registered nodes, by key, by path, and by path id.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::multiplayer::{
    id::PeerId,
    memory::{ALLOCATION, map_entry},
    node::NodeKey,
    path_ids::PathIds,
    paths::{PathAcks, PeerAcks},
    rpc::Methods,
};

/// The memory of one mismatch, in bytes. A set with a single entry has room for 11.
const MISMATCH: usize = 11 * size_of::<PeerId>() + ALLOCATION + map_entry::<PeerId, usize>();

/// All nodes of a session.
#[derive(Debug)]
pub(super) struct Nodes {
    by_key: BTreeMap<NodeKey, RegisteredNode>,
    by_path: BTreeMap<Arc<str>, NodeKey>,
    /// Those whose path id this session knows.
    by_id: BTreeMap<u32, NodeKey>,
    path_ids: PathIds,
    /// The peers that know a path id. It may be that of a path that only other sessions have.
    acks: BTreeMap<u32, PathAcks>,
    /// The number of nodes at which a peer has other methods.
    mismatches: BTreeMap<PeerId, usize>,
}

/// A registered node.
#[derive(Debug)]
pub(super) struct RegisteredNode {
    /// Its path, relative to the root.
    pub(super) path: Arc<str>,
    pub(super) methods: Methods,
    pub(super) authority: PeerId,
    /// Its path id. `None` before the first announcement, and when no id is left.
    pub(super) number: Option<u32>,
    /// The peers that are known to have other methods.
    mismatched: BTreeSet<PeerId>,
}

impl Nodes {
    pub(super) fn new(path_ids: PathIds) -> Self {
        Self {
            by_key: BTreeMap::new(),
            by_path: BTreeMap::new(),
            by_id: BTreeMap::new(),
            path_ids,
            acks: BTreeMap::new(),
            mismatches: BTreeMap::new(),
        }
    }

    /// Adds a node; `None` if there is already one at this path.
    pub(super) fn insert(&mut self, path: &str, methods: Methods) -> Option<NodeKey> {
        if self.by_path.contains_key(path) {
            return None;
        }
        let (path, number) = self.path_ids.register(path, methods.md5_digits());
        let key = NodeKey::unique();
        self.by_path.insert(path.clone(), key);
        self.by_id.extend(number.map(|number| (number, key)));
        let (authority, mismatched) = (PeerId::SERVER, BTreeSet::new());
        self.by_key.insert(key, RegisteredNode { path, methods, authority, number, mismatched });
        Some(key)
    }

    pub(super) fn remove(&mut self, key: NodeKey) {
        if let Some(node) = self.by_key.remove(&key) {
            self.by_path.remove(&node.path);
            for peer in node.mismatched {
                if let Some(count) = self.mismatches.get_mut(&peer) {
                    *count -= 1;
                }
            }
            let is_dead = self.path_ids.unregister(&node.path, node.methods.md5_digits());
            if let Some(number) = node.number {
                self.by_id.remove(&number);
                if is_dead {
                    self.acks.remove(&number);
                }
            }
        }
    }

    pub(super) fn get(&self, key: NodeKey) -> Option<&RegisteredNode> {
        self.by_key.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: NodeKey) -> Option<&mut RegisteredNode> {
        self.by_key.get_mut(&key)
    }

    pub(super) fn at(&self, path: &str) -> Option<NodeKey> {
        self.by_path.get(path).copied()
    }

    /// Returns the path id of a node, and assigns one if it has none.
    pub(super) fn number(&mut self, key: NodeKey) -> Option<u32> {
        let node = self.by_key.get_mut(&key)?;
        if node.number.is_none() {
            let number = self.path_ids.number(&node.path, node.methods.md5_digits())?;
            self.by_id.insert(number, key);
            node.number = Some(number);
        }
        node.number
    }

    /// Returns those of `peers` that the path id of a node has not been announced to. From now on they count as
    /// announced. When no id is left, there are none.
    pub(super) fn announce_to(&mut self, key: NodeKey, peers: &[PeerId]) -> Vec<PeerId> {
        match self.number(key) {
            Some(number) if !peers.is_empty() => self.acks.entry(number).or_default().announce_to(peers),
            _ => Vec::new(),
        }
    }

    /// Splits `peers` into those that can be sent the path id of a node, and those that need the path.
    pub(super) fn split(&self, node: &RegisteredNode, peers: Vec<PeerId>) -> (Vec<PeerId>, Vec<PeerId>) {
        match node.number.and_then(|number| self.acks.get(&number)) {
            Some(acks) => acks.split(peers),
            None => (Vec::new(), peers),
        }
    }

    /// Records that a peer has confirmed a path id. Returns the node, if it is one of this session, and this is the
    /// first confirmation.
    pub(super) fn confirm(&mut self, number: u32, peer: PeerId) -> Option<NodeKey> {
        let is_first = self.acks.get_mut(&number)?.confirm(peer);
        self.by_id.get(&number).copied().filter(|_| is_first)
    }

    /// Removes and returns what a peer knows about path ids, for its next session.
    pub(super) fn take_acks(&mut self, peer: PeerId) -> PeerAcks {
        let mut taken = PeerAcks::default();
        for (number, acks) in &mut self.acks {
            acks.move_to(peer, *number, &mut taken);
        }
        self.acks.retain(|_, acks| !acks.is_empty());
        taken.retain_assigned(&self.path_ids);
        taken
    }

    /// Adds the path ids that a peer has confirmed in its former session.
    pub(super) fn add_confirmed(&mut self, peer: PeerId, confirmed: impl IntoIterator<Item = u32>) {
        for number in confirmed {
            self.acks.entry(number).or_default().add_confirmed(peer);
        }
        // Other sessions may have assigned the ids.
        for (key, node) in self.by_key.iter_mut().filter(|(_, node)| node.number.is_none()) {
            node.number = self.path_ids.assigned(&node.path, node.methods.md5_digits());
            self.by_id.extend(node.number.map(|number| (number, *key)));
        }
    }

    pub(super) fn path_ids(&self) -> &PathIds {
        &self.path_ids
    }

    /// Removes all data about a peer.
    pub(super) fn forget_peer(&mut self, peer: PeerId) {
        self.acks.values_mut().for_each(|acks| acks.forget(peer));
        self.acks.retain(|_, acks| !acks.is_empty());
        for node in self.by_key.values_mut() {
            node.mismatched.remove(&peer);
        }
        self.mismatches.remove(&peer);
    }

    /// Records that a peer has other methods at a node. Returns `true` the first time.
    pub(super) fn add_mismatch(&mut self, key: NodeKey, peer: PeerId) -> bool {
        let is_first = self.by_key.get_mut(&key).is_some_and(|node| node.mismatched.insert(peer));
        if is_first {
            *self.mismatches.entry(peer).or_default() += 1;
        }
        is_first
    }

    /// Returns the memory that mismatches of a peer take, in bytes.
    pub(super) fn memory_usage(&self, peer: PeerId) -> usize {
        self.mismatches.get(&peer).copied().unwrap_or_default() * MISMATCH
    }

    pub(super) fn methods(&self) -> impl Iterator<Item = &Methods> {
        self.by_key.values().map(|node| &node.methods)
    }
}

impl Drop for Nodes {
    /// Other sessions may go on using the path ids.
    fn drop(&mut self) {
        for node in self.by_key.values() {
            self.path_ids.unregister(&node.path, node.methods.md5_digits());
        }
    }
}
