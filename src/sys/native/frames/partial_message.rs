//! A message under way: the payload of its frames so far.

use super::{decoder::FrameError, mask};
use crate::packet::{Packet, PacketKind};

/// Memory for all that is to come of a message is set aside when that is at most this many times what has come.
const TRUST: usize = 64;

/// Before, the memory grows by this factor when it is used up. So of a message in one frame less than a twelfth is
/// ever moved: at most a sixteenth the last time, and a fourth of the next each time before.
const GROWTH: usize = 4;

/// Messages from this length on are read into their place.
const LARGE: usize = 64 * 1024;

/// How much is copied and unmasked at a time, so that the second finds in the cache what the first has put there.
const CACHED: usize = 8 * 1024;

/// The bytes of one message, gathered over frames and reads.
#[derive(Debug)]
pub(super) struct PartialMessage {
    kind: PacketKind,
    data: MessageBuf,
    /// How many bytes of a text are known to be UTF-8.
    valid: usize,
    /// How many frames it has had.
    pub(super) fragments: u32,
}

/// Where they are.
#[derive(Debug)]
enum MessageBuf {
    Small(Vec<u8>),
    /// The first `len` of these bytes; the others are initialised, so that they can be read into.
    Large {
        bytes: Vec<u8>,
        len: usize,
    },
}

impl PartialMessage {
    pub(super) fn new(kind: PacketKind) -> Self {
        Self { kind, data: MessageBuf::Small(Vec::new()), valid: 0, fragments: 1 }
    }

    pub(super) fn kind(&self) -> PacketKind {
        self.kind
    }

    pub(super) fn len(&self) -> usize {
        self.data.get().len()
    }

    /// The memory that it takes.
    pub(super) fn capacity(&self) -> usize {
        self.data.capacity()
    }

    /// Takes the next part of a payload, which stands `offset` bytes behind its start. If it needs new memory, then with room
    /// for `ahead` more.
    pub(super) fn take(
        &mut self,
        part: &[u8],
        key: Option<[u8; 4]>,
        offset: usize,
        ahead: usize,
    ) -> Result<(), FrameError> {
        self.data.reserve(part.len(), part.len(), ahead);
        for (index, piece) in part.chunks(CACHED).enumerate() {
            let data = self.data.extend(piece);
            if let Some(key) = key {
                mask::apply(data, key, offset + index * CACHED);
            }
        }
        self.validate()
    }

    /// Room for `min` bytes of a payload at least and `max` at most, none of which has come; if that needs new memory, then for
    /// `ahead` more beyond `max`. Only a large message has any.
    pub(super) fn room(&mut self, min: usize, max: usize, ahead: usize) -> Option<&mut [u8]> {
        match &self.data {
            MessageBuf::Small(_) => return None,
            MessageBuf::Large { .. } => self.data.reserve(min, 0, (max - min).saturating_add(ahead)),
        }
        match &mut self.data {
            MessageBuf::Small(_) => None,
            MessageBuf::Large { bytes, len } => {
                let room = &mut bytes[*len..];
                let len = max.min(room.len());
                Some(&mut room[..len])
            }
        }
    }

    /// So many bytes were put there, which stand `offset` bytes behind their payload's start.
    pub(super) fn filled(
        &mut self,
        filled: usize,
        key: Option<[u8; 4]>,
        offset: usize,
    ) -> Result<(), FrameError> {
        if let MessageBuf::Large { bytes, len } = &mut self.data {
            if let Some(key) = key {
                mask::apply(&mut bytes[*len..*len + filled], key, offset);
            }
            *len += filled;
        }
        self.validate()
    }

    /// The message is whole.
    pub(super) fn finish(self) -> Result<Packet, FrameError> {
        let len = self.len();
        let data = match self.data {
            MessageBuf::Small(data) => data.into(),
            MessageBuf::Large { mut bytes, len } => {
                bytes.truncate(len);
                bytes.into()
            }
        };
        match self.kind {
            PacketKind::Binary => Ok(Packet::from_binary(data)),
            PacketKind::Text if self.valid == len => Ok(Packet::from_utf8(data)),
            // It ends within a character.
            PacketKind::Text => Err(FrameError::Utf8),
        }
    }

    /// Looks at what is new. Text that can no longer become UTF-8 is a breach at once, not at its end.
    fn validate(&mut self) -> Result<(), FrameError> {
        if self.kind == PacketKind::Binary {
            return Ok(());
        }
        let new = &self.data.get()[self.valid..];
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
            Self::Large { bytes, len } => &bytes[..*len],
        }
    }

    fn capacity(&self) -> usize {
        match self {
            Self::Small(data) => data.capacity(),
            Self::Large { bytes, .. } => bytes.len(),
        }
    }

    /// Makes room for `len` bytes, of which `come` have come; where that takes new memory, for `ahead` more as far as they can be
    /// trusted to come.
    fn reserve(&mut self, len: usize, come: usize, ahead: usize) {
        let have = self.get().len();
        if self.capacity() - have >= len {
            return;
        }
        let (least, come) = (have + len, have + come);
        let whole = least.saturating_add(ahead);
        let is_trusted = whole - come <= come.saturating_mul(TRUST);
        let wanted = if is_trusted { whole } else { least.max(come.saturating_mul(GROWTH)) };
        match self {
            Self::Small(data) if wanted < LARGE => data.reserve_exact(wanted - have),
            _ => {
                let mut bytes = vec![0; wanted];
                bytes[..have].copy_from_slice(self.get());
                *self = Self::Large { bytes, len: have };
            }
        }
    }

    /// Adds bytes for which there is room, and shows them where they are now.
    fn extend(&mut self, bytes: &[u8]) -> &mut [u8] {
        match self {
            Self::Small(data) => {
                let start = data.len();
                data.extend_from_slice(bytes);
                &mut data[start..]
            }
            Self::Large { bytes: memory, len } => {
                let place = &mut memory[*len..*len + bytes.len()];
                *len += bytes.len();
                place.copy_from_slice(bytes);
                place
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(parts: &[&[u8]]) -> Result<Packet, FrameError> {
        let mut message = PartialMessage::new(PacketKind::Text);
        for part in parts {
            message.take(part, None, 0, 0)?;
        }
        message.finish()
    }

    #[test]
    fn characters_may_be_split_over_parts() {
        let whole = "aä€😀".as_bytes();
        for split in 0..=whole.len() {
            let (first, second) = whole.split_at(split);
            assert_eq!(text(&[first, second]), Ok(Packet::text("aä€😀")), "split at {split}");
        }
    }

    #[test]
    fn text_that_cannot_become_utf8_is_refused_before_its_end() {
        let mut message = PartialMessage::new(PacketKind::Text);
        assert_eq!(message.take(b"abc\xf4", None, 0, 1000), Ok(()));
        assert_eq!(message.take(b"\x90", None, 5, 999), Err(FrameError::Utf8));
    }

    #[test]
    fn text_that_ends_within_a_character_is_refused() {
        assert_eq!(text(&[b"abc\xe2\x82"]), Err(FrameError::Utf8));
    }

    #[test]
    fn what_is_announced_is_not_set_aside_before_it_comes() {
        let mut message = PartialMessage::new(PacketKind::Binary);
        message.take(&[0], None, 0, usize::MAX / 2).expect("binary");
        assert_eq!(message.capacity(), GROWTH);
        message.take(&vec![0; 99_999], None, 1, usize::MAX / 2).expect("binary");
        assert_eq!(message.capacity(), 100_000 * GROWTH);
        message.take(&vec![0; 299_000], None, 100_000, usize::MAX / 2).expect("binary");
        // What is only asked for has not come.
        assert_eq!(message.room(1000, 1 << 30, usize::MAX / 2).map(|room| room.len()), Some(1000));
        let room = message.room(1001, 1 << 30, usize::MAX / 2).map(|room| room.len());
        assert_eq!(room, Some(399_000 * GROWTH - 399_000));
    }

    #[test]
    fn all_that_is_to_come_is_set_aside_when_a_part_of_it_has_come() {
        for (to_come, capacity) in [(64_000, 65_000), (64_001, 4000)] {
            let mut message = PartialMessage::new(PacketKind::Binary);
            message.take(&[0; 1000], None, 0, to_come).expect("binary");
            assert_eq!(message.capacity(), capacity);
        }
    }

    #[test]
    fn bytes_that_are_read_into_their_place_are_as_good_as_copied_ones() {
        let (key, payload) = ([1, 2, 3, 4], "aä€😀".repeat(LARGE / 8));
        let mut masked = payload.clone().into_bytes();
        mask::apply(&mut masked, key, 0);
        for (split, step) in [(LARGE, 1000), (LARGE - 1, 4099), (1, 64 * 1024), (5000, 12_345)] {
            let mut message = PartialMessage::new(PacketKind::Text);
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
    fn a_whole_small_message_takes_no_more_than_its_length() {
        let mut message = PartialMessage::new(PacketKind::Binary);
        message.take(&[0; 64], Some([1, 2, 3, 4]), 0, 0).expect("binary");
        assert_eq!(message.capacity(), 64);
    }
}
