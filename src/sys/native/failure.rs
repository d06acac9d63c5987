//! Why this end closes a connection, with the code of its close frame.

use super::frames::FrameError;
use crate::close::{CloseCause, CloseCode, CloseInfo, Limit};

/// A cause, with the close code that is sent.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) cause: CloseCause,
    pub(super) code: CloseCode,
}

impl Failure {
    /// Returns a failure with code 1008, for a rule of this crate rather than of the RFC.
    pub(super) fn policy(cause: CloseCause) -> Self {
        Self { cause, code: CloseCode::POLICY_VIOLATION }
    }

    pub(super) fn into_info(self) -> CloseInfo {
        CloseInfo::with_code(self.cause, self.code.get())
    }
}

impl From<FrameError> for Failure {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Protocol => Self { cause: CloseCause::Protocol, code: CloseCode::PROTOCOL_ERROR },
            FrameError::Utf8 => Self { cause: CloseCause::Protocol, code: CloseCode::INVALID_PAYLOAD },
            FrameError::TooBig => Self { cause: CloseCause::MessageTooBig, code: CloseCode::MESSAGE_TOO_BIG },
            FrameError::TooManyFragments => Limit::Fragments.into(),
        }
    }
}

impl From<Limit> for Failure {
    fn from(limit: Limit) -> Self {
        Self::policy(CloseCause::LimitExceeded(limit))
    }
}
