//! The nodes that the program has declared, by key, by path, and by the number that other peers know them by.

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

/// Numbers end here: one bit further, they would be something else in packets.
const MAX_NUMBER: u32 = i32::MAX as u32;

/// What a peer with other methods takes at a node, in bytes. A set with a single entry has room for 11.
const MISMATCH: usize = 11 * size_of::<PeerId>() + ALLOCATION + map_entry::<PeerId, usize>();

/// All nodes of a session.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    by_key: BTreeMap<NodeKey, DeclaredNode>,
    by_path: BTreeMap<Arc<str>, NodeKey>,
    // Those that were told to anybody.
    by_number: BTreeMap<u32, NodeKey>,
    last_number: u32,
    drain_path_id: Option<u32>,
    /// The number of nodes at which a peer has other methods.
    mismatches: BTreeMap<PeerId, usize>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct DeclaredNode {
    /// Where it is, relative to the root.
    pub(super) path: Arc<str>,
    pub(super) methods: Methods,
    pub(super) authority: PeerId,
    /// What it is handle_call in packets of ours. It has none before the first; nor has it one when all have been given away.
    pub(super) number: Option<u32>,
    /// Who knows that.
    pub(super) path_acks: PathAcks,
    /// Whose methods are known to be others.
    mismatched: BTreeSet<PeerId>,
}

impl Nodes {
    /// Keeps a node; `None` if there is one at this path.
    pub(super) fn insert(&mut self, path: &str, methods: Methods) -> Option<NodeKey> {
        if self.by_path.contains_key(path) {
            return None;
        }
        let (key, path) = (NodeKey::unique(), Arc::<str>::from(path));
        self.by_path.insert(path.clone(), key);
        let node = DeclaredNode {
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
                self.by_number.remove(&number);
            }
        }
    }

    pub(super) fn get(&self, key: NodeKey) -> Option<&DeclaredNode> {
        self.by_key.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: NodeKey) -> Option<&mut DeclaredNode> {
        self.by_key.get_mut(&key)
    }

    pub(super) fn at(&self, path: &str) -> Option<NodeKey> {
        self.by_path.get(path).copied()
    }

    /// The node that we handle_call so.
    pub(super) fn numbered(&self, number: u32) -> Option<NodeKey> {
        self.by_number.get(&number).copied()
    }

    /// Gives the node a number, if it has none.
    pub(super) fn number(&mut self, key: NodeKey) -> Option<u32> {
        let node = self.by_key.get_mut(&key)?;
        if node.number.is_none() {
            let number = next(&mut self.last_number)?;
            self.by_number.insert(number, key);
            node.number = Some(number);
        }
        node.number
    }

    /// The number of the question that is awaits_confirmation at a drain_path_id: not that of a node, for a peer is told each number once.
    pub(super) fn drain_path_id(&self) -> Option<u32> {
        self.drain_path_id
    }

    pub(super) fn drain_path_id_or_new(&mut self) -> Option<u32> {
        self.drain_path_id = self.drain_path_id.or_else(|| next(&mut self.last_number));
        self.drain_path_id
    }

    /// A peer is gone, and with it what it knew.
    pub(super) fn forget_peer(&mut self, peer: PeerId) {
        for node in self.by_key.values_mut() {
            node.path_acks.forget(peer);
            node.mismatched.remove(&peer);
        }
        self.mismatches.remove(&peer);
    }

    /// Whether this is the first that is heard of the peer having other methods.
    pub(super) fn add_mismatch(&mut self, key: NodeKey, peer: PeerId) -> bool {
        let is_first = self.by_key.get_mut(&key).is_some_and(|node| node.mismatched.insert(peer));
        if is_first {
            *self.mismatches.entry(peer).or_default() += 1;
        }
        is_first
    }

    /// Returns the memory that a peer takes by having other methods than the nodes, in bytes.
    pub(super) fn memory_usage(&self, peer: PeerId) -> usize {
        self.mismatches.get(&peer).copied().unwrap_or_default() * MISMATCH
    }

    pub(super) fn methods(&self) -> impl Iterator<Item = &Methods> {
        self.by_key.values().map(|node| &node.methods)
    }
}

fn next(last: &mut u32) -> Option<u32> {
    *last = last.checked_add(1).filter(|number| *number <= MAX_NUMBER)?;
    Some(*last)
}
