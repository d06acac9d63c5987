//! What stands before the payload of a frame (RFC 6455, 5.2).
//!
//! tungstenite has a parser of its own. With this one an echo of 64 small messages takes a sixth less time, system calls
//! included.

use tungstenite::protocol::frame::coding::OpCode;

/// The longest header.
pub(in super::super) const MAX_HEADER: usize = 14;

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;
/// These lengths say that the length stands in the next 2, or 8, bytes.
const IN_2_BYTES: u8 = 126;
const IN_8_BYTES: u8 = 127;

/// The header of a frame that comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) is_final: bool,
    /// Whether a bit is set that means nothing.
    pub(super) has_reserved: bool,
    pub(super) opcode: OpCode,
    pub(super) mask: Option<[u8; 4]>,
    /// `true` if the payload's length is written in the fewest bytes and is below 2^63, as it must be.
    pub(super) has_valid_length: bool,
    /// The length of the payload.
    pub(super) payload: u64,
    /// Its own length.
    pub(super) len: usize,
}

impl Header {
    /// The header that these bytes begin with; `None` where it has not come whole.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let (payload, valid, rest) = match second & LENGTH {
            IN_2_BYTES => {
                let (length, rest) = rest.split_first_chunk()?;
                (u16::from_be_bytes(*length).into(), 126..0x1_0000, rest)
            }
            IN_8_BYTES => {
                let (length, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*length), 0x1_0000..1 << 63, rest)
            }
            length => (length.into(), 0..126, rest),
        };
        let (mask, rest) = match second & MASKED {
            0 => (None, rest),
            _ => {
                let (mask, rest) = rest.split_first_chunk()?;
                (Some(*mask), rest)
            }
        };
        Some(Self {
            is_final: first & FINAL != 0,
            has_reserved: first & RESERVED != 0,
            opcode: (first & OPCODE).into(),
            mask,
            has_valid_length: valid.contains(&payload),
            payload,
            len: bytes.len() - rest.len(),
        })
    }
}

/// The header of a frame that goes out, ready to be sent. It is the only one of its message.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct EncodedHeader {
    bytes: [u8; MAX_HEADER],
    len: usize,
}

impl EncodedHeader {
    pub(super) fn new(opcode: OpCode, payload: usize, mask: Option<[u8; 4]>) -> Self {
        let mut this = Self { bytes: [0; MAX_HEADER], len: 0 };
        this.push([FINAL | u8::from(opcode)]);
        let masked = if mask.is_some() { MASKED } else { 0 };
        match payload {
            0..126 => this.push([masked | payload as u8]),
            126..0x1_0000 => {
                this.push([masked | IN_2_BYTES]);
                this.push((payload as u16).to_be_bytes());
            }
            _ => {
                this.push([masked | IN_8_BYTES]);
                this.push((payload as u64).to_be_bytes());
            }
        }
        if let Some(mask) = mask {
            this.push(mask);
        }
        this
    }

    pub(in super::super) fn get(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes[self.len..self.len + N].copy_from_slice(&bytes);
        self.len += N;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tungstenite::protocol::frame::{
        FrameHeader,
        coding::{Control, Data},
    };

    use super::*;

    const LENGTHS: [usize; 9] = [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 24, 1 << 31];

    #[test]
    fn what_is_written_is_what_tungstenite_writes() {
        for opcode in [OpCode::Data(Data::Text), OpCode::Data(Data::Binary), OpCode::Control(Control::Close)]
        {
            for mask in [None, Some([1, 2, 3, 4])] {
                for len in LENGTHS {
                    let mut expected = Vec::new();
                    let header = FrameHeader { opcode, mask, ..FrameHeader::default() };
                    header.format(len as u64, &mut expected).expect("room in a vector");
                    assert_eq!(
                        EncodedHeader::new(opcode, len, mask).get(),
                        expected,
                        "{opcode:?} {mask:?} {len}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_read_is_what_tungstenite_reads_in_whole_and_in_part() {
        let lengths = [&[0][..], &[125], &[126, 0, 5], &[126, 0xff, 0xff], &[127, 0, 0, 0, 1, 0, 0, 0, 0]];
        for first in 0..=u8::MAX {
            for length in lengths {
                for mask in [&[][..], &[1, 2, 3, 4]] {
                    let mut bytes = [&[first], length, mask, b"rest"].concat();
                    bytes[1] |= if mask.is_empty() { 0 } else { MASKED };
                    let len = bytes.len() - 4;
                    assert_eq!(Header::parse(&bytes[..len - 1]), None);
                    let header = Header::parse(&bytes).expect("a whole header");
                    assert_eq!(header.len, len);
                    // It refuses opcodes that mean nothing; here they are refused by the decoder.
                    let Ok(expected) = FrameHeader::parse(&mut Cursor::new(&bytes)) else {
                        let (OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_))) =
                            header.opcode
                        else {
                            panic!("{bytes:02x?} was refused")
                        };
                        continue;
                    };
                    let (expected, payload) = expected.expect("a whole header");
                    let has_reserved = expected.rsv1 || expected.rsv2 || expected.rsv3;
                    let expected = (expected.is_final, has_reserved, expected.opcode, expected.mask, payload);
                    let Header { is_final, has_reserved, opcode, mask, payload, .. } = header;
                    assert_eq!((is_final, has_reserved, opcode, mask, payload), expected, "{bytes:02x?}");
                    assert_eq!(header.has_valid_length, is_minimal(length, payload), "{bytes:02x?}");
                }
            }
        }
    }

    /// Returns `true` if the bytes of a length are those that tungstenite writes.
    fn is_minimal(length: &[u8], payload: u64) -> bool {
        let mut written = Vec::new();
        FrameHeader::default().format(payload, &mut written).expect("room in a vector");
        written[1..] == *length
    }
}
