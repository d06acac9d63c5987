//! Ids for node paths: each end gives ids to the nodes that it calls, and announces each id once to every peer. Calls
//! contain the whole path until the peer has confirmed the id.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{id::PeerId, memory::map_entry, node::NodeKey, packet_error::PacketError, path_ids::PathIds};

/// The longest path of a node, in bytes.
const MAX_PATH: usize = 4096;

/// The path of the node that all others are relative to.
pub(super) const ROOT: &str = ".";

/// Returns a path at which a node can be registered, relative to the root, as it is sent.
///
/// # Errors
/// The reason, if the path is not valid.
pub(super) fn check<'a>(path: &'a str, root: &str) -> Result<&'a str, &'static str> {
    let path = relative(path, root).ok_or("its path is absolute, and not below `root_path`")?;
    if path == ROOT {
        return Ok(path);
    }
    if path.len() > MAX_PATH {
        return Err("its path has more than 4096 bytes");
    }
    // The path ends at a NUL in packets, and a colon ends the nodes in it.
    if path.contains(['\0', ':']) {
        return Err("its path contains a character that node names cannot have");
    }
    if path.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err("its path contains a part that is not a node name");
    }
    Ok(path)
}

/// Returns the path relative to the root; `None` for an absolute path outside the root.
pub(super) fn relative<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    let path = match path.strip_prefix('/') {
        None => path.strip_prefix("./").unwrap_or(path),
        Some(_) => {
            let below = path.strip_prefix(root.trim_end_matches('/'))?;
            if below.is_empty() { ROOT } else { below.strip_prefix('/')? }
        }
    };
    Some(if path.is_empty() { ROOT } else { path })
}

/// The peers that know the id of one of this end's paths.
#[derive(Debug, Default)]
pub(super) struct PathAcks {
    // Each peer is in at most one of them.
    announced: BTreeSet<PeerId>,
    confirmed: BTreeSet<PeerId>,
}

impl PathAcks {
    /// Returns those of `peers` that the id has not been announced to. From now on they count as announced.
    pub(super) fn announce_to(&mut self, peers: &[PeerId]) -> Vec<PeerId> {
        let is_new = |peer: &&PeerId| !self.confirmed.contains(peer) && self.announced.insert(**peer);
        peers.iter().filter(is_new).copied().collect()
    }

    /// Returns `true` if the id was announced to the peer, and the peer had not confirmed it before.
    pub(super) fn confirm(&mut self, peer: PeerId) -> bool {
        self.announced.remove(&peer) && self.confirmed.insert(peer)
    }

    /// Adds a peer that has confirmed the id in another session.
    pub(super) fn add_confirmed(&mut self, peer: PeerId) {
        self.announced.remove(&peer);
        self.confirmed.insert(peer);
    }

    pub(super) fn forget(&mut self, peer: PeerId) {
        self.announced.remove(&peer);
        self.confirmed.remove(&peer);
    }

    /// Moves what a peer knows about this id to `acks`.
    pub(super) fn move_to(&mut self, peer: PeerId, number: u32, acks: &mut PeerAcks) {
        if self.announced.remove(&peer) {
            acks.announced.insert(number);
        }
        if self.confirmed.remove(&peer) {
            acks.confirmed.insert(number);
        }
    }

    /// Returns `true` if no peer knows the id.
    pub(super) fn is_empty(&self) -> bool {
        self.announced.is_empty() && self.confirmed.is_empty()
    }

    /// Splits `peers` into those that can be sent the id, and those that need the path.
    pub(super) fn split(&self, peers: Vec<PeerId>) -> (Vec<PeerId>, Vec<PeerId>) {
        // The usual case is a call to all when all have confirmed. It needs no lookups.
        if self.confirmed.len() == peers.len() && peers.iter().eq(&self.confirmed) {
            return (peers, Vec::new());
        }
        peers.into_iter().partition(|peer| self.confirmed.contains(peer))
    }
}

/// The path ids of this end that a peer knows, while the peer moves to another session.
#[derive(Debug, Default)]
pub(super) struct PeerAcks {
    // Each id is in at most one of them.
    announced: BTreeSet<u32>,
    confirmed: BTreeSet<u32>,
}

impl PeerAcks {
    /// Handles a confirmation.
    pub(super) fn confirm(&mut self, number: u32) {
        if self.announced.remove(&number) {
            self.confirmed.insert(number);
        }
    }

    /// Removes the ids of paths that no session has any more.
    pub(super) fn retain_assigned(&mut self, path_ids: &PathIds) {
        path_ids.retain_assigned(&mut self.announced);
        path_ids.retain_assigned(&mut self.confirmed);
    }

    /// Returns the confirmed ids, when no confirmation follows any more. The peer has no nodes at the paths of the
    /// others, and may get some later: then they are announced again.
    pub(super) fn into_confirmed(self) -> BTreeSet<u32> {
        self.confirmed
    }
}

/// The paths that a peer has announced, by id.
#[derive(Debug, Default)]
pub(super) struct ReceivedPaths {
    by_id: BTreeMap<u32, ReceivedPath>,
}

#[derive(Debug)]
struct ReceivedPath {
    path: Arc<str>,
    /// `None` for the root if no node is registered there.
    node: Option<NodeKey>,
}

impl ReceivedPaths {
    /// Adds an announcement of a peer. The same announcement may be repeated: an engine that has received no answer
    /// does that.
    ///
    /// # Errors
    /// The peer has announced another path with this id, or more paths than `max`.
    pub(super) fn insert(
        &mut self,
        id: u32,
        path: Arc<str>,
        node: Option<NodeKey>,
        max: usize,
    ) -> Result<(), PacketError> {
        if let Some(received) = self.by_id.get_mut(&id) {
            if received.path != path {
                return Err(PacketError::PathIdTaken { id });
            }
            received.node = node;
            return Ok(());
        }
        if self.by_id.len() >= max {
            return Err(PacketError::TooManyPaths);
        }
        self.by_id.insert(id, ReceivedPath { path, node });
        Ok(())
    }

    /// Prepares for the move to another session, which has other nodes. Paths that no session has are removed, and all
    /// but the last id of each path: an end gives a path another id when it has another node there.
    pub(super) fn prepare_move(&mut self, path_ids: &PathIds) {
        let last: BTreeMap<Arc<str>, u32> =
            self.by_id.iter().map(|(id, received)| (received.path.clone(), *id)).collect();
        self.by_id.retain(|id, received| {
            received.node = None;
            last.get(&received.path) == Some(id)
                && (*received.path == *ROOT || path_ids.contains(&received.path))
        });
    }

    /// Returns the largest id, or 0.
    pub(super) fn last_id(&self) -> u32 {
        self.by_id.last_key_value().map_or(0, |(id, _)| *id)
    }

    /// Returns the memory that these take, in bytes. The paths are shared with the nodes.
    pub(super) fn memory_usage(&self) -> usize {
        self.by_id.len() * map_entry::<u32, ReceivedPath>()
    }

    /// Returns the node that the peer means, and its path. Another node may have been registered there since.
    pub(super) fn get(&self, id: u32) -> Option<(Option<NodeKey>, &Arc<str>)> {
        self.by_id.get(&id).map(|received| (received.node, &received.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_root() {
        for (path, expected) in [
            ("Game", Some("Game")),
            ("Game/Kid", Some("Game/Kid")),
            ("./Game", Some("Game")),
            (".", Some(".")),
            ("", Some(".")),
            ("./", Some(".")),
            ("/root", Some(".")),
            ("/root/", Some(".")),
            ("/root/Game", Some("Game")),
            ("/rootGame", None),
            ("/", None),
            ("/other/Game", None),
        ] {
            assert_eq!(relative(path, "/root"), expected, "{path}");
            assert_eq!(relative(path, "/root/"), expected, "{path}");
        }
    }

    #[test]
    fn a_node_can_be_registered_only_at_a_path_that_can_be_sent() {
        for path in ["Game", "/root/Game", "./Game", "@Node@2/A b/ü", "."] {
            assert!(check(path, "/root").is_ok(), "{path}");
        }
        for path in ["/elsewhere", "Game/", "Game//Kid", "../Game", "Game/./Kid", "a\0b", "a:b"] {
            assert!(check(path, "/root").is_err(), "{path}");
        }
        assert!(check(&"a".repeat(MAX_PATH + 1), "/root").is_err());
    }

    #[test]
    fn an_id_is_announced_once_and_confirmed_once() {
        let peers = [2, 3].map(|id| PeerId::new(id).unwrap());
        let mut path_acks = PathAcks::default();
        assert!(!path_acks.confirm(peers[0]));
        assert_eq!(path_acks.announce_to(&peers), peers);
        assert_eq!(path_acks.announce_to(&peers), []);
        assert_eq!(path_acks.split(peers.into()), (vec![], peers.to_vec()));
        assert!(path_acks.confirm(peers[0]));
        assert!(!path_acks.confirm(peers[0]));
        assert_eq!(path_acks.split(peers.into()), (vec![peers[0]], vec![peers[1]]));
        assert!(path_acks.confirm(peers[1]));
        assert_eq!(path_acks.split(peers.into()), (peers.to_vec(), vec![]));
        path_acks.forget(peers[0]);
        assert_eq!(path_acks.announce_to(&peers), [peers[0]]);
    }
}
