//! What ends a connection from this side, and the code that the other end is told.

use super::frames::FrameError;
use crate::close::{CloseCause, CloseInfo, Limit};

/// RFC 6455, 7.4.1.
const PROTOCOL_ERROR: u16 = 1002;
const INVALID_DATA: u16 = 1007;
const POLICY: u16 = 1008;
const TOO_BIG: u16 = 1009;

/// A cause with its code.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) cause: CloseCause,
    pub(super) code: u16,
}

impl Failure {
    /// A rule of this end's, not of the RFC's.
    pub(super) fn policy(cause: CloseCause) -> Self {
        Self { cause, code: POLICY }
    }

    pub(super) fn into_info(self) -> CloseInfo {
        CloseInfo::with_code(self.cause, self.code)
    }
}

impl From<FrameError> for Failure {
    fn from(breach: FrameError) -> Self {
        match breach {
            FrameError::Protocol => Self { cause: CloseCause::Protocol, code: PROTOCOL_ERROR },
            FrameError::Utf8 => Self { cause: CloseCause::Protocol, code: INVALID_DATA },
            FrameError::TooBig => Self { cause: CloseCause::MessageTooBig, code: TOO_BIG },
            FrameError::TooManyFragments => Limit::Fragments.into(),
        }
    }
}

impl From<Limit> for Failure {
    fn from(limit: Limit) -> Self {
        Self::policy(CloseCause::LimitExceeded(limit))
    }
}
