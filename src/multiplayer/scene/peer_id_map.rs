//! The connection of each peer id, and the peer id of each connection. Every packet needs one of them.

use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
};

use crate::{multiplayer::id::PeerId, server::PeerKey};

/// The clients of a session, by id and by connection.
#[derive(Debug, Default)]
pub(super) struct PeerIdMap {
    /// By the slots of the connections, which are reused.
    ids: Vec<Option<(PeerKey, PeerId)>>,
    keys: HashMap<PeerId, PeerKey, BuildHasherDefault<IdHasher>>,
}

impl PeerIdMap {
    /// Assigns an unused id to a connection.
    pub(super) fn assign(&mut self, key: PeerKey) -> PeerId {
        let id = self.free_id();
        let slot = key.slot() as usize;
        if slot >= self.ids.len() {
            self.ids.resize(slot + 1, None);
        }
        self.ids[slot] = Some((key, id));
        self.keys.insert(id, key);
        id
    }

    /// Removes a connection, and returns its id.
    pub(super) fn remove(&mut self, key: PeerKey) -> Option<PeerId> {
        let (_, id) = self.ids.get_mut(key.slot() as usize)?.take_if(|(known, _)| *known == key)?;
        self.keys.remove(&id);
        Some(id)
    }

    pub(super) fn id(&self, key: PeerKey) -> Option<PeerId> {
        let (known, id) = (*self.ids.get(key.slot() as usize)?)?;
        (known == key).then_some(id)
    }

    pub(super) fn key(&self, id: PeerId) -> Option<PeerKey> {
        self.keys.get(&id).copied()
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

/// A hasher for ids, which are random and chosen by this end: it only needs to spread them over all bits.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
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

    #[test]
    fn hashes_differ_in_the_bits_that_maps_use() {
        let hash = |id: u32| {
            let mut hasher = IdHasher::default();
            hasher.write_u32(id);
            hasher.finish()
        };
        for (one, other) in [(2, 3), (2, 4), (1 << 30, 1 << 29)] {
            assert_ne!(hash(one) >> 57, hash(other) >> 57);
        }
    }
}
