//! Frames as they are: every header field visible, nothing checked but what is needed to find the next frame.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
pub(crate) use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// No frame of a client under test is larger; a longer one is a fault and ends the connection.
const MAX_PAYLOAD: u64 = 64 << 20;

pub(crate) struct Frame {
    pub(crate) is_final: bool,
    pub(crate) opcode: OpCode,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// Takes one whole frame off the front of `bytes`, unmasked; `None` while it is incomplete.
    pub(crate) fn take(bytes: &mut Vec<u8>) -> Result<Option<Self>, String> {
        let mut cursor = Cursor::new(&bytes[..]);
        let parsed = FrameHeader::parse(&mut cursor).map_err(|error| error.to_string())?;
        let Some((header, length)) = parsed else {
            return Ok(None);
        };
        if length > MAX_PAYLOAD {
            return Err(format!("a frame of {length} bytes"));
        }
        // Both fit: the payload was just bounded, the header is at most 14 bytes.
        let (head, length) = (cursor.position() as usize, length as usize);
        if bytes.len() - head < length {
            return Ok(None);
        }
        let mut payload = bytes[head..head + length].to_vec();
        bytes.drain(..head + length);
        if let Some(mask) = header.mask {
            payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        }
        Ok(Some(Self { is_final: header.is_final, opcode: header.opcode, mask: header.mask, payload }))
    }
}

/// One unmasked frame, as a server sends it.
pub(crate) fn encode(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = encode_header(opcode, is_final, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

/// Only the header, for a payload of `length` bytes that may never come.
pub(crate) fn encode_header(opcode: OpCode, is_final: bool, length: u64) -> Vec<u8> {
    let header = FrameHeader { is_final, opcode, ..FrameHeader::default() };
    let mut bytes = Vec::with_capacity(16);
    header.format(length, &mut bytes).expect("writing to a vector cannot fail");
    bytes
}

pub(crate) fn close_payload(code: Option<u16>, reason: &str) -> Vec<u8> {
    match code {
        Some(code) => [&code.to_be_bytes(), reason.as_bytes()].concat(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_only_when_it_is_whole() {
        let whole = encode(OpCode::Data(Data::Text), true, b"hello");
        for length in 0..whole.len() {
            let mut part = whole[..length].to_vec();
            assert!(Frame::take(&mut part).unwrap().is_none());
            assert_eq!(part.len(), length);
        }
        let mut bytes = [&whole[..], b"\x89"].concat();
        let frame = Frame::take(&mut bytes).unwrap().unwrap();
        assert_eq!((frame.payload, frame.mask), (b"hello".to_vec(), None));
        assert_eq!(bytes, b"\x89");
    }

    #[test]
    fn a_masked_frame_is_unmasked() {
        let mut bytes = vec![0x81, 0x82, 1, 2, 3, 4, b'o' ^ 1, b'k' ^ 2];
        let frame = Frame::take(&mut bytes).unwrap().unwrap();
        assert_eq!(frame.payload, b"ok");
        assert_eq!(frame.mask, Some([1, 2, 3, 4]));
    }
}
