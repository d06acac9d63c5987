//! What an end must report, from the bytes that it received and the end of TCP after them.

use testkit::proxy::{End, Passed};
use websocket_peer::{CloseCause, CloseInfo, Packet, Timeout};

use crate::common::raw::{BINARY, CLOSE, Frame, TEXT};

/// The role of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

/// What an end has reported.
#[derive(Debug)]
pub struct Report<'a> {
    pub packets: &'a [Packet],
    pub info: &'a CloseInfo,
    /// `true` if it was open.
    pub was_open: bool,
    /// `true` if this end closed.
    pub asked: bool,
}

/// The content of the bytes.
#[derive(Debug, Default)]
struct Read {
    has_head: bool,
    /// Bytes follow the head.
    has_more: bool,
    packets: Vec<Packet>,
    is_closed: bool,
}

impl Read {
    fn from(bytes: &[u8]) -> Self {
        let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Self::default();
        };
        let mut rest = &bytes[head + 4..];
        let mut read = Self { has_head: true, has_more: !rest.is_empty(), ..Self::default() };
        while let Some((frame, len)) = Frame::parse(rest) {
            rest = &rest[len..];
            match frame.first {
                TEXT => read.packets.push(Packet::text(String::from_utf8(frame.payload).expect("a text"))),
                BINARY => read.packets.push(Packet::binary(frame.payload)),
                CLOSE => read.is_closed = true,
                _ => {}
            }
        }
        read
    }
}

/// Checks a report. With `has_deadlines`, timeouts are short and may have passed.
pub fn judge(role: Role, passed: &Passed, report: &Report<'_>, has_deadlines: bool) -> Result<(), String> {
    let read = Read::from(&passed.bytes);
    let causes = causes(role, &read, passed.end, report.asked, has_deadlines);
    if !causes.contains(&seen(&report.info.cause)) {
        return Err(format!("the cause must be one of {causes:?}"));
    }
    if report.info.was_clean() != read.is_closed {
        return Err("a close is clean exactly if there was a close frame".to_owned());
    }
    if report.was_open != (read.has_head && !is_handshake_failure(&report.info.cause)) {
        return Err("the state does not fit the handshake".to_owned());
    }
    // Some systems drop received bytes at a reset.
    let is_whole = cfg!(target_os = "linux") || passed.end != Some(End::Reset);
    let is_right =
        if is_whole { report.packets == read.packets } else { read.packets.starts_with(report.packets) };
    if !is_right {
        return Err(format!("the packets must be {:?}", read.packets));
    }
    Ok(())
}

fn causes(role: Role, read: &Read, end: Option<End>, asked: bool, has_deadlines: bool) -> Vec<Seen> {
    if read.is_closed {
        return vec![Seen::Other(if asked { CloseCause::Local } else { CloseCause::Remote })];
    }
    let mut causes = Vec::new();
    if has_deadlines {
        let what = match (read.has_head, asked) {
            (false, _) => Timeout::Connect,
            (true, false) => Timeout::Heartbeat,
            (true, true) => Timeout::Close,
        };
        causes.push(Seen::Other(CloseCause::TimedOut(what)));
    }
    if end.is_some() {
        causes.push(if read.has_head {
            Seen::Other(CloseCause::ConnectionLost)
        } else {
            Seen::HandshakeFailed
        });
    }
    if end == Some(End::Reset) {
        match role {
            // A reset before any byte looks like a refused connection.
            Role::Client if !read.has_head => causes.push(Seen::Refused),
            // It may have been unable to answer.
            Role::Server if !read.has_more => causes.push(Seen::HandshakeFailed),
            _ => {}
        }
    }
    causes
}

fn is_handshake_failure(cause: &CloseCause) -> bool {
    matches!(
        cause,
        CloseCause::HandshakeFailed { .. }
            | CloseCause::Refused { .. }
            | CloseCause::TimedOut(Timeout::Connect)
    )
}

/// A cause, without the parts that the oracle does not predict.
#[derive(Debug, PartialEq)]
enum Seen {
    HandshakeFailed,
    Refused,
    Other(CloseCause),
}

fn seen(cause: &CloseCause) -> Seen {
    match cause {
        CloseCause::HandshakeFailed { .. } => Seen::HandshakeFailed,
        CloseCause::Refused { status: None, .. } => Seen::Refused,
        other => Seen::Other(other.clone()),
    }
}
