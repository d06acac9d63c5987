//! Decodes bytes into messages and control frames.

use std::io::Cursor;

use tungstenite::protocol::{
    CloseFrame,
    frame::{
        FrameHeader,
        coding::{Control, Data, OpCode},
    },
};

use super::{
    MAX_CONTROL, MAX_HEADER, buffer_pool::BufferPool, close::parse_close, mask, partial_buf::PartialBuf,
    partial_message::PartialMessage,
};
use crate::packet::{Packet, PacketKind};

/// The limits of a received message.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct MessageLimits {
    /// The largest payload of a message, in bytes.
    pub(in super::super) message: usize,
    /// The largest number of frames of a message. Zero: no limit.
    pub(in super::super) fragments: u32,
}

/// Decodes a stream of frames. Its input may be split anywhere.
#[derive(Debug)]
pub(in super::super) struct FrameDecoder {
    /// `true` on a server: clients must mask their frames, servers must not (RFC 6455, 5.1).
    expects_mask: bool,
    limits: MessageLimits,
    /// How many bytes of memory may be reserved for announced bytes that have not arrived.
    allowance: usize,
    /// Where the memory of large messages comes from. `None`: from the allocator.
    pool: Option<BufferPool>,
    /// An incomplete header.
    header: PartialBuf<MAX_HEADER>,
    /// The frame whose payload is incomplete.
    frame: Option<PartialFrame>,
    /// The incomplete message.
    message: Option<Box<PartialMessage>>,
    /// The payload of the last control frame, as far as it has arrived.
    control: Option<Box<PartialBuf<MAX_CONTROL>>>,
}

/// An item that was decoded.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Item {
    Packet(Packet),
    /// A ping. [`FrameDecoder::control`] returns its payload.
    Ping,
    /// A pong. [`FrameDecoder::control`] returns its payload.
    Pong,
    Close(Option<CloseFrame>),
    /// A fragment without payload that does not end its message. Rate limits count it, because it costs work.
    EmptyFragment,
}

/// Why decoding cannot continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum FrameError {
    Protocol,
    Utf8,
    TooBig,
    TooManyFragments,
}

/// A frame whose payload is incomplete.
#[derive(Debug)]
pub(super) struct PartialFrame {
    pub(super) content: FrameContent,
    is_final: bool,
    pub(super) mask: Option<[u8; 4]>,
    pub(super) len: usize,
    taken: usize,
}

/// The content of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) enum FrameContent {
    Control(Control),
    /// A message of this kind, or a fragment of one.
    Data(PacketKind),
}

impl FrameDecoder {
    /// Returns a decoder for the frames of a client if `expects_mask`, else for those of a server.
    pub(in super::super) fn new(expects_mask: bool, limits: MessageLimits) -> Self {
        Self {
            expects_mask,
            limits,
            allowance: usize::MAX,
            pool: None,
            header: PartialBuf::EMPTY,
            frame: None,
            message: None,
            control: None,
        }
    }

    /// Takes the memory of large messages from a pool.
    pub(in super::super) fn with_pool(self, pool: Option<BufferPool>) -> Self {
        Self { pool, ..self }
    }

    /// Limits the memory that is reserved for announced bytes that have not arrived.
    pub(in super::super) fn set_allowance(&mut self, bytes: usize) {
        self.allowance = bytes;
    }

    /// Returns the next item in `input` and advances `input` past it. Returns `None` when all of `input` was taken.
    pub(in super::super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Item>, FrameError> {
        loop {
            // Most frames arrive whole. Only for the others, state is kept.
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None if input.is_empty() => return Ok(None),
                None => match self.read_header(input)? {
                    Some((header, len)) => self.begin(&header, len)?,
                    None => return Ok(None),
                },
            };
            let part;
            (part, *input) = input.split_at(input.len().min(frame.len - frame.taken));
            let offset = frame.taken;
            frame.taken += part.len();
            let missing = frame.len - frame.taken;
            match frame.content {
                FrameContent::Control(control) => {
                    self.take_control(part, frame.mask, offset);
                    if missing == 0 {
                        return self.finish_control(control).map(Some);
                    }
                }
                FrameContent::Data(kind) => {
                    let mut message = match self.message.take() {
                        Some(message) => *message,
                        None => PartialMessage::new(kind, self.pool.clone()),
                    };
                    let ahead = self.ahead(&message, part.len(), missing);
                    message.take(part, frame.mask, offset, ahead)?;
                    if missing == 0 && frame.is_final {
                        return message.finish().map(Item::Packet).map(Some);
                    }
                    self.message = Some(Box::new(message));
                    if frame.len == 0 {
                        return Ok(Some(Item::EmptyFragment));
                    }
                }
            }
            if missing > 0 {
                self.frame = Some(frame);
                return Ok(None);
            }
        }
    }

    /// Returns how many bytes of the current frame have not arrived.
    pub(in super::super) fn missing(&self) -> usize {
        self.frame.as_ref().map_or(0, |frame| frame.len - frame.taken)
    }

    /// Returns memory for the next bytes, if all of them belong to the middle of a large message: at least `min` bytes,
    /// at most `max`. Reading into it saves a copy. [`filled`](Self::filled) must follow.
    pub(in super::super) fn room(&mut self, min: usize, max: usize) -> Option<&mut [u8]> {
        let frame = self.frame.as_ref()?;
        let missing = frame.len - frame.taken;
        match frame.content {
            FrameContent::Data(_) if missing >= min && max >= min => {
                let len = max.min(missing);
                let ahead = self.ahead(self.message.as_ref()?, len, missing - len);
                self.message.as_mut()?.room(min, len, ahead)
            }
            _ => None,
        }
    }

    /// Accepts `len` bytes that were written into the [`room`](Self::room).
    pub(in super::super) fn filled(&mut self, len: usize) -> Result<Option<Item>, FrameError> {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else { return Ok(None) };
        message.filled(len, frame.mask, frame.taken)?;
        frame.taken += len;
        // `next` finishes a frame that is complete now.
        if frame.taken < frame.len { Ok(None) } else { self.next(&mut &[][..]) }
    }

    /// Returns how many bytes to reserve beyond `len` bytes of a message that are available, if it needs new memory:
    /// the bytes that its frame announces, and at least as many as it has. Otherwise each of many small fragments would
    /// move the message.
    fn ahead(&self, message: &PartialMessage, len: usize, missing: usize) -> usize {
        let allowed = self.limits.message - message.len() - len;
        missing.max(message.len()).min(allowed).min(self.allowance)
    }

    /// Returns the payload of the last ping or pong.
    pub(in super::super) fn control(&self) -> &[u8] {
        self.control.as_ref().map_or(&[], |control| control.get())
    }

    /// Frees memory that is only kept for reuse.
    pub(in super::super) fn shrink(&mut self) {
        if self.is_idle() {
            self.control = None;
        }
    }

    /// Returns `true` if a message has begun and not ended.
    pub(in super::super) fn is_within_message(&self) -> bool {
        self.message.is_some()
    }

    /// Returns `true` if no header, frame or message is incomplete.
    pub(in super::super) fn is_idle(&self) -> bool {
        self.header.len == 0 && self.frame.is_none() && self.message.is_none()
    }

    /// Returns the memory of the incomplete message, in bytes.
    pub(in super::super) fn memory_usage(&self) -> usize {
        self.message.as_ref().map_or(0, |message| message.capacity())
    }

    /// Takes a header from `input` and returns it with the length of the payload. Keeps an incomplete one.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<Option<(FrameHeader, u64)>, FrameError> {
        let buffered = self.header.len();
        let pushed = if buffered == 0 { 0 } else { self.header.push(input) };
        let mut cursor = Cursor::new(if buffered == 0 { *input } else { self.header.get() });
        let Some((header, len)) = FrameHeader::parse(&mut cursor).map_err(|_| FrameError::Protocol)? else {
            let taken = if buffered == 0 { self.header.push(input) } else { pushed };
            *input = &input[taken..];
            return Ok(None);
        };
        let header_len = cursor.position() as usize;
        check_length(header_len, &header, len)?;
        *input = &input[header_len - buffered..];
        self.header.len = 0;
        Ok(Some((header, len)))
    }

    /// Checks a header against RFC 6455, 5.1 to 5.5, and against the frames before it.
    pub(super) fn begin(&mut self, header: &FrameHeader, len: u64) -> Result<PartialFrame, FrameError> {
        let &FrameHeader { is_final, rsv1, rsv2, rsv3, opcode, mask } = header;
        if rsv1 || rsv2 || rsv3 || mask.is_some() != self.expects_mask {
            return Err(FrameError::Protocol);
        }
        let content = match opcode {
            OpCode::Control(_) if !is_final || len > MAX_CONTROL as u64 => return Err(FrameError::Protocol),
            OpCode::Control(control) => {
                self.control.get_or_insert_with(|| Box::new(PartialBuf::EMPTY)).len = 0;
                FrameContent::Control(control)
            }
            OpCode::Data(data) => {
                let kind = match (data, &self.message) {
                    (Data::Continue, Some(message)) => message.kind(),
                    (Data::Text, None) => PacketKind::Text,
                    (Data::Binary, None) => PacketKind::Binary,
                    _ => return Err(FrameError::Protocol),
                };
                let received = match &mut self.message {
                    None => 0,
                    Some(message) => {
                        message.fragments += 1;
                        if self.limits.fragments > 0 && message.fragments > self.limits.fragments {
                            return Err(FrameError::TooManyFragments);
                        }
                        message.len()
                    }
                };
                if len > (self.limits.message - received) as u64 {
                    return Err(FrameError::TooBig);
                }
                FrameContent::Data(kind)
            }
        };
        // The length is within a limit of type `usize`.
        let len = usize::try_from(len).map_err(|_| FrameError::TooBig)?;
        Ok(PartialFrame { content, is_final, mask, len, taken: 0 })
    }

    fn take_control(&mut self, part: &[u8], key: Option<[u8; 4]>, offset: usize) {
        let Some(control) = &mut self.control else { return };
        let start = control.len();
        let end = start + control.push(part);
        if let Some(key) = key {
            mask::apply(&mut control.bytes[start..end], key, offset);
        }
    }

    /// Returns the item of a complete control frame.
    fn finish_control(&self, control: Control) -> Result<Item, FrameError> {
        Ok(match control {
            Control::Ping => Item::Ping,
            Control::Pong => Item::Pong,
            // `FrameHeader::parse` rejects reserved opcodes.
            Control::Close | Control::Reserved(_) => Item::Close(parse_close(self.control())?),
        })
    }
}

/// Checks the length of a payload, in a header of `header_len` bytes. tungstenite accepts any. RFC 6455, 5.2: it takes the
/// fewest bytes, and its top bit is zero.
pub(super) fn check_length(header_len: usize, header: &FrameHeader, len: u64) -> Result<(), FrameError> {
    if header_len != header.len(len) || len >> 63 != 0 { Err(FrameError::Protocol) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::frame::Frame;

    use super::{super::Encoder, *};

    const LIMITS: MessageLimits = MessageLimits { message: 1000, fragments: 3 };

    /// Decodes the bytes in the parts that the splits make of them. Returns all items; a ping with its payload.
    fn decode(
        expects_mask: bool,
        bytes: &[u8],
        splits: &[usize],
    ) -> Result<Vec<(Item, Vec<u8>)>, FrameError> {
        let mut decoder = FrameDecoder::new(expects_mask, LIMITS);
        let mut items = Vec::new();
        let mut start = 0;
        for &end in splits.iter().chain(&[bytes.len()]) {
            let mut input = &bytes[start..end];
            while let Some(item) = decoder.next(&mut input)? {
                let control = if item == Item::Ping { decoder.control().to_vec() } else { Vec::new() };
                items.push((item, control));
            }
            assert!(input.is_empty(), "the decoder takes all input");
            start = end;
        }
        Ok(items)
    }

    fn decode_one(bytes: &[u8]) -> Result<Vec<Item>, FrameError> {
        Ok(decode(false, bytes, &[])?.into_iter().map(|(item, _)| item).collect())
    }

    fn close(code: u16, reason: &str) -> Option<CloseFrame> {
        Some(CloseFrame { code: code.into(), reason: reason.into() })
    }

    #[test]
    fn encoded_frames_are_decoded_wherever_they_are_split() {
        let expected = [
            (Item::Packet(Packet::text("tschüß")), vec![]),
            (Item::Ping, b"are you there".to_vec()),
            (Item::Packet(Packet::binary([7; 300])), vec![]),
            (Item::Close(close(4001, "bye")), vec![]),
        ];
        for (encoder, expects_mask) in [(Encoder::SERVER, false), (Encoder::CLIENT, true)] {
            let mut bytes = Vec::new();
            encoder.encode(PacketKind::Text, "tschüß".as_bytes(), &mut bytes);
            encoder.encode_control(Frame::ping("are you there"), &mut bytes);
            encoder.encode(PacketKind::Binary, &[7; 300], &mut bytes);
            encoder.encode_control(Frame::close(close(4001, "bye")), &mut bytes);
            for split in 0..=bytes.len() {
                let items = decode(expects_mask, &bytes, &[split]).expect("valid frames");
                assert_eq!(items, expected, "split at {split}");
            }
            let everywhere: Vec<usize> = (1..bytes.len()).collect();
            assert_eq!(decode(expects_mask, &bytes, &everywhere).expect("valid frames"), expected);
            assert_eq!(decode(!expects_mask, &bytes, &[]), Err(FrameError::Protocol));
        }
    }

    #[test]
    fn every_header_is_decoded_whole_and_from_every_two_parts() {
        for masked in [false, true] {
            for len in [0, 125, 126, 0xffff, 0x1_0000] {
                let limits = MessageLimits { message: len, fragments: 0 };
                let encoder = if masked { Encoder::CLIENT } else { Encoder::SERVER };
                let mut bytes = Vec::new();
                encoder.encode(PacketKind::Binary, &vec![7; len], &mut bytes);
                for split in 0..bytes.len() - len {
                    let mut decoder = FrameDecoder::new(masked, limits);
                    let (first, mut second) = bytes.split_at(split);
                    assert_eq!(decoder.next(&mut &first[..]), Ok(None), "the first {split} bytes");
                    assert_eq!(decoder.is_idle(), split == 0);
                    let packet = Packet::binary(vec![7; len]);
                    assert_eq!(decoder.next(&mut second), Ok(Some(Item::Packet(packet))), "split at {split}");
                    assert!(second.is_empty() && decoder.is_idle());
                }
            }
        }
    }

    #[test]
    fn reserved_bits_and_opcodes_are_protocol_errors() {
        for first in 0..=u8::MAX {
            let is_valid = matches!(first, 0x01 | 0x02 | 0x81 | 0x82 | 0x88..=0x8a);
            assert_eq!(decode_one(&[first, 0]).is_ok(), is_valid, "{first:#04x}");
        }
    }

    #[test]
    fn control_frames_may_stand_between_fragments() {
        let bytes = b"\x01\x02he\x89\x01!\x00\x00\x80\x03llo";
        let items = decode(false, bytes, &[]).expect("valid frames");
        let expected = [
            (Item::Ping, b"!".to_vec()),
            (Item::EmptyFragment, vec![]),
            (Item::Packet(Packet::text("hello")), vec![]),
        ];
        assert_eq!(items, expected);
    }

    #[test]
    fn limits_are_exact() {
        let frame = |len| {
            let mut bytes = Vec::new();
            Encoder::SERVER.encode(PacketKind::Binary, &vec![0; len], &mut bytes);
            bytes
        };
        assert_eq!(decode_one(&frame(1000)), Ok(vec![Item::Packet(Packet::binary([0; 1000]))]));
        assert_eq!(decode_one(&frame(1001)), Err(FrameError::TooBig));
        assert_eq!(decode_one(b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), Err(FrameError::TooBig));
        let three = [b"\x02\x7e\x01\xf4".as_slice(), &[0; 500], b"\x00\x7e\x01\xf4", &[0; 500], b"\x80\x01x"];
        assert_eq!(decode_one(&three[..4].concat()), Ok(vec![]));
        assert_eq!(decode_one(&three.concat()), Err(FrameError::TooBig), "the fragments count together");
        assert_eq!(decode_one(b"\x02\x01a\x00\x01b\x80\x01c").map(|items| items.len()), Ok(1));
        assert_eq!(decode_one(b"\x02\x01a\x00\x01b\x00\x01c\x80\x01d"), Err(FrameError::TooManyFragments));
    }

    #[test]
    fn a_length_takes_the_fewest_bytes_and_its_top_bit_is_zero() {
        let of = |length: &[u8], payload: usize| decode_one(&[&[0x82], length, &vec![0; payload]].concat());
        let packet = |len| Ok(vec![Item::Packet(Packet::binary(vec![0; len]))]);
        assert_eq!(of(&[125], 125), packet(125));
        assert_eq!(of(&[126, 0, 125], 125), Err(FrameError::Protocol));
        assert_eq!(of(&[126, 0, 126], 126), packet(126));
        assert_eq!(of(&[127, 0, 0, 0, 0, 0, 0, 0, 126], 126), Err(FrameError::Protocol));
        assert_eq!(of(&[127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 0), Err(FrameError::Protocol));
        assert_eq!(of(&[127, 0, 0, 0, 0, 0, 1, 0, 0], 0), Err(FrameError::TooBig));
        assert_eq!(of(&[127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0), Err(FrameError::TooBig));
        assert_eq!(of(&[127, 0x80, 0, 0, 0, 0, 0, 0, 0], 0), Err(FrameError::Protocol));
    }
}
