//! The end of a connection as a sentence for people.

use websocket_peer::{CloseCause, CloseCode, CloseInfo, Timeout};

use crate::protocol::clean_line;

/// The close code for a member that the server removes. Applications define the codes from 4000 on.
pub(crate) const KICKED: CloseCode = CloseCode::application::<4000>();

/// Returns why a connection ended, for a person to read. The server's reason in it is safe to show as one line.
pub fn explain(info: &CloseInfo) -> String {
    let code = info.code;
    let what = match &info.cause {
        CloseCause::Local | CloseCause::Aborted => "You left the chat",
        CloseCause::Remote if code == Some(KICKED.get()) => "The server removed you from the chat",
        CloseCause::Remote if code == Some(CloseCode::POLICY_VIOLATION.get()) => {
            "The server closed the connection because of its limits"
        }
        CloseCause::Remote if code == Some(CloseCode::MESSAGE_TOO_BIG.get()) => {
            "The server closed the connection because a line was too long"
        }
        CloseCause::Remote if code == Some(CloseCode::GOING_AWAY.get()) => "The server has shut down",
        CloseCause::Remote => "The server closed the connection",
        CloseCause::ConnectionLost => "The connection was lost",
        CloseCause::TimedOut(Timeout::Connect) => "The server did not answer in time",
        CloseCause::TimedOut(_) => "The connection was lost: the server does not answer any more",
        CloseCause::Refused { status: Some(400), .. } => {
            "The server refused the connection: it may be no chat server"
        }
        CloseCause::Refused { status: Some(503), .. } => "The server is full",
        CloseCause::Refused { status: None, .. } => {
            "There is no server at this address, or it cannot be reached"
        }
        cause => return format!("The connection failed: {cause}."),
    };
    match clean_line(&info.reason) {
        reason if reason.is_empty() => format!("{what}."),
        reason => format!("{what}: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_shown_and_is_safe() {
        let mut info = CloseInfo::from(CloseCause::Remote);
        assert_eq!(explain(&info), "The server closed the connection.");
        info.code = Some(4000);
        info.reason = "too\nfast\u{1b}[2J".into();
        assert_eq!(explain(&info), "The server removed you from the chat: too fast[2J");
    }

    #[test]
    fn an_end_without_a_close_frame_is_explained() {
        for (cause, start) in [
            (CloseCause::ConnectionLost, "The connection was lost."),
            (CloseCause::TimedOut(Timeout::Connect), "The server did not answer in time."),
            (CloseCause::DnsFailed, "The connection failed: the host name has no address."),
            (CloseCause::Local, "You left the chat."),
        ] {
            assert_eq!(explain(&cause.into()), start);
        }
    }
}
