//! An incomplete message: the payloads of its frames so far.

use super::{
    buffer_pool::{Buffer, BufferPool},
    decoder::FrameError,
    mask,
};
use crate::packet::{Packet, PacketKind};

/// The memory for a whole message is reserved once the missing bytes are at most this multiple of the received ones.
const TRUST: usize = 64;

/// Before that, full memory grows by this factor. So less than a twelfth of a message in one frame is ever moved: at
/// most a sixteenth the last time, and each time before a fourth of the next.
const GROWTH: usize = 4;

/// The length from which on a message can be read into directly, in bytes.
const LARGE: usize = 64 * 1024;

/// The number of bytes that are copied and then unmasked while they are in the cache.
const CACHED: usize = 8 * 1024;

/// The bytes of one message, collected over frames and reads.
#[derive(Debug)]
pub(super) struct PartialMessage {
    kind: PacketKind,
    buf: MessageBuf,
    /// Where the memory of a large message comes from.
    pool: Option<BufferPool>,
    /// The number of bytes of a text that are valid UTF-8.
    valid: usize,
    /// The number of frames so far.
    pub(super) fragments: u32,
}

/// The memory of a message.
#[derive(Debug)]
enum MessageBuf {
    Small(Vec<u8>),
    /// The message is the first `len` bytes. The others can be read into.
    Large {
        bytes: Buffer,
        len: usize,
    },
}

impl PartialMessage {
    pub(super) fn new(kind: PacketKind, pool: Option<BufferPool>) -> Self {
        Self { kind, buf: MessageBuf::Small(Vec::new()), pool, valid: 0, fragments: 1 }
    }

    pub(super) fn kind(&self) -> PacketKind {
        self.kind
    }

    pub(super) fn len(&self) -> usize {
        self.buf.get().len()
    }

    /// Returns the memory of the message, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    /// Appends a part of a payload that begins at `offset`. New memory has room for `ahead` more bytes.
    pub(super) fn take(
        &mut self,
        part: &[u8],
        key: Option<[u8; 4]>,
        offset: usize,
        ahead: usize,
    ) -> Result<(), FrameError> {
        self.buf.reserve(part.len(), part.len(), ahead, self.pool.as_ref());
        for (index, piece) in part.chunks(CACHED).enumerate() {
            let data = self.buf.extend(piece);
            if let Some(key) = key {
                mask::apply(data, key, offset + index * CACHED);
            }
        }
        self.validate()
    }

    /// Returns memory for at least `min` and at most `max` bytes that have not arrived. New memory has room for `ahead`
    /// bytes beyond `max`. Returns `None` for a small message.
    pub(super) fn room(&mut self, min: usize, max: usize, ahead: usize) -> Option<&mut [u8]> {
        match &self.buf {
            MessageBuf::Small(_) => return None,
            MessageBuf::Large { .. } => {
                self.buf.reserve(min, 0, (max - min).saturating_add(ahead), self.pool.as_ref())
            }
        }
        match &mut self.buf {
            MessageBuf::Small(_) => None,
            MessageBuf::Large { bytes, len } => {
                let room = &mut bytes.get_mut()[*len..];
                let len = max.min(room.len());
                Some(&mut room[..len])
            }
        }
    }

    /// Accepts bytes that were written into the room. They begin at `offset` of their payload.
    pub(super) fn filled(
        &mut self,
        filled: usize,
        key: Option<[u8; 4]>,
        offset: usize,
    ) -> Result<(), FrameError> {
        if let MessageBuf::Large { bytes, len } = &mut self.buf {
            if let Some(key) = key {
                mask::apply(&mut bytes.get_mut()[*len..*len + filled], key, offset);
            }
            *len += filled;
        }
        self.validate()
    }

    /// Returns the complete message.
    pub(super) fn finish(self) -> Result<Packet, FrameError> {
        let len = self.len();
        if self.kind == PacketKind::Text && self.valid < len {
            // The text ends within a character.
            return Err(FrameError::Utf8);
        }
        Ok(match self.buf {
            MessageBuf::Small(data) => Packet::from_vec(self.kind, data),
            MessageBuf::Large { bytes, len } => bytes.into_packet(self.kind, len),
        })
    }

    /// Checks new bytes of a text. Invalid UTF-8 is an error at once, not at the end of the message.
    fn validate(&mut self) -> Result<(), FrameError> {
        if self.kind == PacketKind::Binary {
            return Ok(());
        }
        let new = &self.buf.get()[self.valid..];
        match std::str::from_utf8(new) {
            Ok(_) => self.valid += new.len(),
            Err(error) if error.error_len().is_none() => self.valid += error.valid_up_to(),
            Err(_) => return Err(FrameError::Utf8),
        }
        Ok(())
    }
}

impl MessageBuf {
    fn get(&self) -> &[u8] {
        match self {
            Self::Small(data) => data,
            Self::Large { bytes, len } => &bytes.get()[..*len],
        }
    }

    fn capacity(&self) -> usize {
        match self {
            Self::Small(data) => data.capacity(),
            Self::Large { bytes, .. } => bytes.get().len(),
        }
    }

    /// Reserves memory for `len` bytes, of which `received` have arrived. New memory has room for `ahead` more if
    /// `received` is large enough beside it.
    fn reserve(&mut self, len: usize, received: usize, ahead: usize, pool: Option<&BufferPool>) {
        let have = self.get().len();
        if self.capacity() - have >= len {
            return;
        }
        let (least, received) = (have + len, have + received);
        let whole = least.saturating_add(ahead);
        let is_trusted = whole - received <= received.saturating_mul(TRUST);
        let wanted = if is_trusted { whole } else { least.max(received.saturating_mul(GROWTH)) };
        match self {
            Self::Small(data) if wanted < LARGE => data.reserve_exact(wanted - have),
            _ => {
                let mut bytes = Buffer::new(wanted, pool);
                bytes.get_mut()[..have].copy_from_slice(self.get());
                *self = Self::Large { bytes, len: have };
            }
        }
    }

    /// Appends bytes for which there is room, and returns them in place.
    fn extend(&mut self, bytes: &[u8]) -> &mut [u8] {
        match self {
            Self::Small(data) => {
                let start = data.len();
                data.extend_from_slice(bytes);
                &mut data[start..]
            }
            Self::Large { bytes: memory, len } => {
                let room = &mut memory.get_mut()[*len..*len + bytes.len()];
                *len += bytes.len();
                room.copy_from_slice(bytes);
                room
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(parts: &[&[u8]]) -> Result<Packet, FrameError> {
        let mut message = PartialMessage::new(PacketKind::Text, None);
        for part in parts {
            message.take(part, None, 0, 0)?;
        }
        message.finish()
    }

    #[test]
    fn a_character_may_be_split_over_parts() {
        let whole = "aä€😀".as_bytes();
        for split in 0..=whole.len() {
            let (first, second) = whole.split_at(split);
            assert_eq!(text(&[first, second]), Ok(Packet::text("aä€😀")), "split at {split}");
        }
    }

    #[test]
    fn invalid_utf8_is_rejected_before_the_end_of_the_message() {
        let mut message = PartialMessage::new(PacketKind::Text, None);
        assert_eq!(message.take(b"abc\xf4", None, 0, 1000), Ok(()));
        assert_eq!(message.take(b"\x90", None, 5, 999), Err(FrameError::Utf8));
    }

    #[test]
    fn text_that_ends_within_a_character_is_rejected() {
        assert_eq!(text(&[b"abc\xe2\x82"]), Err(FrameError::Utf8));
    }

    #[test]
    fn announced_bytes_take_no_memory_before_they_arrive() {
        let mut message = PartialMessage::new(PacketKind::Binary, None);
        message.take(&[0], None, 0, usize::MAX / 2).expect("binary");
        assert_eq!(message.capacity(), GROWTH);
        message.take(&vec![0; 99_999], None, 1, usize::MAX / 2).expect("binary");
        assert_eq!(message.capacity(), 100_000 * GROWTH);
        message.take(&vec![0; 299_000], None, 100_000, usize::MAX / 2).expect("binary");
        // Room that was asked for does not count as received.
        assert_eq!(message.room(1000, 1 << 30, usize::MAX / 2).map(|room| room.len()), Some(1000));
        let room = message.room(1001, 1 << 30, usize::MAX / 2).map(|room| room.len());
        assert_eq!(room, Some(399_000 * GROWTH - 399_000));
    }

    #[test]
    fn the_whole_message_is_reserved_when_enough_of_it_has_arrived() {
        for (to_come, capacity) in [(64_000, 65_000), (64_001, 4000)] {
            let mut message = PartialMessage::new(PacketKind::Binary, None);
            message.take(&[0; 1000], None, 0, to_come).expect("binary");
            assert_eq!(message.capacity(), capacity);
        }
    }

    #[test]
    fn direct_reads_give_the_same_message_as_copies() {
        let (key, payload) = ([1, 2, 3, 4], "aä€😀".repeat(LARGE / 8));
        let mut masked = payload.clone().into_bytes();
        mask::apply(&mut masked, key, 0);
        for (split, step) in [(LARGE, 1000), (LARGE - 1, 4099), (1, 64 * 1024), (5000, 12_345)] {
            let mut message = PartialMessage::new(PacketKind::Text, None);
            let mut at = split;
            message.take(&masked[..at], Some(key), 0, masked.len() - at).expect("text");
            while at < masked.len() {
                let to_come = masked.len() - at;
                let len = step.min(to_come);
                let part = &masked[at..at + len];
                match message.room(len, len, to_come - len) {
                    Some(room) => {
                        room.copy_from_slice(part);
                        message.filled(len, Some(key), at).expect("text");
                    }
                    None => message.take(part, Some(key), at, to_come - len).expect("text"),
                }
                at += len;
            }
            assert_eq!(message.finish(), Ok(Packet::text(payload.clone())), "split at {split}");
        }
    }

    #[test]
    fn a_small_message_in_one_part_takes_exactly_its_length() {
        let mut message = PartialMessage::new(PacketKind::Binary, None);
        message.take(&[0; 64], Some([1, 2, 3, 4]), 0, 0).expect("binary");
        assert_eq!(message.capacity(), 64);
    }
}
