//! Packets that wait, in order, until the socket takes bytes again. Under a key the newest replaces the one before it, in
//! constant time.

use std::collections::{HashMap, VecDeque};

use crate::{
    packet::PacketKind,
    shared_bytes::{CountedBytes, PACKET_OVERHEAD},
};

/// What waits: a packet, or frames that were encoded for many peers at once.
#[derive(Debug)]
pub(super) struct QueuedPacket {
    /// `None` if the bytes are frames already.
    pub(super) kind: Option<PacketKind>,
    pub(super) bytes: CountedBytes,
    /// Payload bytes.
    pub(super) payload: usize,
}

/// The queue. A connection whose socket takes everything has none.
#[derive(Debug, Default)]
pub(super) struct PacketQueue(Option<Box<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    entries: VecDeque<(QueuedPacket, Option<u64>)>,
    /// How many have left it: the number of the first.
    left: u64,
    /// The number of the entry under each key.
    by_key: HashMap<u64, u64>,
    payload: usize,
    /// How many of its bytes `SharedBytes` counts.
    shared: usize,
}

impl PacketQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|queue| queue.entries.is_empty())
    }

    /// Returns the memory that it takes: payload bytes and entries.
    pub(super) fn held(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| queue.payload + queue.entries.len() * PACKET_OVERHEAD)
    }

    /// Returns how many of its bytes `SharedBytes` counts.
    pub(super) fn shared(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| queue.shared)
    }

    /// Adds an entry, or replaces the one under the same key. Returns the payload length of the one that was replaced.
    pub(super) fn push(&mut self, queued: QueuedPacket, key: Option<u64>) -> Option<usize> {
        self.0.get_or_insert_default().push(queued, key)
    }

    /// Takes the entry that has waited longest.
    pub(super) fn pop(&mut self) -> Option<QueuedPacket> {
        self.0.as_mut()?.pop()
    }

    /// Returns the payload length of the entry under a key.
    pub(super) fn under(&self, key: u64) -> Option<usize> {
        let queue = self.0.as_ref()?;
        let (queued, _) = queue.entries.get(queue.index(key)?)?;
        Some(queued.payload)
    }

    /// Gives back memory that an empty queue keeps.
    pub(super) fn shrink(&mut self) {
        self.0.take_if(|queue| queue.entries.is_empty());
    }
}

impl Entries {
    fn push(&mut self, queued: QueuedPacket, key: Option<u64>) -> Option<usize> {
        self.payload += queued.payload;
        self.shared += queued.bytes.counted_len();
        if let Some(index) = key.and_then(|key| self.index(key)) {
            if let Some((entry, _)) = self.entries.get_mut(index) {
                let replaced = std::mem::replace(entry, queued);
                self.forget(&replaced);
                return Some(replaced.payload);
            }
        }
        if let Some(key) = key {
            self.by_key.insert(key, self.left + self.entries.len() as u64);
        }
        self.entries.push_back((queued, key));
        None
    }

    fn pop(&mut self) -> Option<QueuedPacket> {
        let (queued, key) = self.entries.pop_front()?;
        self.left += 1;
        if let Some(key) = key {
            self.by_key.remove(&key);
        }
        self.forget(&queued);
        Some(queued)
    }

    fn index(&self, key: u64) -> Option<usize> {
        let number = self.by_key.get(&key)?;
        usize::try_from(number - self.left).ok()
    }

    /// Takes an entry out of the account.
    fn forget(&mut self, queued: &QueuedPacket) {
        self.payload -= queued.payload;
        self.shared -= queued.bytes.counted_len();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::shared_bytes::SharedBytes;

    fn packet(len: usize, shared_bytes: &SharedBytes) -> QueuedPacket {
        let bytes = CountedBytes::new(Bytes::from(vec![0; len]), Some(shared_bytes));
        QueuedPacket { kind: Some(PacketKind::Binary), bytes, payload: len }
    }

    #[test]
    fn the_newest_packet_under_a_key_takes_the_place_of_the_one_before() {
        let shared_bytes = SharedBytes::default();
        let mut waiting = PacketQueue::default();
        assert_eq!(waiting.push(packet(1, &shared_bytes), Some(7)), None);
        assert_eq!(waiting.push(packet(2, &shared_bytes), None), None);
        assert_eq!(waiting.push(packet(3, &shared_bytes), Some(8)), None);
        assert_eq!(waiting.push(packet(4, &shared_bytes), Some(7)), Some(1));
        assert_eq!((waiting.under(7), waiting.under(8), waiting.under(9)), (Some(4), Some(3), None));
        assert_eq!((waiting.held(), waiting.shared()), (9 + 3 * PACKET_OVERHEAD, 9));
        let lengths: Vec<_> = std::iter::from_fn(|| waiting.pop()).map(|queued| queued.payload).collect();
        assert_eq!(lengths, [4, 2, 3]);
        assert_eq!((waiting.held(), waiting.shared(), shared_bytes.total()), (0, 0, 0));
    }

    /// Searching the queue for each would take hours.
    #[test]
    fn a_packet_under_a_key_costs_the_same_however_many_wait() {
        const KEYS: u64 = 300_000;
        let start = std::time::Instant::now();
        let mut waiting = PacketQueue::default();
        for round in 0..5 {
            for key in 0..KEYS {
                let bytes = CountedBytes::new(Bytes::new(), None);
                let replaced = waiting.push(QueuedPacket { kind: None, bytes, payload: 1 }, Some(key));
                assert_eq!(replaced.is_some(), round > 0);
            }
        }
        assert_eq!(waiting.held(), KEYS as usize * (1 + PACKET_OVERHEAD));
        assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    }

    #[test]
    fn a_key_whose_packet_has_left_begins_anew() {
        let shared_bytes = SharedBytes::default();
        let mut waiting = PacketQueue::default();
        for round in 0..3 {
            assert_eq!(waiting.push(packet(round, &shared_bytes), Some(7)), None);
            assert_eq!(waiting.push(packet(10, &shared_bytes), Some(8)), None);
            assert_eq!(waiting.pop().map(|queued| queued.payload), Some(round));
            assert_eq!(waiting.under(7), None);
            assert_eq!(waiting.pop().map(|queued| queued.payload), Some(10));
            waiting.shrink();
        }
    }
}
