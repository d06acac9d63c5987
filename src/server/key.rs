//! The keys of a server's peers, and the slots that the peers are stored in.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
};

/// Identifies one of a server's peers. A key is never used again, not even after the peer is gone.
///
/// Platform: native only, because a browser accepts no connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey {
    generation: u64,
    // A whole word, so that events are copied in words. Half a word and its padding are copied in pieces.
    slot: usize,
}

impl PeerKey {
    /// Returns the number of the peer, which is unique for each server: peers are numbered from 1, in the order in
    /// which they connect. Rejected connections are numbered, too, so there are gaps. Peers of two servers may have the
    /// same number.
    pub fn as_u64(self) -> u64 {
        self.generation
    }

    /// Returns the slot that the peer is stored in. Slots are used again, so it is below the largest number of
    /// connections so far.
    pub(crate) fn slot(self) -> u32 {
        self.slot as u32
    }
}

impl fmt::Display for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peer {}", self.generation)
    }
}

/// A map by the keys of one server.
pub(crate) type PeerKeyMap<T> = HashMap<PeerKey, T, BuildHasherDefault<PeerKeyHasher>>;

/// A fast hasher for keys. The server numbers its peers, so they only need to be spread over all bits.
#[derive(Debug, Default)]
pub(crate) struct PeerKeyHasher(u64);

impl Hasher for PeerKeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// The slot. The generation is unique already.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Values in slots that are used again, under keys that are unique.
#[derive(Debug)]
pub(super) struct Slots<T> {
    /// The value in each slot, with the generation of its key.
    slots: Vec<Option<(u64, Box<T>)>>,
    free: Vec<u32>,
    generation: u64,
}

impl<T> Slots<T> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), generation: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Returns the slot that the next value will be stored in.
    pub(super) fn vacant(&self) -> u32 {
        self.free.last().copied().unwrap_or(self.slots.len() as u32)
    }

    /// Stores a value in the slot that [`vacant`](Self::vacant) returns.
    pub(super) fn insert(&mut self, value: T) -> PeerKey {
        let slot = self.vacant();
        self.generation += 1;
        let key = PeerKey { generation: self.generation, slot: slot as usize };
        let kept = Some((self.generation, Box::new(value)));
        match self.free.pop() {
            Some(free) => self.slots[free as usize] = kept,
            None => self.slots.push(kept),
        }
        key
    }

    #[inline]
    pub(super) fn get(&self, key: PeerKey) -> Option<&T> {
        match self.slots.get(key.slot)? {
            Some((generation, value)) if *generation == key.generation => Some(value),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, key: PeerKey) -> Option<&mut T> {
        match self.slots.get_mut(key.slot)? {
            Some((generation, value)) if *generation == key.generation => Some(value),
            _ => None,
        }
    }

    /// Returns the key of the value in a slot.
    pub(super) fn at(&self, slot: u32) -> Option<PeerKey> {
        let (generation, _) = self.slots.get(slot as usize)?.as_ref()?;
        Some(PeerKey { generation: *generation, slot: slot as usize })
    }

    pub(super) fn remove(&mut self, key: PeerKey) -> Option<T> {
        self.get(key)?;
        let (_, value) = self.slots[key.slot].take()?;
        self.free.push(key.slot());
        Some(*value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (PeerKey, &T)> {
        self.slots.iter().zip(0..).filter_map(|(kept, slot)| {
            let (generation, value) = kept.as_ref()?;
            Some((PeerKey { generation: *generation, slot }, &**value))
        })
    }

    /// Returns all keys. The values can be changed while the result is used.
    pub(super) fn keys(&self) -> Vec<PeerKey> {
        self.iter().map(|(key, _)| key).collect()
    }

    /// Returns the number of slots, used or not.
    pub(super) fn width(&self) -> u32 {
        self.slots.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn hashes_of_keys_differ_in_the_bits_that_maps_use() {
        let hasher = BuildHasherDefault::<PeerKeyHasher>::default();
        let hash = |generation| hasher.hash_one(PeerKey { generation, slot: 3 });
        for low in [0, 57] {
            let mut seen: Vec<u64> = (1..=64).map(|generation| hash(generation) >> low & 0x7f).collect();
            seen.sort_unstable();
            seen.dedup();
            assert!(seen.len() > 32, "bits {low} to {}: {} values", low + 7, seen.len());
        }
    }

    #[test]
    fn a_slot_is_used_again_and_a_key_is_not() {
        let mut slots = Slots::new();
        let (a, b) = (slots.insert('a'), slots.insert('b'));
        assert_eq!((slots.get(a), slots.get(b), slots.len()), (Some(&'a'), Some(&'b'), 2));
        assert_eq!((slots.remove(a), slots.remove(a)), (Some('a'), None));
        let c = slots.insert('c');
        assert_eq!((c.slot(), slots.width()), (a.slot(), 2));
        assert_eq!((slots.get(a), slots.get(c)), (None, Some(&'c')));
        assert_eq!(slots.at(a.slot()), Some(c));
        assert!(c > b, "later keys are greater");
        assert_eq!(slots.keys(), [c, b]);
    }
}
