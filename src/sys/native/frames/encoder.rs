//! Encodes messages and control frames into bytes.

use tungstenite::protocol::frame::{
    Frame, FrameHeader,
    coding::{Data, OpCode},
};

use super::{MAX_CONTROL, MAX_HEADER, mask};
use crate::packet::PacketKind;

/// Encodes the frames of one end. Those of a client are masked, each with an unpredictable key (RFC 6455, 5.3 and
/// 10.3).
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Encoder {
    masks: bool,
}

/// The encoded header of an unmasked frame that is a whole message.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct EncodedHeader {
    bytes: [u8; MAX_HEADER],
    len: usize,
}

impl EncodedHeader {
    pub(in super::super) fn get(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Encoder {
    pub(in super::super) const SERVER: Self = Self { masks: false };
    pub(in super::super) const CLIENT: Self = Self { masks: true };

    /// Returns `true` if payloads are sent unmasked, after a [`plain_header`](Self::plain_header).
    pub(in super::super) fn is_plain(self) -> bool {
        !self.masks
    }

    /// Returns the header of an unmasked frame with `len` bytes of payload.
    #[inline]
    pub(in super::super) fn plain_header(self, kind: PacketKind, len: usize) -> EncodedHeader {
        debug_assert!(self.is_plain());
        let header = header(kind, None);
        let mut bytes = [0; MAX_HEADER];
        let written = header.format(len as u64, &mut &mut bytes[..]);
        debug_assert!(written.is_ok(), "the longest header fits");
        EncodedHeader { bytes, len: header.len(len as u64) }
    }

    /// Appends a message in one frame to `out`, and returns the length of the frame.
    #[inline(always)]
    pub(in super::super) fn encode(self, kind: PacketKind, payload: &[u8], out: &mut Vec<u8>) -> usize {
        let header = header(kind, self.key());
        let start = out.len();
        out.reserve(MAX_HEADER + payload.len());
        let written = header.format(payload.len() as u64, out);
        debug_assert!(written.is_ok(), "a vector takes every byte");
        let payload_start = out.len();
        out.extend_from_slice(payload);
        if let Some(key) = header.mask {
            mask::apply(&mut out[payload_start..], key, 0);
        }
        out.len() - start
    }

    /// Appends a control frame to `out`, and returns its length.
    pub(in super::super) fn encode_control(self, mut frame: Frame, out: &mut Vec<u8>) -> usize {
        debug_assert!(frame.payload().len() <= MAX_CONTROL);
        frame.header_mut().mask = self.key();
        let len = frame.len();
        let written = frame.format(out);
        debug_assert!(written.is_ok(), "a vector takes every byte");
        len
    }

    #[inline]
    fn key(self) -> Option<[u8; 4]> {
        self.masks.then(rand::random)
    }
}

fn header(kind: PacketKind, mask: Option<[u8; 4]>) -> FrameHeader {
    let data = match kind {
        PacketKind::Text => Data::Text,
        PacketKind::Binary => Data::Binary,
    };
    FrameHeader { opcode: OpCode::Data(data), mask, ..FrameHeader::default() }
}
