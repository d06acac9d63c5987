//! The memory of large messages, for reuse. New memory is mapped by the system and zeroed before the socket fills it, which
//! takes a fifth of the time of an echo.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::packet::{Packet, PacketKind};

/// The number of bytes that a pool keeps.
const KEPT: usize = 4 * 1024 * 1024;

/// Buffers that wait to be reused. Clones share them.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct BufferPool(Arc<Mutex<Buffers>>);

#[derive(Debug, Default)]
struct Buffers {
    waiting: Vec<Vec<u8>>,
    /// The sum of their lengths.
    bytes: usize,
    /// `true` if one was taken since [`BufferPool::free_unused`].
    was_used: bool,
}

/// Initialized bytes. When they are dropped, they return to the pool that they come from, if any.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    pool: Option<BufferPool>,
}

impl BufferPool {
    /// Frees the buffers if none was taken since the last call.
    pub(in super::super) fn free_unused(&self) {
        let mut buffers = self.lock();
        if !std::mem::take(&mut buffers.was_used) {
            *buffers = Buffers::default();
        }
    }

    /// Returns a buffer of this length, or a little longer, with any content.
    fn take(&self, len: usize) -> Option<Vec<u8>> {
        let mut buffers = self.lock();
        buffers.was_used = true;
        let fits = |buffer: &Vec<u8>| (len..=len + len / 4).contains(&buffer.len());
        // The last one is most likely in the processor's cache.
        let index = buffers.waiting.iter().rposition(fits)?;
        let buffer = buffers.waiting.remove(index);
        buffers.bytes -= buffer.len();
        Some(buffer)
    }

    fn put(&self, buffer: Vec<u8>) {
        let mut buffers = self.lock();
        if buffer.len() <= KEPT - buffers.bytes {
            buffers.bytes += buffer.len();
            buffers.waiting.push(buffer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buffers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two pools are equal if they are the same one.
impl PartialEq for BufferPool {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for BufferPool {}

impl Buffer {
    /// Returns a buffer of this length, or a little longer, with any content.
    pub(super) fn new(len: usize, pool: Option<&BufferPool>) -> Self {
        let bytes = pool.and_then(|pool| pool.take(len)).unwrap_or_else(|| vec![0; len]);
        Self { bytes, pool: pool.cloned() }
    }

    pub(super) fn get(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn get_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Returns the first `len` bytes as a packet. Those of a text must be UTF-8.
    pub(super) fn into_packet(mut self, kind: PacketKind, len: usize) -> Packet {
        if self.pool.is_none() {
            self.bytes.truncate(len);
            return Packet::from_vec(kind, std::mem::take(&mut self.bytes));
        }
        let mut bytes = Bytes::from_owner(self);
        bytes.truncate(len);
        Packet::from_bytes(kind, bytes)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.get()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(pool) = &self.pool {
            pool.put(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(pool: &BufferPool) -> usize {
        pool.lock().waiting.len()
    }

    #[test]
    fn a_buffer_is_reused_for_a_message_of_about_its_length() {
        for (len, is_reused) in [(1000, true), (800, true), (799, false), (1001, false)] {
            let pool = BufferPool::default();
            pool.put(vec![7; 1000]);
            let buffer = Buffer::new(len, Some(&pool));
            assert_eq!(buffer.get().first() == Some(&7), is_reused, "{len} bytes");
            assert!(buffer.get().len() >= len);
        }
        assert_eq!(Buffer::new(1000, None).get(), [0; 1000]);
    }

    #[test]
    fn a_packet_has_its_bytes_until_its_last_clone_is_dropped() {
        let pool = BufferPool::default();
        pool.put(vec![7; 1000]);
        let mut buffer = Buffer::new(900, Some(&pool));
        buffer.get_mut()[..900].fill(b'a');
        let packet = buffer.into_packet(PacketKind::Text, 900);
        assert_eq!(packet.as_text(), Some(&*"a".repeat(900)), "nothing of the former content");
        let clone = packet.clone();
        drop(packet);
        assert_eq!(waiting(&pool), 0);
        assert_eq!(clone.into_vec(), [b'a'; 900]);
        assert_eq!(waiting(&pool), 1);
    }

    #[test]
    fn a_pool_keeps_a_limited_number_of_bytes_and_frees_what_is_not_used() {
        let pool = BufferPool::default();
        (0..3).for_each(|_| pool.put(vec![0; KEPT / 2]));
        assert_eq!((waiting(&pool), pool.lock().bytes), (2, KEPT));
        drop(Buffer::new(KEPT / 2, Some(&pool)));
        pool.free_unused();
        assert_eq!(waiting(&pool), 2, "one was used");
        pool.free_unused();
        assert_eq!((waiting(&pool), pool.lock().bytes), (0, 0));
    }
}
