//! WebSocket frames (RFC 6455, section 5.2), written and read without a library: a frame may break any rule.

/// The first byte of the last fragment of a message: final bit, reserved bits and opcode.
pub const CONTINUATION: u8 = 0x80;
/// The first byte of a whole text message.
pub const TEXT: u8 = 0x81;
/// The first byte of a whole binary message.
pub const BINARY: u8 = 0x82;
/// The first byte of a close frame.
pub const CLOSE: u8 = 0x88;
/// The first byte of a ping.
pub const PING: u8 = 0x89;
/// The first byte of a pong.
pub const PONG: u8 = 0x8A;

/// The bit of the first byte that the last frame of a message has.
pub const FINAL: u8 = 0x80;

/// The bits of the first byte that are the opcode.
pub const OPCODE: u8 = 0x0F;

/// A received frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The final bit, the reserved bits and the opcode.
    pub first: u8,
    /// `true` if the payload was masked.
    pub masked: bool,
    /// The masking key; zero in a frame without one.
    pub key: [u8; 4],
    /// The payload, unmasked.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Returns the frame at the start of `bytes` and its length in bytes; `None` while it is incomplete.
    pub fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let [first, second, rest @ ..] = bytes else { return None };
        let (length, mut rest) = match second & 0x7F {
            126 => {
                rest.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest))?
            }
            127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), rest))?,
            length => (length.into(), rest),
        };
        let masked = second & 0x80 != 0;
        let mut key = [0; 4];
        if masked {
            let (found, behind) = rest.split_first_chunk()?;
            (key, rest) = (*found, behind);
        }
        // A length over the address space is never complete.
        let mut payload = rest.get(..usize::try_from(length).ok()?)?.to_vec();
        let length = bytes.len() - rest.len() + payload.len();
        apply_key(&mut payload, key);
        Some((Self { first: *first, masked, key, payload }, length))
    }

    /// The code of a close frame.
    ///
    /// # Panics
    /// If the frame is not a close frame.
    pub fn close_code(&self) -> Option<u16> {
        assert_eq!(self.first, CLOSE, "{self:?}");
        self.payload.first_chunk().map(|code| u16::from_be_bytes(*code))
    }
}

/// Returns a frame as servers send it.
pub fn server_frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(first, payload.as_ref(), None)
}

/// Returns a frame as clients send it: masked.
pub fn client_frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(first, payload.as_ref(), Some([0x37, 0xFA, 0x21, 0x3D]))
}

fn frame(first: u8, payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let mut frame = header(first, payload.len() as u64, key);
    let start = frame.len();
    frame.extend_from_slice(payload);
    apply_key(&mut frame[start..], key.unwrap_or_default());
    frame
}

/// Returns the header of a frame whose payload has `length` bytes.
pub fn header(first: u8, length: u64, key: Option<[u8; 4]>) -> Vec<u8> {
    let form = match length {
        0..=125 => 0,
        126..=0xFFFF => 1,
        _ => 2,
    };
    header_in_form(first, length, key, form)
}

/// Returns a header whose length is encoded in the next longer form than it needs, if there is one. RFC 6455, 5.2
/// forbids that.
pub fn overlong_header(first: u8, length: u64, key: Option<[u8; 4]>) -> Vec<u8> {
    header_in_form(first, length, key, if length < 126 { 1 } else { 2 })
}

/// The forms encode the length in 7 bits, in 2 bytes or in 8 bytes.
fn header_in_form(first: u8, length: u64, key: Option<[u8; 4]>, form: u8) -> Vec<u8> {
    let bit = if key.is_some() { 0x80 } else { 0 };
    let mut header = match form {
        0 => vec![first, bit | length as u8],
        1 => [&[first, bit | 126][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[first, bit | 127][..], &length.to_be_bytes()].concat(),
    };
    header.extend(key.into_iter().flatten());
    header
}

/// Masks or unmasks a payload.
pub fn apply_key(payload: &mut [u8], key: [u8; 4]) {
    payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
}

/// Returns the payload of a close frame.
pub fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_parsed_once_it_is_complete() {
        for length in [0, 5, 125, 126, 65_535, 65_536] {
            let payload = vec![7; length];
            for (whole, is_masked) in
                [(server_frame(TEXT, &payload), false), (client_frame(TEXT, &payload), true)]
            {
                let incomplete = [0, 1, 2, 5, whole.len() - 1].into_iter().filter(|len| *len < whole.len());
                incomplete.for_each(|len| assert_eq!(Frame::parse(&whole[..len]), None, "{len} of {length}"));
                let followed = [&whole[..], b"\x89"].concat();
                let (frame, parsed) = Frame::parse(&followed).unwrap();
                assert_eq!((parsed, frame.first, frame.masked), (whole.len(), TEXT, is_masked));
                assert_eq!(frame.payload, payload);
            }
        }
    }

    #[test]
    fn frames_are_those_of_the_standard() {
        // RFC 6455, 5.7.
        assert_eq!(server_frame(TEXT, "Hello"), [0x81, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(client_frame(TEXT, "Hello"), masked);
        assert_eq!(header(BINARY, 256, None), [0x82, 0x7E, 1, 0]);
        assert_eq!(header(BINARY, 65_536, None), [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn an_overlong_header_has_the_next_form() {
        assert_eq!(overlong_header(TEXT, 5, None), [0x81, 126, 0, 5]);
        assert_eq!(overlong_header(TEXT, 126, None), [0x81, 127, 0, 0, 0, 0, 0, 0, 0, 126]);
    }
}
