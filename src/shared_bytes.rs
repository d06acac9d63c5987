//! Bytes that wait in several send queues at once, counted once.

#![allow(dead_code, reason = "a browser queues by itself")]

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    ops::Deref,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;

/// What a packet takes beside its payload: its place in a queue, and the allocator's own account.
pub(crate) const PACKET_OVERHEAD: usize = 80;

/// The account of a server's shared bytes. A clone is the same account.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedBytes(Arc<Account>);

#[derive(Debug, Default)]
struct Account {
    bytes: AtomicUsize,
    /// How many queues hold the bytes that begin at this address, of this length. While one does, the memory is in use, so
    /// the address cannot belong to anything else.
    holders: Mutex<Holders>,
}

type Holders = HashMap<(usize, usize), usize, BuildHasherDefault<AddressHasher>>;

/// Bytes in a queue. Dropping them takes them out of the account.
#[derive(Debug)]
pub(crate) struct CountedBytes {
    bytes: Bytes,
    /// `None` if they are not counted.
    shared_bytes: Option<SharedBytes>,
}

impl SharedBytes {
    /// Returns how many bytes are held.
    pub(crate) fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Returns `true` if a queue holds these bytes already, so that one more costs no memory.
    pub(crate) fn has(&self, bytes: &Bytes) -> bool {
        self.holders().contains_key(&key(bytes))
    }

    fn enter(&self, bytes: &Bytes) {
        let mut holders = self.holders();
        let count = holders.entry(key(bytes)).or_default();
        *count += 1;
        if *count == 1 {
            self.0.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        }
    }

    fn leave(&self, bytes: &Bytes) {
        let mut holders = self.holders();
        let key = key(bytes);
        let Some(count) = holders.get_mut(&key) else { return };
        *count -= 1;
        if *count == 0 {
            holders.remove(&key);
            self.0.bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
        }
    }

    fn holders(&self) -> MutexGuard<'_, Holders> {
        self.0.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CountedBytes {
    /// Enters the bytes into the account, if there is one.
    pub(crate) fn new(bytes: Bytes, shared_bytes: Option<&SharedBytes>) -> Self {
        if let Some(shared_bytes) = shared_bytes {
            shared_bytes.enter(&bytes);
        }
        Self { bytes, shared_bytes: shared_bytes.cloned() }
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns how many of the bytes `SharedBytes` counts.
    pub(crate) fn counted_len(&self) -> usize {
        if self.shared_bytes.is_some() { self.bytes.len() } else { 0 }
    }
}

impl Deref for CountedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for CountedBytes {
    fn drop(&mut self) {
        if let Some(shared_bytes) = &self.shared_bytes {
            shared_bytes.leave(&self.bytes);
        }
    }
}

fn key(bytes: &Bytes) -> (usize, usize) {
    (bytes.as_ptr().addr(), bytes.len())
}

/// Addresses are no input from outside: they only need to be spread over all bits.
#[derive(Debug, Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, number: usize) {
        self.0 = (self.0.rotate_left(5) ^ number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        // Maps look at the lowest and the highest bits, so both must depend on all of the address.
        let mixed = (self.0 ^ self.0 >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_many_queues_count_once_until_the_last_lets_go() {
        let shared_bytes = SharedBytes::default();
        let bytes = Bytes::from(vec![0; 1000]);
        let held: Vec<_> = (0..100).map(|_| CountedBytes::new(bytes.clone(), Some(&shared_bytes))).collect();
        assert_eq!((shared_bytes.bytes(), shared_bytes.has(&bytes)), (1000, true));
        let mut held = held.into_iter();
        let last = held.next();
        drop(held);
        assert_eq!(shared_bytes.bytes(), 1000);
        drop(last);
        assert_eq!((shared_bytes.bytes(), shared_bytes.has(&bytes)), (0, false));
    }

    #[test]
    fn equal_bytes_in_different_places_count_each() {
        let shared_bytes = SharedBytes::default();
        let held = [0; 3].map(|_| CountedBytes::new(Bytes::from(vec![7; 10]), Some(&shared_bytes)));
        assert_eq!(shared_bytes.bytes(), 30);
        drop(held);
        assert_eq!(shared_bytes.bytes(), 0);
    }

    #[test]
    fn without_an_account_nothing_is_counted() {
        assert_eq!(CountedBytes::new(Bytes::from_static(b"abc"), None).counted_len(), 0);
    }

    #[test]
    fn hashes_differ_in_the_bits_that_maps_look_at() {
        let hash = |address: usize| {
            let mut hasher = AddressHasher::default();
            hasher.write_usize(address);
            hasher.write_usize(1000);
            hasher.finish()
        };
        let hashes: Vec<u64> = (0..64).map(|index| hash(0x7f00_0000 + index * 4096)).collect();
        for bits in [0..7, 57..64] {
            let (low, width) = (bits.start, bits.end - bits.start);
            let mut seen: Vec<u64> = hashes.iter().map(|hash| hash >> low & ((1 << width) - 1)).collect();
            seen.sort_unstable();
            seen.dedup();
            assert!(seen.len() > 32, "bits {low} to {}: {} values", low + width, seen.len());
        }
    }
}
