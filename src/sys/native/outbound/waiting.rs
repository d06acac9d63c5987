//! Packets that wait, in order, until the socket takes bytes again. Under a key the newest replaces the one before it, in
//! constant time.

use std::collections::{HashMap, VecDeque};

use crate::{
    ledger::{HeldBytes, PACKET_OVERHEAD},
    packet::PacketKind,
};

/// What waits: a packet, or frames that were encoded for many peers at once.
#[derive(Debug)]
pub(super) struct Queued {
    /// `None` if the bytes are frames already.
    pub(super) kind: Option<PacketKind>,
    pub(super) bytes: HeldBytes,
    /// Payload bytes.
    pub(super) payload: usize,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    queue: VecDeque<(Queued, Option<u64>)>,
    /// How many have left it: the number of the first.
    left: u64,
    /// The number of the entry under each key.
    #[allow(clippy::box_collection, reason = "most connections never use a key, and each has this field")]
    by_key: Option<Box<HashMap<u64, u64>>>,
    payload: usize,
    /// How many of its bytes the ledger of shared bytes counts.
    shared: usize,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Returns the memory that it takes: payload bytes and entries.
    pub(super) fn held(&self) -> usize {
        self.payload + self.queue.len() * PACKET_OVERHEAD
    }

    /// Returns how many of its bytes the ledger of shared bytes counts.
    pub(super) fn shared(&self) -> usize {
        self.shared
    }

    /// Adds an entry, or replaces the one under the same key. Returns the payload length of the one that was replaced.
    pub(super) fn push(&mut self, queued: Queued, key: Option<u64>) -> Option<usize> {
        self.payload += queued.payload;
        self.shared += queued.bytes.counted();
        if let Some(index) = key.and_then(|key| self.index(key)) {
            if let Some((entry, _)) = self.queue.get_mut(index) {
                let replaced = std::mem::replace(entry, queued);
                self.forget(&replaced);
                return Some(replaced.payload);
            }
        }
        if let Some(key) = key {
            let number = self.left + self.queue.len() as u64;
            self.by_key.get_or_insert_default().insert(key, number);
        }
        self.queue.push_back((queued, key));
        None
    }

    /// Takes the entry that has waited longest.
    pub(super) fn pop(&mut self) -> Option<Queued> {
        let (queued, key) = self.queue.pop_front()?;
        self.left += 1;
        if let (Some(key), Some(by_key)) = (key, &mut self.by_key) {
            by_key.remove(&key);
        }
        self.forget(&queued);
        Some(queued)
    }

    /// Returns the payload length of the entry under a key.
    pub(super) fn under(&self, key: u64) -> Option<usize> {
        let (queued, _) = self.queue.get(self.index(key)?)?;
        Some(queued.payload)
    }

    /// Gives back memory that an empty queue keeps.
    pub(super) fn shrink(&mut self) {
        if self.is_empty() {
            *self = Self { left: self.left, ..Self::default() };
        }
    }

    fn index(&self, key: u64) -> Option<usize> {
        let number = self.by_key.as_ref()?.get(&key)?;
        usize::try_from(number - self.left).ok()
    }

    /// Takes an entry out of the account.
    fn forget(&mut self, queued: &Queued) {
        self.payload -= queued.payload;
        self.shared -= queued.bytes.counted();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::ledger::Ledger;

    fn packet(len: usize, ledger: &Ledger) -> Queued {
        let bytes = HeldBytes::new(Bytes::from(vec![0; len]), Some(ledger));
        Queued { kind: Some(PacketKind::Binary), bytes, payload: len }
    }

    #[test]
    fn the_newest_packet_under_a_key_takes_the_place_of_the_one_before() {
        let ledger = Ledger::default();
        let mut waiting = Waiting::default();
        assert_eq!(waiting.push(packet(1, &ledger), Some(7)), None);
        assert_eq!(waiting.push(packet(2, &ledger), None), None);
        assert_eq!(waiting.push(packet(3, &ledger), Some(8)), None);
        assert_eq!(waiting.push(packet(4, &ledger), Some(7)), Some(1));
        assert_eq!((waiting.under(7), waiting.under(8), waiting.under(9)), (Some(4), Some(3), None));
        assert_eq!((waiting.held(), waiting.shared()), (9 + 3 * PACKET_OVERHEAD, 9));
        let lengths: Vec<_> = std::iter::from_fn(|| waiting.pop()).map(|queued| queued.payload).collect();
        assert_eq!(lengths, [4, 2, 3]);
        assert_eq!((waiting.held(), waiting.shared(), ledger.bytes()), (0, 0, 0));
    }

    #[test]
    fn a_key_whose_packet_has_left_begins_anew() {
        let ledger = Ledger::default();
        let mut waiting = Waiting::default();
        for round in 0..3 {
            assert_eq!(waiting.push(packet(round, &ledger), Some(7)), None);
            assert_eq!(waiting.push(packet(10, &ledger), Some(8)), None);
            assert_eq!(waiting.pop().map(|queued| queued.payload), Some(round));
            assert_eq!(waiting.under(7), None);
            assert_eq!(waiting.pop().map(|queued| queued.payload), Some(10));
            waiting.shrink();
        }
    }
}
