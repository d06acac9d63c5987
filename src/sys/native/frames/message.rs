//! A message under way: the payload of its frames so far.

use super::{decoder::Breach, mask};
use crate::packet::{Packet, PacketKind};

/// How much room a message gets before any of it has come.
const FIRST_ROOM: usize = 16 * 1024;

/// By how much the room grows when it is used up. Whoever announces a large message must send a part of it first: no more
/// than this many times what has come is ever set aside.
const GROWTH: usize = 4;

/// How much is copied and unmasked at a time, so that the second finds in the cache what the first has put there.
const BLOCK: usize = 8 * 1024;

/// The bytes of one message, gathered over frames and reads.
#[derive(Debug)]
pub(super) struct Message {
    kind: PacketKind,
    data: Vec<u8>,
    /// How many bytes of a text are known to be UTF-8.
    valid: usize,
    pub(super) fragments: u32,
}

impl Message {
    pub(super) fn new(kind: PacketKind) -> Self {
        Self { kind, data: Vec::new(), valid: 0, fragments: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    /// The memory that it takes.
    pub(super) fn capacity(&self) -> usize {
        self.data.capacity()
    }

    /// Takes the next part of a payload, which stands `offset` bytes behind its start; `to_come` is what is known to
    /// follow it.
    pub(super) fn take(
        &mut self,
        part: &[u8],
        key: Option<[u8; 4]>,
        offset: usize,
        to_come: usize,
    ) -> Result<(), Breach> {
        let len = self.data.len();
        if self.data.capacity() - len < part.len() {
            let announced = part.len() + to_come;
            let affordable = (len + part.len()).saturating_mul(GROWTH).max(FIRST_ROOM) - len;
            self.data.reserve_exact(announced.min(affordable));
        }
        match key {
            None => self.data.extend_from_slice(part),
            Some(key) => {
                for (index, block) in part.chunks(BLOCK).enumerate() {
                    let start = self.data.len();
                    self.data.extend_from_slice(block);
                    mask::apply(&mut self.data[start..], key, offset + index * BLOCK);
                }
            }
        }
        match self.kind {
            PacketKind::Text => self.validate(),
            PacketKind::Binary => Ok(()),
        }
    }

    /// The message is whole.
    pub(super) fn finish(self) -> Result<Packet, Breach> {
        match self.kind {
            PacketKind::Binary => Ok(Packet::from_binary(self.data.into())),
            PacketKind::Text if self.valid == self.data.len() => Ok(Packet::from_utf8(self.data.into())),
            // It ends within a character.
            PacketKind::Text => Err(Breach::Utf8),
        }
    }

    /// Looks at what is new. Text that can no longer become UTF-8 is a breach at once, not at its end.
    fn validate(&mut self) -> Result<(), Breach> {
        match std::str::from_utf8(&self.data[self.valid..]) {
            Ok(_) => self.valid = self.data.len(),
            Err(error) if error.error_len().is_none() => self.valid += error.valid_up_to(),
            Err(_) => return Err(Breach::Utf8),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(parts: &[&[u8]]) -> Result<Packet, Breach> {
        let mut message = Message::new(PacketKind::Text);
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
        let mut message = Message::new(PacketKind::Text);
        assert_eq!(message.take(b"abc\xf4", None, 0, 1000), Ok(()));
        assert_eq!(message.take(b"\x90", None, 5, 999), Err(Breach::Utf8));
    }

    #[test]
    fn text_that_ends_within_a_character_is_refused() {
        assert_eq!(text(&[b"abc\xe2\x82"]), Err(Breach::Utf8));
    }

    #[test]
    fn what_is_announced_is_not_set_aside_before_it_comes() {
        let mut message = Message::new(PacketKind::Binary);
        message.take(&[0], None, 0, usize::MAX / 2).expect("binary");
        assert!(message.capacity() <= FIRST_ROOM);
        message.take(&vec![0; 100_000], None, 1, usize::MAX / 2).expect("binary");
        assert!(message.capacity() <= GROWTH * 100_001);
    }

    #[test]
    fn a_whole_small_message_takes_no_more_than_its_length() {
        let mut message = Message::new(PacketKind::Binary);
        message.take(&[0; 64], Some([1, 2, 3, 4]), 0, 0).expect("binary");
        assert_eq!(message.capacity(), 64);
    }
}
