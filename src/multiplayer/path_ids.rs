//! [`PathIds`]: the numbers of node paths, which the sessions of a server can share.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::paths::ROOT;

/// The largest number of a path. Larger ones are not assigned here: a session requests confirmations with them. With
/// one bit more, packets would contain something else.
pub(super) const MAX_PATH_ID: u32 = (1 << 30) - 1;

/// Numbers for the paths of nodes, for the sessions of one server between which peers
/// [move](super::Session::release_peer). Clones share the numbers.
///
/// Packets contain the number of a path instead of the path, once the receiver has confirmed it. A peer that moves keeps
/// what it has confirmed, so a number must stand for the same path and the same methods in all sessions that the peer
/// can be in: create them by [`Session::server_in`](super::Session::server_in) with the same `PathIds`. Sessions that
/// have a node at the same path also share the memory of the path.
///
/// A path that no session has any more is forgotten, and gets a new number when it is registered again. No number is
/// assigned twice.
///
/// Godot: a `SceneMultiplayer` has numbers of its own.
#[derive(Clone)]
pub struct PathIds {
    table: Arc<Mutex<PathTable>>,
    root: Arc<str>,
}

#[derive(Default)]
struct PathTable {
    by_path: BTreeMap<Arc<str>, Vec<PathEntry>>,
    /// The numbers that stand for a path now.
    assigned: BTreeSet<u32>,
    last: u32,
    /// The number with which the root is announced before a connection is closed. No node has it.
    drain: Option<u32>,
}

/// A path with one method table.
struct PathEntry {
    md5: [u8; 32],
    /// `None` before the first announcement, and when no number is left.
    number: Option<u32>,
    /// The number of nodes, in all sessions.
    nodes: usize,
}

impl PathIds {
    /// Creates an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node. Returns its path, which all sessions share, and its number if it has one.
    pub(super) fn register(&self, path: &str, md5: &[u8; 32]) -> (Arc<str>, Option<u32>) {
        let mut table = self.lock();
        let shared = match table.by_path.get_key_value(path) {
            Some((shared, _)) => shared.clone(),
            None if path == ROOT => self.root.clone(),
            None => Arc::from(path),
        };
        let entries = table.by_path.entry(shared.clone()).or_default();
        let number = match entries.iter_mut().find(|entry| entry.md5 == *md5) {
            Some(entry) => {
                entry.nodes += 1;
                entry.number
            }
            None => {
                entries.push(PathEntry { md5: *md5, number: None, nodes: 1 });
                None
            }
        };
        (shared, number)
    }

    /// Removes a node. Returns `true` if its number stands for no node any more, in no session.
    pub(super) fn unregister(&self, path: &str, md5: &[u8; 32]) -> bool {
        let mut table = self.lock();
        let table = &mut *table;
        let Some(entries) = table.by_path.get_mut(path) else { return true };
        let Some(index) = entries.iter().position(|entry| entry.md5 == *md5) else { return true };
        entries[index].nodes -= 1;
        if entries[index].nodes > 0 {
            return false;
        }
        if let Some(number) = entries.swap_remove(index).number {
            table.assigned.remove(&number);
        }
        if entries.is_empty() {
            table.by_path.remove(path);
        }
        true
    }

    /// Returns the number of a node's path, and assigns one if it has none. `None` if no number is left.
    pub(super) fn number(&self, path: &str, md5: &[u8; 32]) -> Option<u32> {
        let mut table = self.lock();
        if let Some(number) = table.entry(path, md5)?.number {
            return Some(number);
        }
        let number = table.next()?;
        table.assigned.insert(number);
        table.entry(path, md5)?.number = Some(number);
        Some(number)
    }

    /// Returns the number of a node's path, if it has one.
    pub(super) fn assigned(&self, path: &str, md5: &[u8; 32]) -> Option<u32> {
        self.lock().entry(path, md5)?.number
    }

    /// Returns a path at which a session has a node, and `true` if such a node has these methods.
    pub(super) fn find(&self, path: &str, md5: &[u8; 32]) -> Option<(Arc<str>, bool)> {
        let table = self.lock();
        let (shared, entries) = table.by_path.get_key_value(path)?;
        Some((shared.clone(), entries.iter().any(|entry| entry.md5 == *md5)))
    }

    /// Returns `true` if a session has a node at this path.
    pub(super) fn contains(&self, path: &str) -> bool {
        self.lock().by_path.contains_key(path)
    }

    /// Removes the numbers that stand for no path any more.
    pub(super) fn retain_assigned(&self, numbers: &mut BTreeSet<u32>) {
        let table = self.lock();
        numbers.retain(|number| table.assigned.contains(number));
    }

    /// Returns the number that is announced for the root before a connection is closed. It differs from that of a node:
    /// a number is announced to a peer only once.
    pub(super) fn drain_id(&self) -> Option<u32> {
        self.lock().drain
    }

    /// Returns the number of [`drain_id`](Self::drain_id), and assigns it the first time.
    pub(super) fn drain_id_or_new(&self) -> Option<u32> {
        let mut table = self.lock();
        if table.drain.is_none() {
            table.drain = table.next();
        }
        table.drain
    }

    /// Returns the path of the root, which all sessions share.
    pub(super) fn root(&self) -> &Arc<str> {
        &self.root
    }

    /// No call panics while it holds the lock, so the table is whole.
    fn lock(&self) -> MutexGuard<'_, PathTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PathTable {
    fn entry(&mut self, path: &str, md5: &[u8; 32]) -> Option<&mut PathEntry> {
        self.by_path.get_mut(path)?.iter_mut().find(|entry| entry.md5 == *md5)
    }

    fn next(&mut self) -> Option<u32> {
        self.last = self.last.checked_add(1).filter(|number| *number <= MAX_PATH_ID)?;
        Some(self.last)
    }
}

impl Default for PathIds {
    fn default() -> Self {
        Self { table: Arc::default(), root: ROOT.into() }
    }
}

impl fmt::Debug for PathIds {
    /// Omits the paths, which the program may have chosen as secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathIds").field("paths", &self.lock().by_path.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: [u8; 32] = [1; 32];
    const OTHER: [u8; 32] = [2; 32];

    #[test]
    fn a_path_has_one_number_and_one_text_in_all_sessions() {
        let ids = PathIds::new();
        let (path, number) = ids.register("Game", &ONE);
        assert_eq!((&*path, number), ("Game", None));
        assert_eq!(ids.assigned("Game", &ONE), None);
        let (same, _) = ids.clone().register("Game", &ONE);
        assert!(Arc::ptr_eq(&path, &same));
        assert_eq!([ids.number("Game", &ONE), ids.clone().number("Game", &ONE)], [Some(1); 2]);
        assert_eq!(ids.register("Game", &ONE).1, Some(1));
        assert_eq!(ids.assigned("Game", &ONE), Some(1));
        assert!(Arc::ptr_eq(&ids.register(ROOT, &ONE).0, ids.root()));
        assert_eq!(ids.number(ROOT, &ONE), Some(2));
        assert_eq!(PathIds::new().number("Game", &ONE), None);
    }

    #[test]
    fn other_methods_at_a_path_have_another_number() {
        let ids = PathIds::new();
        let (path, _) = ids.register("Game", &ONE);
        assert!(Arc::ptr_eq(&path, &ids.register("Game", &OTHER).0));
        assert_eq!(ids.number("Game", &ONE), Some(1));
        assert_eq!(ids.assigned("Game", &OTHER), None);
        assert_eq!(ids.number("Game", &OTHER), Some(2));
        assert!(ids.unregister("Game", &ONE));
        assert_eq!((ids.number("Game", &ONE), ids.number("Game", &OTHER)), (None, Some(2)));
        assert_eq!(ids.find("Game", &ONE).map(|(_, is_same)| is_same), Some(false));
        assert_eq!(ids.find("Game", &OTHER).map(|(_, is_same)| is_same), Some(true));
        assert_eq!(ids.find("Gam", &OTHER), None);
    }

    #[test]
    fn a_number_lives_as_long_as_a_node_has_it_and_is_not_assigned_again() {
        let ids = PathIds::new();
        ids.register("Game", &ONE);
        ids.register("Game", &ONE);
        assert_eq!(ids.number("Game", &ONE), Some(1));
        assert!(!ids.unregister("Game", &ONE));
        assert_eq!(ids.number("Game", &ONE), Some(1));
        let mut numbers = BTreeSet::from([1, 2, 7]);
        ids.retain_assigned(&mut numbers);
        assert_eq!(numbers, [1].into());
        assert!(ids.unregister("Game", &ONE));
        ids.retain_assigned(&mut numbers);
        assert_eq!(numbers, [].into());
        assert_eq!(ids.register("Game", &ONE).1, None);
        assert_eq!(ids.number("Game", &ONE), Some(2));
        ids.unregister("Game", &ONE);
        let table = ids.lock();
        assert!(table.by_path.is_empty() && table.assigned.is_empty());
    }

    #[test]
    fn the_number_for_draining_is_one_for_all_sessions_and_of_no_node() {
        let ids = PathIds::new();
        ids.register("Game", &ONE);
        ids.number("Game", &ONE);
        assert_eq!(ids.drain_id(), None);
        assert_eq!([ids.drain_id_or_new(), ids.clone().drain_id_or_new(), ids.drain_id()], [Some(2); 3]);
        ids.register("Level", &ONE);
        assert_eq!(ids.number("Level", &ONE), Some(3));
    }

    #[test]
    fn when_no_number_is_left_none_is_assigned() {
        let ids = PathIds::new();
        ids.lock().last = MAX_PATH_ID - 1;
        ids.register("Game", &ONE);
        ids.register("Level", &ONE);
        assert_eq!(ids.number("Game", &ONE), Some(MAX_PATH_ID));
        assert_eq!((ids.number("Level", &ONE), ids.drain_id_or_new()), (None, None));
        assert_eq!(ids.number("Game", &ONE), Some(MAX_PATH_ID));
    }
}
