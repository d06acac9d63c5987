//! Bytes to messages.

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{
    MAX_CONTROL,
    close::CloseFrame,
    header::{Header, MAX_HEADER},
    mask,
    partial_message::PartialMessage,
};
use crate::packet::{Packet, PacketKind};

/// What the other end may send.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct MessageLimits {
    /// Payload bytes of a message.
    pub(in super::super) message: usize,
    /// Frames of a message; zero: any number.
    pub(in super::super) fragments: u32,
}

/// Takes bytes as they come, wherever they are split, and gives what they mean.
#[derive(Debug)]
pub(in super::super) struct Decoder {
    /// Whether the other end must mask what it sends, or must not (RFC 6455, 5.1).
    expects_mask: bool,
    limits: MessageLimits,
    /// How many bytes may be set aside for what is only announced.
    allowance: usize,
    /// A header that has come in part.
    header: PartialBuf<MAX_HEADER>,
    /// The frame whose payload is under way.
    frame: Option<PartialFrame>,
    /// The message that its data frames belong to.
    message: Option<PartialMessage>,
    /// The payload of the last control frame, or the part of it that has come.
    control: PartialBuf<MAX_CONTROL>,
}

/// What has come.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Item {
    Packet(Packet),
    /// Its payload is [`Decoder::control`].
    Ping,
    /// Its payload is [`Decoder::control`].
    Pong,
    Close(CloseFrame),
    /// A frame that carries nothing and ends nothing. It is told because it costs work.
    EmptyFragment,
}

/// A rule that was broken. Nothing that comes afterwards can be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum FrameError {
    Protocol,
    Utf8,
    TooBig,
    TooManyFragments,
}

#[derive(Debug)]
struct PartialFrame {
    content: FrameContent,
    is_final: bool,
    mask: Option<[u8; 4]>,
    len: usize,
    taken: usize,
}

/// What a frame carries.
#[derive(Debug, Clone, Copy)]
enum FrameContent {
    Control(Control),
    /// A message of this kind, or a part of it.
    Data(PacketKind),
}

/// A few bytes that are waited for.
#[derive(Debug)]
struct PartialBuf<const MAX: usize> {
    bytes: [u8; MAX],
    len: usize,
}

impl<const MAX: usize> PartialBuf<MAX> {
    const EMPTY: Self = Self { bytes: [0; MAX], len: 0 };

    /// Takes as much as there is room for; tells how much that was.
    fn push(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(MAX - self.len);
        self.bytes[self.len..self.len + taken].copy_from_slice(&bytes[..taken]);
        self.len += taken;
        taken
    }

    fn get(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Decoder {
    /// For the bytes of a client, if `expects_mask`; else of a server.
    pub(in super::super) fn new(expects_mask: bool, limits: MessageLimits) -> Self {
        Self {
            expects_mask,
            limits,
            allowance: usize::MAX,
            header: PartialBuf::EMPTY,
            frame: None,
            message: None,
            control: PartialBuf::EMPTY,
        }
    }

    /// From now on no more than `bytes` of memory are set aside for what is announced and has not come.
    pub(in super::super) fn set_aside_at_most(&mut self, bytes: usize) {
        self.allowance = bytes;
    }

    /// The next item in `input`, which is moved on behind it; `None` when all of it was taken.
    pub(in super::super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Item>, FrameError> {
        loop {
            // State is kept only of what has not come whole: most frames have.
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.read_header(input) {
                    Some(header) => self.begin(&header)?,
                    None => return Ok(None),
                },
            };
            let part;
            (part, *input) = input.split_at(input.len().min(frame.len - frame.taken));
            let offset = frame.taken;
            frame.taken += part.len();
            let to_come = frame.len - frame.taken;
            match frame.content {
                FrameContent::Control(control) => {
                    self.take_control(part, frame.mask, offset);
                    if to_come == 0 {
                        return self.finish_control(control).map(Some);
                    }
                }
                FrameContent::Data(kind) => {
                    let mut message = self.message.take().unwrap_or_else(|| PartialMessage::new(kind));
                    let ahead = self.ahead(&message, part.len(), to_come);
                    message.take(part, frame.mask, offset, ahead)?;
                    if to_come == 0 && frame.is_final {
                        return message.finish().map(Item::Packet).map(Some);
                    }
                    self.message = Some(message);
                    if frame.len == 0 {
                        return Ok(Some(Item::EmptyFragment));
                    }
                }
            }
            if to_come > 0 {
                self.frame = Some(frame);
                return Ok(None);
            }
        }
    }

    /// Room for bytes that come next, if all of them belong to the middle of a large message: `min` at least and `max` at
    /// most. Who reads into it saves a copy; [`filled`](Self::filled) tells of how many there were.
    pub(in super::super) fn room(&mut self, min: usize, max: usize) -> Option<&mut [u8]> {
        let frame = self.frame.as_ref()?;
        let to_come = frame.len - frame.taken;
        match frame.content {
            FrameContent::Data(_) if to_come >= min && max >= min => {
                let len = max.min(to_come);
                let ahead = self.ahead(self.message.as_ref()?, len, to_come - len);
                self.message.as_mut()?.room(min, len, ahead)
            }
            _ => None,
        }
    }

    /// So many bytes were put into the [`room`](Self::room), where there was any.
    pub(in super::super) fn filled(&mut self, len: usize) -> Result<Option<Item>, FrameError> {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else { return Ok(None) };
        message.filled(len, frame.mask, frame.taken)?;
        frame.taken += len;
        // What ends here ends the frame; the next call finds it whole.
        if frame.taken < frame.len { Ok(None) } else { self.next(&mut &[][..]) }
    }

    /// How many bytes to set aside beyond the `len` of a message that are at hand, if it needs new memory at all: those that
    /// its frame announces, and in any case as many as it has, or many small fragments would each have it moved.
    fn ahead(&self, message: &PartialMessage, len: usize, to_come: usize) -> usize {
        let may_come = self.limits.message - message.len() - len;
        to_come.max(message.len()).min(may_come).min(self.allowance)
    }

    /// The payload of the last ping or pong.
    pub(in super::super) fn control(&self) -> &[u8] {
        self.control.get()
    }

    /// Whether a message has begun and not ended.
    pub(in super::super) fn is_within_message(&self) -> bool {
        self.message.is_some()
    }

    /// Returns `true` if nothing has begun that is still to end: no header, no frame, no message.
    pub(in super::super) fn is_idle(&self) -> bool {
        self.header.len == 0 && self.frame.is_none() && self.message.is_none()
    }

    /// The memory that the message under way takes.
    pub(in super::super) fn held(&self) -> usize {
        self.message.as_ref().map_or(0, PartialMessage::capacity)
    }

    fn read_header(&mut self, input: &mut &[u8]) -> Option<Header> {
        if self.header.len == 0 {
            let header = Header::parse(input);
            let taken = match &header {
                Some(header) => header.len,
                // It is shorter than a header, or it would have been one.
                None => self.header.push(input),
            };
            *input = &input[taken..];
            return header;
        }
        let before = self.header.len;
        let taken = self.header.push(input);
        let Some(header) = Header::parse(self.header.get()) else {
            *input = &input[taken..];
            return None;
        };
        *input = &input[header.len - before..];
        self.header.len = 0;
        Some(header)
    }

    /// Checks a header against the rules and against what came before (RFC 6455, 5.1 to 5.5).
    fn begin(&mut self, header: &Header) -> Result<PartialFrame, FrameError> {
        let &Header { is_final, has_reserved, opcode, mask, has_valid_length, payload: len, .. } = header;
        if has_reserved || !has_valid_length || mask.is_some() != self.expects_mask {
            return Err(FrameError::Protocol);
        }
        let content = match opcode {
            OpCode::Control(Control::Reserved(_)) => return Err(FrameError::Protocol),
            OpCode::Control(_) if !is_final || len > MAX_CONTROL as u64 => return Err(FrameError::Protocol),
            OpCode::Control(control) => {
                self.control.len = 0;
                FrameContent::Control(control)
            }
            OpCode::Data(data) => {
                let kind = match (data, &self.message) {
                    (Data::Continue, Some(message)) => message.kind(),
                    (Data::Text, None) => PacketKind::Text,
                    (Data::Binary, None) => PacketKind::Binary,
                    _ => return Err(FrameError::Protocol),
                };
                let so_far = match &mut self.message {
                    None => 0,
                    Some(message) => {
                        message.fragments += 1;
                        if self.limits.fragments > 0 && message.fragments > self.limits.fragments {
                            return Err(FrameError::TooManyFragments);
                        }
                        message.len()
                    }
                };
                if len > (self.limits.message - so_far) as u64 {
                    return Err(FrameError::TooBig);
                }
                FrameContent::Data(kind)
            }
        };
        // It was compared with a limit just now.
        let len = usize::try_from(len).map_err(|_| FrameError::TooBig)?;
        Ok(PartialFrame { content, is_final, mask, len, taken: 0 })
    }

    fn take_control(&mut self, part: &[u8], key: Option<[u8; 4]>, offset: usize) {
        let start = self.control.len;
        self.control.push(part);
        if let Some(key) = key {
            mask::apply(&mut self.control.bytes[start..self.control.len], key, offset);
        }
    }

    /// A control frame has come whole.
    fn finish_control(&self, control: Control) -> Result<Item, FrameError> {
        Ok(match control {
            Control::Ping => Item::Ping,
            Control::Pong => Item::Pong,
            _ => Item::Close(CloseFrame::parse(self.control.get())?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Encoder, FrameKind},
        *,
    };

    const LIMITS: MessageLimits = MessageLimits { message: 1000, fragments: 3 };

    fn frames(encoder: Encoder, frames: &[(FrameKind, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &(kind, payload) in frames {
            encoder.encode(kind, payload, &mut bytes);
        }
        bytes
    }

    /// Everything that comes of the bytes, given in the parts that the splits make of them; a ping is told with what it
    /// carries.
    fn decode(
        expects_mask: bool,
        bytes: &[u8],
        splits: &[usize],
    ) -> Result<Vec<(Item, Vec<u8>)>, FrameError> {
        let mut decoder = Decoder::new(expects_mask, LIMITS);
        let mut items = Vec::new();
        let mut start = 0;
        for &end in splits.iter().chain(&[bytes.len()]) {
            let mut input = &bytes[start..end];
            while let Some(item) = decoder.next(&mut input)? {
                let control = if item == Item::Ping { decoder.control().to_vec() } else { Vec::new() };
                items.push((item, control));
            }
            assert!(input.is_empty(), "all of it is taken");
            start = end;
        }
        Ok(items)
    }

    fn one(bytes: &[u8]) -> Result<Vec<Item>, FrameError> {
        Ok(decode(false, bytes, &[])?.into_iter().map(|(item, _)| item).collect())
    }

    #[test]
    fn what_is_encoded_is_decoded_wherever_it_is_split() {
        let sent: &[(FrameKind, &[u8])] = &[
            (FrameKind::Packet(PacketKind::Text), "tschüß".as_bytes()),
            (FrameKind::Ping, b"are you there"),
            (FrameKind::Packet(PacketKind::Binary), &[7; 300]),
            (FrameKind::Close, b"\x0f\xa1bye"),
        ];
        let expected = [
            (Item::Packet(Packet::text("tschüß")), vec![]),
            (Item::Ping, b"are you there".to_vec()),
            (Item::Packet(Packet::binary([7; 300])), vec![]),
            (Item::Close(CloseFrame::new(4001, "bye")), vec![]),
        ];
        for (encoder, expects_mask) in [(Encoder::SERVER, false), (Encoder::CLIENT, true)] {
            let bytes = frames(encoder, sent);
            for split in 0..=bytes.len() {
                let items = decode(expects_mask, &bytes, &[split]).expect("no breach");
                assert_eq!(items, expected, "split at {split}");
            }
            let everywhere: Vec<usize> = (1..bytes.len()).collect();
            assert_eq!(decode(expects_mask, &bytes, &everywhere).expect("no breach"), expected);
            assert_eq!(decode(!expects_mask, &bytes, &[]), Err(FrameError::Protocol));
        }
    }

    #[test]
    fn control_frames_may_stand_between_fragments() {
        let bytes = b"\x01\x02he\x89\x01!\x00\x00\x80\x03llo";
        let items = decode(false, bytes, &[]).expect("no breach");
        let expected = [
            (Item::Ping, b"!".to_vec()),
            (Item::EmptyFragment, vec![]),
            (Item::Packet(Packet::text("hello")), vec![]),
        ];
        assert_eq!(items, expected);
    }

    #[test]
    fn limits_are_exact() {
        let of = |len| frames(Encoder::SERVER, &[(FrameKind::Packet(PacketKind::Binary), &vec![0; len])]);
        assert_eq!(one(&of(1000)), Ok(vec![Item::Packet(Packet::binary([0; 1000]))]));
        assert_eq!(one(&of(1001)), Err(FrameError::TooBig));
        assert_eq!(one(b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), Err(FrameError::TooBig));
        let in_three =
            [b"\x02\x7e\x01\xf4".as_slice(), &[0; 500], b"\x00\x7e\x01\xf4", &[0; 500], b"\x80\x01x"];
        assert_eq!(one(&in_three[..4].concat()), Ok(vec![]));
        assert_eq!(one(&in_three.concat()), Err(FrameError::TooBig), "the fragments count together");
        assert_eq!(one(b"\x02\x01a\x00\x01b\x80\x01c").map(|items| items.len()), Ok(1));
        assert_eq!(one(b"\x02\x01a\x00\x01b\x00\x01c\x80\x01d"), Err(FrameError::TooManyFragments));
    }

    #[test]
    fn a_length_takes_the_fewest_bytes_and_its_top_bit_is_zero() {
        let of = |length: &[u8], payload: usize| one(&[&[0x82], length, &vec![0; payload]].concat());
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
