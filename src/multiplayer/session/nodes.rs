//! The registered nodes, by key, by path, and by path id.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::multiplayer::{
    id::PeerId,
    memory::{ALLOCATION, map_entry},
    node::NodeKey,
    paths::PathAcks,
    rpc::Methods,
};

/// The largest path id. With one bit more, packets would contain something else.
const MAX_ID: u32 = i32::MAX as u32;

/// The memory of one mismatch, in bytes. A set with a single entry has room for 11.
const MISMATCH: usize = 11 * size_of::<PeerId>() + ALLOCATION + map_entry::<PeerId, usize>();

/// All nodes of a session.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    by_key: BTreeMap<NodeKey, RegisteredNode>,
    by_path: BTreeMap<Arc<str>, NodeKey>,
    // Those whose path was announced to a peer.
    by_id: BTreeMap<u32, NodeKey>,
    last_id: u32,
    drain_id: Option<u32>,
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
    /// The peers that know the path id.
    pub(super) path_acks: PathAcks,
    /// The peers that are known to have other methods.
    mismatched: BTreeSet<PeerId>,
}

impl Nodes {
    /// Adds a node; `None` if there is already one at this path.
    pub(super) fn insert(&mut self, path: &str, methods: Methods) -> Option<NodeKey> {
        if self.by_path.contains_key(path) {
            return None;
        }
        let (key, path) = (NodeKey::unique(), Arc::<str>::from(path));
        self.by_path.insert(path.clone(), key);
        let node = RegisteredNode {
            path,
            methods,
            authority: PeerId::SERVER,
            number: None,
            path_acks: PathAcks::default(),
            mismatched: BTreeSet::new(),
        };
        self.by_key.insert(key, node);
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
            if let Some(number) = node.number {
                self.by_id.remove(&number);
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

    /// Returns the node with this path id.
    pub(super) fn numbered(&self, number: u32) -> Option<NodeKey> {
        self.by_id.get(&number).copied()
    }

    /// Returns the path id of a node, and assigns one if it has none.
    pub(super) fn number(&mut self, key: NodeKey) -> Option<u32> {
        let node = self.by_key.get_mut(&key)?;
        if node.number.is_none() {
            let number = next(&mut self.last_id)?;
            self.by_id.insert(number, key);
            node.number = Some(number);
        }
        node.number
    }

    /// Returns the id that is announced for the root before disconnecting. It differs from that of a node: an id is
    /// announced to a peer only once.
    pub(super) fn drain_id(&self) -> Option<u32> {
        self.drain_id
    }

    pub(super) fn drain_id_or_new(&mut self) -> Option<u32> {
        self.drain_id = self.drain_id.or_else(|| next(&mut self.last_id));
        self.drain_id
    }

    /// Removes all data about a peer.
    pub(super) fn forget_peer(&mut self, peer: PeerId) {
        for node in self.by_key.values_mut() {
            node.path_acks.forget(peer);
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

fn next(last: &mut u32) -> Option<u32> {
    *last = last.checked_add(1).filter(|number| *number <= MAX_ID)?;
    Some(*last)
}
