//! Nodes by short numbers instead of paths: each end numbers the nodes that it calls, and tells every peer once what a number
//! means. Until the peer confirms it, calls carry the whole path.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{id::PeerId, memory::map_entry, node::NodeKey, packet_error::PacketError};

/// The longest path of a node, in bytes.
const MAX_PATH: usize = 4096;

/// The path of the node that all others start from.
pub(super) const ROOT: &str = ".";

/// A path that a node may be declared at, as it is sent: relative to the root.
///
/// # Errors
/// What is wrong with it.
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
        return Err("its path has a character that no node's name has");
    }
    if path.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err("its path has a part that is no node's name");
    }
    Ok(path)
}

/// The path relative to the root, of one that may be absolute; `None` for one that leads elsewhere.
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

/// Who knows the number of one of our nodes.
#[derive(Debug, Default)]
pub(super) struct PathAcks {
    // Each peer is in one of them at most.
    announced: BTreeSet<PeerId>,
    confirmed: BTreeSet<PeerId>,
}

impl PathAcks {
    /// Those of `peers` that have to be told the number; now they count as told.
    pub(super) fn announce_to(&mut self, peers: &[PeerId]) -> Vec<PeerId> {
        let is_new = |peer: &&PeerId| !self.confirmed.contains(peer) && self.announced.insert(**peer);
        peers.iter().filter(is_new).copied().collect()
    }

    /// Whether the peer had been told, and had not confirmed it before.
    pub(super) fn confirm(&mut self, peer: PeerId) -> bool {
        self.announced.remove(&peer) && self.confirmed.insert(peer)
    }

    pub(super) fn forget(&mut self, peer: PeerId) {
        self.announced.remove(&peer);
        self.confirmed.remove(&peer);
    }

    /// Those of `peers` that can be sent the number, and those that need the path.
    pub(super) fn split(&self, peers: Vec<PeerId>) -> (Vec<PeerId>, Vec<PeerId>) {
        // Mostly it is a call to all, and all have confirmed: then nobody has to be looked up.
        if self.confirmed.len() == peers.len() && peers.iter().eq(&self.confirmed) {
            return (peers, Vec::new());
        }
        peers.into_iter().partition(|peer| self.confirmed.contains(peer))
    }
}

/// What a peer's numbers mean.
#[derive(Debug, Default)]
pub(super) struct ReceivedPaths {
    by_number: BTreeMap<u32, ReceivedPath>,
}

#[derive(Debug)]
struct ReceivedPath {
    path: Arc<str>,
    /// None for the root, where that is not declared.
    node: Option<NodeKey>,
}

impl ReceivedPaths {
    /// The peer says what it means by a number. It may say so again: an engine that has heard no answer does.
    ///
    /// # Errors
    /// It has meant another path by the number, or numbers more nodes than `max`.
    pub(super) fn insert(
        &mut self,
        number: u32,
        path: Arc<str>,
        node: Option<NodeKey>,
        max: usize,
    ) -> Result<(), PacketError> {
        if let Some(received) = self.by_number.get_mut(&number) {
            if received.path != path {
                return Err(PacketError::PathIdTaken { id: number });
            }
            received.node = node;
            return Ok(());
        }
        if self.by_number.len() >= max {
            return Err(PacketError::TooManyPaths);
        }
        self.by_number.insert(number, ReceivedPath { path, node });
        Ok(())
    }

    /// Returns the memory that these take, in bytes. The names are shared with the nodes.
    pub(super) fn memory_usage(&self) -> usize {
        self.by_number.len() * map_entry::<u32, ReceivedPath>()
    }

    /// The node that the peer means, and its path: there may be another node by now.
    pub(super) fn get(&self, number: u32) -> Option<(Option<NodeKey>, &Arc<str>)> {
        self.by_number.get(&number).map(|received| (received.node, &received.path))
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
    fn a_node_is_declared_at_a_path_that_can_be_sent() {
        for path in ["Game", "/root/Game", "./Game", "@Node@2/A b/ü", "."] {
            assert!(check(path, "/root").is_ok(), "{path}");
        }
        for path in ["/elsewhere", "Game/", "Game//Kid", "../Game", "Game/./Kid", "a\0b", "a:b"] {
            assert!(check(path, "/root").is_err(), "{path}");
        }
        assert!(check(&"a".repeat(MAX_PATH + 1), "/root").is_err());
    }

    #[test]
    fn a_peer_is_told_once_and_confirms_once() {
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
