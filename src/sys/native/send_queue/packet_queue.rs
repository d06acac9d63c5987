//! Packets that wait, in order, until the socket takes bytes again. A new packet replaces the one under the same key,
//! in constant time.

use std::collections::{HashMap, VecDeque};

use crate::{
    packet::PacketKind,
    shared_bytes::{CountedBytes, PACKET_OVERHEAD, SharedBytes},
};

/// A packet, or frames that were encoded once for many peers.
#[derive(Debug)]
pub(super) struct QueuedPacket {
    /// `None` if the bytes are encoded frames.
    pub(super) kind: Option<PacketKind>,
    pub(super) bytes: CountedBytes,
    /// The length of the payload, in bytes.
    pub(super) payload: usize,
}

/// The queue. It takes no memory while the socket takes everything.
#[derive(Debug, Default)]
pub(super) struct PacketQueue(Option<Box<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    entries: VecDeque<(QueuedPacket, Option<u64>)>,
    /// How many entries were removed: the number of the first entry.
    removed: u64,
    /// The number of the entry under each key.
    by_key: HashMap<u64, u64>,
    payload: usize,
    /// How many of the bytes `SharedBytes` counts.
    shared_len: usize,
}

impl PacketQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|queue| queue.entries.is_empty())
    }

    /// Returns the memory of payloads and entries, in bytes.
    pub(super) fn memory_usage(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| queue.payload + queue.entries.len() * PACKET_OVERHEAD)
    }

    /// Returns how many of the bytes `SharedBytes` counts.
    pub(super) fn shared_len(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| queue.shared_len)
    }

    /// Adds an entry, or replaces the one under the same key. Returns the payload length of a replaced entry.
    pub(super) fn push(&mut self, queued: QueuedPacket, key: Option<u64>) -> Option<usize> {
        self.0.get_or_insert_default().push(queued, key)
    }

    /// Removes and returns the oldest entry.
    pub(super) fn pop(&mut self) -> Option<QueuedPacket> {
        self.0.as_mut()?.pop()
    }

    /// Returns the payload length of the entry under a key.
    pub(super) fn payload_of(&self, key: u64) -> Option<usize> {
        let queue = self.0.as_ref()?;
        let (queued, _) = queue.entries.get(queue.index(key)?)?;
        Some(queued.payload)
    }

    /// Counts the entries in another account.
    pub(super) fn set_shared_bytes(&mut self, shared_bytes: &SharedBytes) {
        let queue = self.0.iter_mut().flat_map(|queue| &mut queue.entries);
        queue.for_each(|(queued, _)| queued.bytes.move_to(shared_bytes));
    }

    /// Frees the memory of an empty queue.
    pub(super) fn shrink(&mut self) {
        self.0.take_if(|queue| queue.entries.is_empty());
    }
}

impl Entries {
    fn push(&mut self, queued: QueuedPacket, key: Option<u64>) -> Option<usize> {
        self.payload += queued.payload;
        self.shared_len += queued.bytes.counted_len();
        if let Some(index) = key.and_then(|key| self.index(key)) {
            if let Some((entry, _)) = self.entries.get_mut(index) {
                let replaced = std::mem::replace(entry, queued);
                self.uncount(&replaced);
                return Some(replaced.payload);
            }
        }
        if let Some(key) = key {
            self.by_key.insert(key, self.removed + self.entries.len() as u64);
        }
        self.entries.push_back((queued, key));
        None
    }

    fn pop(&mut self) -> Option<QueuedPacket> {
        let (queued, key) = self.entries.pop_front()?;
        self.removed += 1;
        if let Some(key) = key {
            self.by_key.remove(&key);
        }
        self.uncount(&queued);
        Some(queued)
    }

    fn index(&self, key: u64) -> Option<usize> {
        let number = self.by_key.get(&key)?;
        usize::try_from(number - self.removed).ok()
    }

    /// Subtracts a removed entry from the totals.
    fn uncount(&mut self, queued: &QueuedPacket) {
        self.payload -= queued.payload;
        self.shared_len -= queued.bytes.counted_len();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn packet(len: usize, shared_bytes: &SharedBytes) -> QueuedPacket {
        let bytes = CountedBytes::new(Bytes::from(vec![0; len]), Some(shared_bytes));
        QueuedPacket { kind: Some(PacketKind::Binary), bytes, payload: len }
    }

    #[test]
    fn a_packet_replaces_the_one_under_the_same_key() {
        let shared_bytes = SharedBytes::default();
        let mut queue = PacketQueue::default();
        assert_eq!(queue.push(packet(1, &shared_bytes), Some(7)), None);
        assert_eq!(queue.push(packet(2, &shared_bytes), None), None);
        assert_eq!(queue.push(packet(3, &shared_bytes), Some(8)), None);
        assert_eq!(queue.push(packet(4, &shared_bytes), Some(7)), Some(1));
        assert_eq!((queue.payload_of(7), queue.payload_of(8), queue.payload_of(9)), (Some(4), Some(3), None));
        assert_eq!((queue.memory_usage(), queue.shared_len()), (9 + 3 * PACKET_OVERHEAD, 9));
        let lengths: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|queued| queued.payload).collect();
        assert_eq!(lengths, [4, 2, 3]);
        assert_eq!((queue.memory_usage(), queue.shared_len(), shared_bytes.total()), (0, 0, 0));
    }

    /// A linear search for each key would take hours.
    #[test]
    fn replacing_a_packet_takes_constant_time() {
        const KEYS: u64 = 300_000;
        let start = std::time::Instant::now();
        let mut queue = PacketQueue::default();
        for round in 0..5 {
            for key in 0..KEYS {
                let bytes = CountedBytes::new(Bytes::new(), None);
                let replaced = queue.push(QueuedPacket { kind: None, bytes, payload: 1 }, Some(key));
                assert_eq!(replaced.is_some(), round > 0);
            }
        }
        assert_eq!(queue.memory_usage(), KEYS as usize * (1 + PACKET_OVERHEAD));
        assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    }

    #[test]
    fn a_key_can_be_used_again_after_its_packet_was_sent() {
        let shared_bytes = SharedBytes::default();
        let mut queue = PacketQueue::default();
        for round in 0..3 {
            assert_eq!(queue.push(packet(round, &shared_bytes), Some(7)), None);
            assert_eq!(queue.push(packet(10, &shared_bytes), Some(8)), None);
            assert_eq!(queue.pop().map(|queued| queued.payload), Some(round));
            assert_eq!(queue.payload_of(7), None);
            assert_eq!(queue.pop().map(|queued| queued.payload), Some(10));
            queue.shrink();
        }
    }
}
