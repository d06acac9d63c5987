//! Messages to bytes.

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{header::EncodedHeader, mask};
use crate::packet::PacketKind;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum FrameKind {
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

impl FrameKind {
    fn opcode(self) -> OpCode {
        match self {
            Self::Packet(PacketKind::Text) => OpCode::Data(Data::Text),
            Self::Packet(PacketKind::Binary) => OpCode::Data(Data::Binary),
            Self::Ping => OpCode::Control(Control::Ping),
            Self::Pong => OpCode::Control(Control::Pong),
            Self::Close => OpCode::Control(Control::Close),
        }
    }
}

impl Encoder {
    pub(in super::super) const SERVER: Self = Self { masks: false };
    pub(in super::super) const CLIENT: Self = Self { masks: true };

    /// Whether a payload can be sent as it is, behind a [`plain_header`](Self::plain_header).
    pub(in super::super) fn is_plain(self) -> bool {
        !self.masks
    }

    /// The header of a frame that is not masked.
    pub(in super::super) fn plain_header(self, kind: FrameKind, len: usize) -> EncodedHeader {
        debug_assert!(self.is_plain());
        EncodedHeader::new(kind.opcode(), len, None)
    }

    /// Adds a whole frame to `out`, and tells its length.
    pub(in super::super) fn encode(self, kind: FrameKind, payload: &[u8], out: &mut Vec<u8>) -> usize {
        let key = self.masks.then(rand::random);
        let header = EncodedHeader::new(kind.opcode(), payload.len(), key);
        let header = header.get();
        out.reserve(header.len() + payload.len());
        out.extend_from_slice(header);
        let start = out.len();
        out.extend_from_slice(payload);
        if let Some(key) = key {
            mask::apply(&mut out[start..], key, 0);
        }
        header.len() + payload.len()
    }
}
