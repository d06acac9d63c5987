//! How connections end, in words that hold on every platform.

use websocket_peer::{CloseCause, CloseInfo};

use super::platform;

/// Why a connection did not open, as whoever knows everything would say it.
#[derive(Debug, Clone, Copy)]
pub enum Failure {
    /// Nobody listens there, or nobody answered.
    Refused,
    /// The server answered with this status.
    Status(u16),
    /// The answer was no valid handshake.
    Handshake,
    /// The name has no address.
    DnsFailed,
}

/// All of it at once, for comparisons.
pub fn ending(info: &CloseInfo) -> (Option<u16>, &str, &CloseCause) {
    (info.code, &info.reason, &info.cause)
}

/// The connection never opened, for this reason, as far as the platform lets us know.
#[track_caller]
pub fn assert_never_opened(info: &CloseInfo, failure: Failure) {
    assert!(platform::matches_failure(&info.cause, failure), "{failure:?} was told as {:?}", info.cause);
    assert_eq!((info.code, info.reason.as_str(), info.was_clean()), (None, "", false));
}

/// The other end broke the protocol after the connection was open; `code` is what it deserves to be told.
#[track_caller]
pub fn assert_protocol_error(info: &CloseInfo, code: u16) {
    let (code, cause) = platform::protocol_error(code);
    assert_eq!(ending(info), (code, "", &cause));
    assert!(!info.was_clean());
}
