//! Decodes the payload of close frames.

use tungstenite::{Utf8Bytes, protocol::CloseFrame};

use super::decoder::FrameError;
use crate::close::CloseCode;

/// Reads the payload of a close frame: nothing, or a code and a reason (RFC 6455, 5.5.1 and 7.4).
pub(super) fn parse_close(payload: &[u8]) -> Result<Option<CloseFrame>, FrameError> {
    let (code, reason) = match *payload {
        [] => return Ok(None),
        [_] => return Err(FrameError::Protocol),
        [high, low, ref reason @ ..] => (u16::from_be_bytes([high, low]), reason),
    };
    // Not tungstenite's `is_allowed`: it does not know 1014, which IANA registered later.
    if CloseCode::new(code).is_err() {
        return Err(FrameError::Protocol);
    }
    let reason = std::str::from_utf8(reason).map_err(|_| FrameError::Utf8)?;
    Ok(Some(CloseFrame { code: code.into(), reason: Utf8Bytes::from(reason) }))
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::frame::{Frame, coding};

    use super::*;

    fn close(code: u16, reason: &str) -> Option<CloseFrame> {
        Some(CloseFrame { code: code.into(), reason: reason.into() })
    }

    #[test]
    fn close_frames_are_decoded_as_they_are_encoded() {
        for frame in [close(4001, "tschüß"), close(1014, "bad gateway"), None] {
            assert_eq!(parse_close(Frame::close(frame.clone()).payload()), Ok(frame));
        }
        assert_eq!(
            parse_close(b"\x03\xf5").map(|frame| frame.map(|frame| frame.code)),
            Ok(Some(coding::CloseCode::Again))
        );
    }

    #[test]
    fn half_a_close_code_and_codes_that_must_not_be_sent_are_protocol_errors() {
        assert_eq!(parse_close(&[3]), Err(FrameError::Protocol));
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, u16::MAX] {
            assert_eq!(parse_close(&code.to_be_bytes()), Err(FrameError::Protocol), "{code}");
        }
        assert_eq!(parse_close(b"\x03\xe8\xff"), Err(FrameError::Utf8), "the reason");
    }
}
