//! A message that has arrived whole, in one frame.

use std::io::Cursor;

use tungstenite::protocol::frame::{FrameHeader, coding::OpCode};

use super::{
    decoder::{FrameContent, FrameDecoder, FrameError, PartialFrame, check_length},
    mask,
    small::Small,
};
use crate::packet::{Packet, PacketKind};

/// A message whose frame is in the input.
#[derive(Debug)]
pub(in super::super) struct WholeMessage<'a> {
    pub(super) kind: PacketKind,
    /// Masked, if there is a key.
    pub(super) payload: &'a [u8],
    pub(super) key: Option<[u8; 4]>,
}

/// The header of a message. The headers of a game's messages differ in little but their masks, so the next one is compared
/// with the last, before it is parsed.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct LastHeader {
    /// The first four bytes of the frame, of which two or four belong to the header.
    bytes: [u8; 4],
    /// Where the payload begins.
    start: usize,
    kind: PacketKind,
    len: usize,
}

impl FrameDecoder {
    /// Returns the next message, and advances `input` past it, if `input` has all of it in one frame. Otherwise `input` and
    /// the decoder do not change, and [`next`](Self::next) returns what comes next. `last` is the last header, if any.
    // Most messages of a game come so. Without any state in between, they cost half as much.
    #[inline]
    pub(in super::super) fn next_whole<'a>(
        &mut self,
        input: &mut &'a [u8],
        last: &mut Option<LastHeader>,
    ) -> Result<Option<WholeMessage<'a>>, FrameError> {
        if input.is_empty() || !self.is_idle() {
            return Ok(None);
        }
        if let Some(message) = last.as_ref().and_then(|header| header.take_message(input)) {
            return Ok(Some(message));
        }
        let mut cursor = Cursor::new(*input);
        let Ok(Some((header, len))) = FrameHeader::parse(&mut cursor) else { return Ok(None) };
        let start = cursor.position() as usize;
        if !header.is_final
            || matches!(header.opcode, OpCode::Control(_))
            || len > (input.len() - start) as u64
        {
            return Ok(None);
        }
        check_length(start, &header, len)?;
        let PartialFrame { content: FrameContent::Data(kind), mask, len, .. } = self.begin(&header, len)?
        else {
            return Ok(None);
        };
        if let Some(&bytes) = input.first_chunk() {
            *last = Some(LastHeader { bytes, start, kind, len });
        }
        let payload;
        (payload, *input) = input[start..].split_at(len);
        Ok(Some(WholeMessage { kind, payload, key: mask }))
    }
}

impl LastHeader {
    /// Returns the message at the beginning of `input`, and advances `input` past it, if it has this header and is whole.
    #[inline]
    fn take_message<'a>(&self, input: &mut &'a [u8]) -> Option<WholeMessage<'a>> {
        // By constants, which takes fewer instructions. The headers of longer messages are always parsed.
        match self.start {
            6 => self.take_after::<2, 6>(input),
            2 => self.take_after::<2, 2>(input),
            8 => self.take_after::<4, 8>(input),
            4 => self.take_after::<4, 4>(input),
            _ => None,
        }
    }

    /// Takes a message whose header has `SIZE` bytes, and whose payload begins at `START`, after the mask if there is one.
    #[inline]
    fn take_after<'a, const SIZE: usize, const START: usize>(
        &self,
        input: &mut &'a [u8],
    ) -> Option<WholeMessage<'a>> {
        let (header, rest) = input.split_first_chunk::<START>()?;
        if header[..SIZE] != self.bytes[..SIZE] {
            return None;
        }
        let key = if START > SIZE { header.last_chunk().copied() } else { None };
        let payload;
        (payload, *input) = rest.split_at_checked(self.len)?;
        Some(WholeMessage { kind: self.kind, payload, key })
    }
}

impl WholeMessage<'_> {
    pub(in super::super) fn kind(&self) -> PacketKind {
        self.kind
    }

    /// Returns the payload, which is masked if it came from a client.
    pub(in super::super) fn payload(&self) -> &[u8] {
        self.payload
    }

    pub(in super::super) fn len(&self) -> usize {
        self.payload.len()
    }

    /// Returns the message as a packet, which holds a small one in itself.
    pub(in super::super) fn to_packet(&self) -> Result<Packet, FrameError> {
        if self.len() <= Small::MAX {
            let mut packet = Small::EMPTY_PACKET;
            self.fill(&mut packet)?;
            return Ok(packet);
        }
        let mut data = self.payload.to_vec();
        self.unmask(&mut data)?;
        Ok(Packet::from_vec(self.kind, data))
    }

    /// Makes an [empty packet](Small::EMPTY_PACKET) this message, which has at most [`Small::MAX`] bytes.
    #[inline]
    pub(in super::super) fn fill(&self, packet: &mut Packet) -> Result<(), FrameError> {
        let Some(small) = packet.fill(self.kind) else { return Ok(()) };
        let data = small.resize(self.len());
        data.copy_from_slice(self.payload);
        self.unmask(data)
    }

    /// Unmasks a copy of the payload, and checks that text is UTF-8.
    #[inline]
    pub(in super::super) fn unmask(&self, data: &mut [u8]) -> Result<(), FrameError> {
        if let Some(key) = self.key {
            mask::apply(data, key, 0);
        }
        let is_valid = self.kind == PacketKind::Binary || std::str::from_utf8(data).is_ok();
        if is_valid { Ok(()) } else { Err(FrameError::Utf8) }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Encoder, MessageLimits},
        *,
    };

    fn packet(kind: PacketKind, payload: &[u8], key: Option<[u8; 4]>) -> Result<Packet, FrameError> {
        let mut masked = payload.to_vec();
        key.into_iter().for_each(|key| mask::apply(&mut masked, key, 0));
        WholeMessage { kind, payload: &masked, key }.to_packet()
    }

    #[test]
    fn messages_of_every_length_around_the_largest_small_one_become_packets() {
        for len in (0..=Small::MAX + 2).chain([1000]) {
            let payload: Vec<u8> = (0..len).map(|at| b'a' + (at % 26) as u8).collect();
            for key in [None, Some([1, 2, 3, 250])] {
                for kind in [PacketKind::Text, PacketKind::Binary] {
                    let packet = packet(kind, &payload, key).expect("UTF-8");
                    assert_eq!((packet.kind(), packet.as_bytes()), (kind, &payload[..]));
                    assert_eq!(packet.clone(), packet);
                    assert_eq!(packet.into_vec(), payload);
                }
            }
        }
    }

    #[test]
    fn a_header_that_differs_from_the_last_is_parsed() {
        let limits = MessageLimits { message: 100_000, fragments: 0 };
        let mut decoder = FrameDecoder::new(true, limits);
        let mut last = None;
        let mut decode = |frame: &[u8]| {
            let mut input = frame;
            let packet = decoder.next_whole(&mut input, &mut last)?.map(|message| message.to_packet());
            assert_eq!(input.len(), if packet.is_some() { 0 } else { frame.len() });
            packet.transpose()
        };
        let encoded = |encoder: Encoder, kind, payload: &str| {
            let mut frame = Vec::new();
            encoder.encode(kind, payload.as_bytes(), &mut frame);
            frame
        };
        let [medium, longer, large] = [160, 164, 70_000].map(|len| "m".repeat(len));
        for (kind, payload) in [
            (PacketKind::Text, "hello"),
            (PacketKind::Text, "world"),
            (PacketKind::Binary, "world"),
            (PacketKind::Binary, "word"),
            (PacketKind::Text, "word"),
            (PacketKind::Text, &medium),
            (PacketKind::Text, &medium),
            (PacketKind::Binary, &medium),
            (PacketKind::Binary, &longer),
            (PacketKind::Text, "word"),
            (PacketKind::Text, &large),
            (PacketKind::Text, &large),
            (PacketKind::Text, &medium),
            (PacketKind::Text, ""),
            (PacketKind::Text, "word"),
        ] {
            let packet = decode(&encoded(Encoder::CLIENT, kind, payload)).expect("a valid frame");
            let packet = packet.expect("it is whole");
            assert_eq!((packet.kind(), packet.as_bytes()), (kind, payload.as_bytes()));
        }
        let mut frame = encoded(Encoder::CLIENT, PacketKind::Text, "word");
        assert_eq!(decode(&frame[..frame.len() - 1]), Ok(None), "it is incomplete");
        assert_eq!(decode(&frame[..3]), Ok(None), "its mask is incomplete");
        // A bit that only extensions use.
        frame[0] |= 0x40;
        assert_eq!(decode(&frame), Err(FrameError::Protocol));
        let unmasked = encoded(Encoder::SERVER, PacketKind::Text, "word");
        assert_eq!(decode(&unmasked), Err(FrameError::Protocol));
    }

    #[test]
    fn a_small_message_has_no_memory_of_its_own_and_a_larger_one_has() {
        for (len, is_small) in [(Small::MAX, true), (Small::MAX + 1, false)] {
            let packet = packet(PacketKind::Binary, &vec![7; len], None).expect("binary");
            let own =
                std::ptr::from_ref(&packet).addr()..std::ptr::from_ref(&packet).addr() + size_of::<Packet>();
            assert_eq!(own.contains(&packet.as_ptr().addr()), is_small, "{len} bytes");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_rejected_at_every_length() {
        for len in [1, Small::MAX, Small::MAX + 1] {
            let mut payload = vec![b'a'; len - 1];
            payload.push(0xff);
            assert_eq!(packet(PacketKind::Text, &payload, Some([9; 4])), Err(FrameError::Utf8));
            assert!(packet(PacketKind::Binary, &payload, Some([9; 4])).is_ok());
        }
    }
}
