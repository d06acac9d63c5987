//! What a close frame carries: nothing, or a code and a reason (RFC 6455, 5.5.1 and 7.4).

use super::decoder::FrameError;
use crate::close::CloseCode;

/// The body of a close frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct CloseFrame {
    pub(in super::super) code: Option<u16>,
    pub(in super::super) reason: String,
}

impl CloseFrame {
    pub(in super::super) fn new(code: u16, reason: &str) -> Self {
        Self { code: Some(code), reason: reason.to_owned() }
    }

    /// Reads what the other end sent.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, FrameError> {
        let (code, reason) = match *payload {
            [] => return Ok(Self { code: None, reason: String::new() }),
            [_] => return Err(FrameError::Protocol),
            [high, low, ref reason @ ..] => (u16::from_be_bytes([high, low]), reason),
        };
        if CloseCode::new(code).is_err() {
            return Err(FrameError::Protocol);
        }
        let reason = std::str::from_utf8(reason).map_err(|_| FrameError::Utf8)?;
        Ok(Self { code: Some(code), reason: reason.to_owned() })
    }

    pub(in super::super) fn payload(&self) -> Vec<u8> {
        let code = self.code.map(u16::to_be_bytes);
        code.iter().flatten().chain(self.reason.as_bytes()).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let bad_gateway = CloseFrame::new(1014, "bad gateway");
        for frame in
            [CloseFrame::new(4001, "tschüß"), bad_gateway, CloseFrame { code: None, reason: String::new() }]
        {
            assert_eq!(CloseFrame::parse(&frame.payload()), Ok(frame));
        }
    }

    #[test]
    fn half_a_code_and_codes_that_nobody_may_send_are_breaches() {
        assert_eq!(CloseFrame::parse(&[3]), Err(FrameError::Protocol));
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, u16::MAX] {
            assert_eq!(CloseFrame::parse(&code.to_be_bytes()), Err(FrameError::Protocol), "{code}");
        }
    }

    #[test]
    fn a_reason_that_is_no_utf8_is_a_breach_of_its_own() {
        assert_eq!(CloseFrame::parse(b"\x03\xe8\xff"), Err(FrameError::Utf8));
    }
}
