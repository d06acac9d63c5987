//! Assertions about the end of a connection, for every platform.

use websocket_peer::{CloseCause, CloseInfo};

use super::platform;

/// Why a connection did not open. Platforms report it in different detail.
#[derive(Debug, Clone, Copy)]
pub enum Failure {
    /// Nothing listens on the port, or nothing answered.
    Refused,
    /// The server answered with this status.
    Status(u16),
    /// The response was not a valid handshake.
    Handshake,
    /// The name has no address.
    DnsFailed,
}

/// Returns code, reason and cause, for comparisons.
pub fn ending(info: &CloseInfo) -> (Option<u16>, &str, &CloseCause) {
    (info.code, &info.reason, &info.cause)
}

/// Checks that the connection never opened, with the cause that the platform reports for this failure.
#[track_caller]
pub fn assert_never_opened(info: &CloseInfo, failure: Failure) {
    assert!(platform::matches_failure(&info.cause, failure), "{failure:?} was reported as {:?}", info.cause);
    assert_eq!((info.code, info.reason.as_str(), info.was_clean()), (None, "", false));
}

/// Checks that the open connection ended because of a protocol error of the other end. `code` is the close code for it.
#[track_caller]
pub fn assert_protocol_error(info: &CloseInfo, code: u16) {
    let (code, cause) = platform::protocol_error(code);
    assert_eq!(ending(info), (code, "", &cause));
    assert!(!info.was_clean());
}
