//! The connection of each peer id, and the peer id of each connection. Every packet needs one of them.

use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, RandomState},
};

use crate::{
    multiplayer::{id::PeerId, id_hasher::IdHasher},
    server::PeerKey,
};

/// The clients of a server, by id and by connection.
#[derive(Debug, Default)]
pub(super) struct PeerIdMap {
    /// By the slots of the connections, which are reused.
    entries: Vec<Option<Entry>>,
    keys: HashMap<PeerId, PeerKey, BuildHasherDefault<IdHasher>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    key: PeerKey,
    id: PeerId,
    /// `false` if this end has disconnected it.
    receives: bool,
}

impl PeerIdMap {
    /// Assigns an unused id to a connection.
    pub(super) fn assign(&mut self, key: PeerKey) -> PeerId {
        let id = self.free_id();
        let slot = key.slot() as usize;
        if slot >= self.entries.len() {
            self.entries.resize(slot + 1, None);
        }
        self.entries[slot] = Some(Entry { key, id, receives: true });
        self.keys.insert(id, key);
        id
    }

    /// Removes a connection, and returns its id.
    pub(super) fn remove(&mut self, key: PeerKey) -> Option<PeerId> {
        let entry = self.entries.get_mut(key.slot() as usize)?.take_if(|entry| entry.key == key)?;
        self.keys.remove(&entry.id);
        Some(entry.id)
    }

    /// Ignores the packets of a connection from now on.
    pub(super) fn stop_receiving(&mut self, key: PeerKey) {
        let entry = self.entries.get_mut(key.slot() as usize).and_then(Option::as_mut);
        if let Some(entry) = entry.filter(|entry| entry.key == key) {
            entry.receives = false;
        }
    }

    /// Returns the id of a connection whose packets are not ignored.
    pub(super) fn id_to_receive_from(&self, key: PeerKey) -> Option<PeerId> {
        let entry = (*self.entries.get(key.slot() as usize)?)?;
        (entry.key == key && entry.receives).then_some(entry.id)
    }

    pub(super) fn key(&self, id: PeerId) -> Option<PeerKey> {
        self.keys.get(&id).copied()
    }

    /// Returns the client in a slot.
    pub(super) fn at(&self, slot: usize) -> Option<(PeerKey, PeerId)> {
        let entry = (*self.entries.get(slot)?)?;
        Some((entry.key, entry.id))
    }

    /// Returns the number of slots, used or not.
    pub(super) fn width(&self) -> usize {
        self.entries.len()
    }

    /// Returns a random id, as engines do: 31 bits, without 0 and the server's. Ids are not secret, so the seeds of
    /// hash maps are random enough.
    fn free_id(&self) -> PeerId {
        loop {
            let random = RandomState::new().hash_one(()) as u32 >> 1;
            let id = i32::try_from(random).ok().and_then(PeerId::new);
            if let Some(id) = id.filter(|id| *id != PeerId::SERVER && !self.keys.contains_key(id)) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_spread_over_31_bits() {
        let ids = PeerIdMap::default();
        let ids: Vec<i32> = (0..1000).map(|_| ids.free_id().get()).collect();
        assert!(ids.iter().all(|id| *id > 1));
        for bit in 0..31 {
            let set = ids.iter().filter(|id| **id & (1 << bit) != 0).count();
            assert!((300..700).contains(&set), "bit {bit} is set {set} times of 1000");
        }
    }
}
