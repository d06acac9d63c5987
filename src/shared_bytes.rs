//! Counts the bytes in all send queues of a server, and of groups of its connections. Bytes that are in several queues
//! count once in each count.

#![allow(dead_code, reason = "browsers have their own send queue")]

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

/// The memory of a queued packet beside its payload, in bytes: its entry in a queue, and the allocator's overhead.
pub(crate) const PACKET_OVERHEAD: usize = 80;

/// The count of a server's queued bytes, or of those of a [group](Self::group). Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedBytes(Arc<Counters>);

/// The capacity of an empty map that is kept.
const KEPT_CAPACITY: usize = 64;

#[derive(Debug, Default)]
struct Counters {
    bytes: AtomicUsize,
    /// The number of queues that hold the bytes with this address and length. While one does, the memory is in use, so
    /// no other bytes have this address.
    queues: Mutex<QueueCounts>,
    /// For a group: the count of the server, where the bytes of a group count once.
    server: Option<SharedBytes>,
}

type QueueCounts = HashMap<(usize, usize), usize, BuildHasherDefault<AddressHasher>>;

/// Bytes in a queue. They are counted until they are dropped.
#[derive(Debug)]
pub(crate) struct CountedBytes {
    bytes: Bytes,
    /// `None` if they are not counted.
    shared_bytes: Option<SharedBytes>,
}

impl SharedBytes {
    /// Returns a count of its own for some of the connections. What it counts is in this count, too.
    pub(crate) fn group(&self) -> Self {
        Self(Arc::new(Counters { server: Some(self.clone()), ..Counters::default() }))
    }

    /// Returns the number of queued bytes.
    pub(crate) fn total(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Returns `true` if a queue holds these bytes already, so that another one costs no memory.
    pub(crate) fn contains(&self, bytes: &Bytes) -> bool {
        self.queues().contains_key(&key(bytes))
    }

    fn add(&self, bytes: &Bytes) {
        let mut queues = self.queues();
        let count = queues.entry(key(bytes)).or_default();
        *count += 1;
        if *count == 1 {
            self.0.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
            if let Some(server) = &self.0.server {
                server.add(bytes);
            }
        }
    }

    fn remove(&self, bytes: &Bytes) {
        let mut queues = self.queues();
        let key = key(bytes);
        let Some(count) = queues.get_mut(&key) else { return };
        *count -= 1;
        if *count == 0 {
            queues.remove(&key);
            if queues.is_empty() && queues.capacity() > KEPT_CAPACITY {
                *queues = QueueCounts::default();
            }
            self.0.bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
            if let Some(server) = &self.0.server {
                server.remove(bytes);
            }
        }
    }

    fn queues(&self) -> MutexGuard<'_, QueueCounts> {
        self.0.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CountedBytes {
    /// Counts the bytes in `shared_bytes`, if it is given.
    pub(crate) fn new(bytes: Bytes, shared_bytes: Option<&SharedBytes>) -> Self {
        if let Some(shared_bytes) = shared_bytes {
            shared_bytes.add(&bytes);
        }
        Self { bytes, shared_bytes: shared_bytes.cloned() }
    }

    /// Counts the bytes in `shared_bytes` instead, if they are counted.
    pub(crate) fn move_to(&mut self, shared_bytes: &SharedBytes) {
        let Some(former) = &mut self.shared_bytes else { return };
        shared_bytes.add(&self.bytes);
        std::mem::replace(former, shared_bytes.clone()).remove(&self.bytes);
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the number of bytes that are counted: all or none.
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
            shared_bytes.remove(&self.bytes);
        }
    }
}

fn key(bytes: &Bytes) -> (usize, usize) {
    (bytes.as_ptr().addr(), bytes.len())
}

/// A fast hasher. Addresses are not untrusted input, so they only need to be spread over all bits.
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
        // Maps use the lowest and the highest bits, so both must depend on the whole address.
        let mixed = (self.0 ^ self.0 >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_many_queues_count_once_until_the_last_is_dropped() {
        let shared_bytes = SharedBytes::default();
        let bytes = Bytes::from(vec![0; 1000]);
        let held: Vec<_> = (0..100).map(|_| CountedBytes::new(bytes.clone(), Some(&shared_bytes))).collect();
        assert_eq!((shared_bytes.total(), shared_bytes.contains(&bytes)), (1000, true));
        let mut held = held.into_iter();
        let last = held.next();
        drop(held);
        assert_eq!(shared_bytes.total(), 1000);
        drop(last);
        assert_eq!((shared_bytes.total(), shared_bytes.contains(&bytes)), (0, false));
    }

    #[test]
    fn equal_bytes_at_different_addresses_count_separately() {
        let shared_bytes = SharedBytes::default();
        let held = [0; 3].map(|_| CountedBytes::new(Bytes::from(vec![7; 10]), Some(&shared_bytes)));
        assert_eq!(shared_bytes.total(), 30);
        drop(held);
        assert_eq!(shared_bytes.total(), 0);
    }

    #[test]
    fn bytes_of_a_group_count_once_in_it_and_once_in_the_server() {
        let server = SharedBytes::default();
        let groups = [server.group(), server.group()];
        let bytes = Bytes::from(vec![0; 1000]);
        let counted = |group: &SharedBytes| CountedBytes::new(bytes.clone(), Some(group));
        let mut first = [counted(&groups[0]), counted(&groups[0])];
        let totals = || [server.total(), groups[0].total(), groups[1].total()];
        assert_eq!(totals(), [1000, 1000, 0]);
        let second = counted(&groups[1]);
        let without_group = counted(&server);
        assert_eq!(totals(), [1000, 1000, 1000]);
        first[0].move_to(&groups[1]);
        assert_eq!(totals(), [1000, 1000, 1000]);
        drop(second);
        first[1].move_to(&groups[1]);
        assert_eq!(totals(), [1000, 0, 1000]);
        assert!(!groups[0].contains(&bytes) && groups[1].contains(&bytes) && server.contains(&bytes));
        drop(first);
        assert_eq!(totals(), [1000, 0, 0]);
        drop(without_group);
        assert_eq!(totals(), [0, 0, 0]);
        assert!(server.queues().is_empty() && groups.iter().all(|group| group.queues().is_empty()));
    }

    #[test]
    fn an_empty_count_keeps_little_memory() {
        let shared_bytes = SharedBytes::default();
        let held: Vec<_> =
            (0..1000).map(|_| CountedBytes::new(Bytes::from(vec![0; 10]), Some(&shared_bytes))).collect();
        drop(held);
        assert!(shared_bytes.queues().capacity() <= 2 * KEPT_CAPACITY);
    }

    #[test]
    fn bytes_without_a_count_are_not_counted() {
        let mut bytes = CountedBytes::new(Bytes::from_static(b"abc"), None);
        let shared_bytes = SharedBytes::default();
        bytes.move_to(&shared_bytes);
        assert_eq!((bytes.counted_len(), shared_bytes.total()), (0, 0));
        assert_eq!(CountedBytes::new(Bytes::from_static(b"abc"), None).counted_len(), 0);
    }

    #[test]
    fn hashes_differ_in_the_bits_that_maps_use() {
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
