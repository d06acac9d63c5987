//! How a connection ended, as far as a browser reports it.

use crate::{
    close::{CloseCause, CloseCode, CloseInfo},
    link::Link,
    state::ReadyState,
};

/// The end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// With a close frame from the other end.
    Frame { code: Option<u16>, reason: String },
    /// Without a close frame. Browsers report no more of a failure to connect.
    Gone,
    /// This end closed it because of this error.
    BacklogError(BacklogError),
}

/// A limit that the other end exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BacklogError {
    /// A message is larger than `max_message_size`.
    MessageTooBig,
    /// The backlog has no room for a message.
    Overflow,
}

impl BacklogError {
    /// The close code that is sent. 1009 would be right, but browsers do not let a page send it.
    #[allow(dead_code, reason = "the backend `miniquad` closes in JavaScript")]
    pub(crate) const TOO_BIG_CODE: u16 = 4009;
    /// The close code that is sent in place of 1008.
    pub(crate) const OVERFLOW_CODE: u16 = 4008;
}

impl End {
    /// Converts the code and the reason of the browser's `close` event.
    pub(crate) fn from_event(code: u16, reason: impl FnOnce() -> String) -> Self {
        match code {
            1005 => Self::Frame { code: None, reason: String::new() },
            code if CloseCode::new(code).is_ok() => Self::Frame { code: Some(code), reason: reason() },
            // 1006 means that there was no frame. Chromium also passes on codes that are not allowed (1004, 1016 to
            // 2999).
            _ => Self::Gone,
        }
    }

    /// Reports the end to the link.
    pub(super) fn report(self, link: &mut Link) {
        match self {
            _ if link.state() == ReadyState::Connecting => {
                link.set_closed(CloseInfo::new(CloseCause::Refused { status: None }));
            }
            Self::Frame { code, reason } => link.set_closed_by_frame(code, reason),
            Self::Gone => link.set_closed(CloseInfo::new(CloseCause::ConnectionLost)),
            // The code of RFC 6455, 7.4.1, although a browser sends another.
            Self::BacklogError(BacklogError::MessageTooBig) => {
                link.set_closed(CloseInfo::with_code(CloseCause::MessageTooBig, 1009));
            }
            Self::BacklogError(BacklogError::Overflow) => {
                link.set_closed(CloseInfo::with_code(CloseCause::InboxOverflow, BacklogError::OVERFLOW_CODE));
            }
        }
    }
}
