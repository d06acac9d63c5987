//! The packets of an inbox that arrived together, in one buffer.
//!
//! Such a packet gets memory of its own when the program takes it. A program usually drops a packet before it takes the next
//! one, so the allocator returns the same memory each time, which is in the processor's cache. Memory for hundreds of packets
//! at once costs more than the second copy.

use std::collections::VecDeque;

use crate::packet::{PacketBatch, PacketKind};

/// The largest buffer that is kept when all of it was taken, in bytes.
const MAX_SPARE: usize = 16 * 1024;

/// The largest buffer that is kept as it is when most of it was taken, in bytes. To keep it takes no time, and to copy the rest
/// does.
const MAX_PARTLY_TAKEN: usize = 64 * 1024;

/// Packets in one buffer, which have an order among the other packets of the inbox. `None` before the first one.
#[derive(Debug, Default)]
pub(crate) struct Batch(Option<Box<BatchBuffer>>);

#[derive(Debug, Default)]
struct BatchBuffer {
    packets: VecDeque<BatchedPacket>,
    bytes: Vec<u8>,
    /// The number of bytes that were taken.
    taken: usize,
    /// The number of other packets that come before the last packet in here.
    others_before: usize,
}

#[derive(Debug)]
struct BatchedPacket {
    kind: PacketKind,
    len: usize,
    /// The number of other packets that come between the last packet in here and this one.
    others_between: usize,
}

impl Batch {
    /// Returns `true` if there is room for a packet of `len` bytes, behind which `rest` bytes of input follow. Memory is only
    /// allocated for several packets.
    #[inline]
    pub(in super::super) fn has_room(&mut self, len: usize, rest: usize) -> bool {
        (self.0.is_some() || rest > 0) && self.0.get_or_insert_default().has_room(len, rest)
    }

    /// Adds a packet, for which it [has room](Self::has_room), behind `others` other packets. `finish` may change the bytes.
    /// After an error nothing is added.
    #[inline]
    pub(in super::super) fn push<E>(
        &mut self,
        kind: PacketKind,
        bytes: &[u8],
        others: usize,
        finish: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.0.get_or_insert_default().push(kind, bytes, others, finish)
    }
}

impl PacketBatch for Batch {
    #[inline]
    fn next_len(&self) -> Option<usize> {
        self.0.as_ref()?.next_len()
    }

    #[inline]
    fn take(&mut self) -> Option<(PacketKind, Vec<u8>)> {
        self.0.as_mut()?.take()
    }

    fn shrink(&mut self) {
        match &mut self.0 {
            Some(buffer) if !buffer.packets.is_empty() => {
                buffer.packets.shrink_to_fit();
                buffer.shrink();
            }
            buffer => *buffer = None,
        }
    }
}

impl BatchBuffer {
    #[inline]
    fn has_room(&mut self, len: usize, rest: usize) -> bool {
        if self.packets.is_empty() {
            if rest == 0 {
                return false;
            }
            self.bytes.clear();
            self.taken = 0;
            self.bytes.reserve_exact(len + rest);
        }
        self.bytes.capacity() - self.bytes.len() >= len
    }

    #[inline]
    fn push<E>(
        &mut self,
        kind: PacketKind,
        bytes: &[u8],
        others: usize,
        finish: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        if let Err(error) = finish(&mut self.bytes[start..]) {
            self.bytes.truncate(start);
            return Err(error);
        }
        let others_between = others - self.others_before;
        self.others_before = others;
        self.packets.push_back(BatchedPacket { kind, len: bytes.len(), others_between });
        Ok(())
    }

    #[inline]
    fn next_len(&self) -> Option<usize> {
        self.packets.front().filter(|packet| packet.others_between == 0).map(|packet| packet.len)
    }

    // Not inlined: the caller has less to do for small packets.
    #[inline(never)]
    fn take(&mut self) -> Option<(PacketKind, Vec<u8>)> {
        let next = self.packets.front_mut()?;
        if next.others_between > 0 {
            next.others_between -= 1;
            self.others_before -= 1;
            return None;
        }
        let end = self.taken + next.len;
        let packet = (next.kind, self.bytes[self.taken..end].to_vec());
        self.taken = end;
        self.packets.pop_front();
        let (left, capacity) = (self.bytes.len() - end, self.bytes.capacity());
        let most = if left == 0 { MAX_SPARE } else { MAX_PARTLY_TAKEN };
        if capacity > most && left <= capacity / 4 {
            self.shrink();
        }
        Some(packet)
    }

    /// Frees the memory of the packets that were taken.
    #[cold]
    fn shrink(&mut self) {
        if self.taken > 0 {
            self.bytes = self.bytes[self.taken..].to_vec();
            self.taken = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(batch: &mut BatchBuffer, bytes: &[u8], others: usize) {
        let pushed = batch.push(PacketKind::Binary, bytes, others, |_| Ok::<(), ()>(()));
        assert_eq!(pushed, Ok(()));
    }

    fn take(batch: &mut BatchBuffer) -> Option<Vec<u8>> {
        let len = batch.next_len();
        let taken = batch.take().map(|(_, bytes)| bytes);
        assert_eq!(taken.as_ref().map(Vec::len), len);
        taken
    }

    #[test]
    fn packets_keep_their_order_among_others() {
        let mut batch = BatchBuffer::default();
        assert!(batch.has_room(1, 100));
        push(&mut batch, b"a", 0);
        push(&mut batch, b"b", 2);
        push(&mut batch, b"c", 2);
        assert_eq!(take(&mut batch).as_deref(), Some(&b"a"[..]));
        assert_eq!(take(&mut batch), None, "the first other packet is next");
        // Three others wait now.
        push(&mut batch, b"d", 3);
        assert_eq!(take(&mut batch), None, "the second one is next");
        assert_eq!(take(&mut batch).as_deref(), Some(&b"b"[..]));
        assert_eq!(take(&mut batch).as_deref(), Some(&b"c"[..]));
        assert_eq!(take(&mut batch), None);
        assert_eq!(take(&mut batch), None);
        assert_eq!(take(&mut batch).as_deref(), Some(&b"d"[..]));
        assert_eq!((take(&mut batch), batch.packets.len()), (None, 0));
    }

    #[test]
    fn memory_is_allocated_for_several_packets_and_not_enlarged_while_some_wait() {
        let mut batch = BatchBuffer::default();
        assert!(!batch.has_room(10, 0), "it is alone");
        assert_eq!(batch.bytes.capacity(), 0);
        assert!(batch.has_room(10, 20));
        push(&mut batch, &[1; 10], 0);
        assert!(batch.has_room(20, 1000) && !batch.has_room(21, 1000));
        push(&mut batch, &[2; 20], 0);
        assert!(!batch.has_room(1, 0));
        take(&mut batch);
        take(&mut batch);
        assert!(batch.has_room(1000, 1000), "it is empty");
    }

    #[test]
    fn a_packet_that_is_refused_leaves_no_bytes() {
        let mut batch = BatchBuffer::default();
        assert!(batch.has_room(2, 2));
        assert_eq!(batch.push(PacketKind::Text, b"no", 0, |_| Err("refused")), Err("refused"));
        let upper = |bytes: &mut [u8]| -> Result<(), &str> {
            bytes.make_ascii_uppercase();
            Ok(())
        };
        assert_eq!(batch.push(PacketKind::Text, b"ok", 0, upper), Ok(()));
        assert_eq!(batch.take(), Some((PacketKind::Text, b"OK".to_vec())));
    }

    #[test]
    fn a_quiet_batch_holds_no_more_than_what_waits() {
        let mut batch = Batch::default();
        assert!(batch.has_room(100, 900));
        for number in 0..10 {
            let pushed = batch.push(PacketKind::Binary, &[number; 100], 0, |_| Ok::<(), ()>(()));
            assert_eq!(pushed, Ok(()));
        }
        let mut capacity_after = |taken: std::ops::Range<u8>| {
            for number in taken {
                assert_eq!(batch.take(), Some((PacketKind::Binary, vec![number; 100])));
            }
            batch.shrink();
            batch.0.as_ref().map(|buffer| buffer.bytes.capacity())
        };
        assert_eq!(capacity_after(0..0), Some(1000));
        assert_eq!(capacity_after(0..3), Some(700));
        assert_eq!(capacity_after(3..10), None);
    }

    #[test]
    fn the_memory_of_a_burst_is_freed_when_most_of_it_was_taken() {
        const LEN: usize = 1000;
        for count in [20, 60, 200] {
            let mut batch = BatchBuffer::default();
            assert!(batch.has_room(LEN, (count - 1) * LEN));
            for number in 0..count {
                push(&mut batch, &[number as u8; LEN], 0);
            }
            let place = batch.bytes.as_ptr();
            for number in 0..count {
                assert_eq!(take(&mut batch), Some(vec![number as u8; LEN]));
                let (left, capacity) = (batch.packets.len() * LEN, batch.bytes.capacity());
                assert!(capacity <= (4 * left + 4 * LEN).max(MAX_PARTLY_TAKEN), "{left} bytes are left");
                let is_copied = left > 0 && batch.bytes.as_ptr() != place;
                assert!(!is_copied || count * LEN > MAX_PARTLY_TAKEN, "{left} bytes of {count} were copied");
            }
            assert!(batch.bytes.capacity() <= MAX_SPARE, "after {count}");
        }
    }
}
