//! Messages to bytes.

use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use super::{MAX_HEADER, mask};
use crate::packet::PacketKind;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    Packet(PacketKind),
    Ping,
    Pong,
    Close,
}

/// Writes the frames of one end. A server's are plain; a client's are masked, each with a key of its own that nobody can
/// foretell (RFC 6455, 5.3 and 10.3).
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Encoder {
    masks: bool,
}

/// The header of a frame, ready to be sent.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Header {
    bytes: [u8; MAX_HEADER],
    len: usize,
}

impl Encoder {
    pub(in super::super) const SERVER: Self = Self { masks: false };
    pub(in super::super) const CLIENT: Self = Self { masks: true };

    /// Whether a payload can be sent as it is, behind a [`plain_header`](Self::plain_header).
    pub(in super::super) fn is_plain(self) -> bool {
        !self.masks
    }

    /// The header of a frame that is not masked.
    pub(in super::super) fn plain_header(self, kind: Kind, len: usize) -> Header {
        debug_assert!(self.is_plain());
        Header::new(kind, len, None)
    }

    /// Adds a whole frame to `out`, and tells its length.
    pub(in super::super) fn encode(self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> usize {
        let key = self.masks.then(rand::random);
        let header = Header::new(kind, payload.len(), key);
        out.reserve(header.len + payload.len());
        out.extend_from_slice(header.get());
        let start = out.len();
        out.extend_from_slice(payload);
        if let Some(key) = key {
            mask::apply(&mut out[start..], key, 0);
        }
        header.len + payload.len()
    }
}

impl Header {
    fn new(kind: Kind, len: usize, mask: Option<[u8; 4]>) -> Self {
        let opcode = match kind {
            Kind::Packet(PacketKind::Text) => OpCode::Data(Data::Text),
            Kind::Packet(PacketKind::Binary) => OpCode::Data(Data::Binary),
            Kind::Ping => OpCode::Control(Control::Ping),
            Kind::Pong => OpCode::Control(Control::Pong),
            Kind::Close => OpCode::Control(Control::Close),
        };
        let header = FrameHeader { opcode, mask, ..FrameHeader::default() };
        let mut bytes = [0; MAX_HEADER];
        let written = header.format(len as u64, &mut &mut bytes[..]);
        debug_assert!(written.is_ok(), "the longest header fits");
        Self { bytes, len: header.len(len as u64) }
    }

    pub(in super::super) fn get(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
