//! What an end of a connection has to say about it, given the bytes that it was sent and how TCP ended behind them.

use testkit::proxy::{End, Passed};
use websocket_peer::{CloseCause, CloseInfo, Packet, Timeout};

use crate::common::raw::{BINARY, CLOSE, Frame, TEXT};

/// Which end it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

/// What an end has told.
#[derive(Debug)]
pub struct Told<'a> {
    pub packets: &'a [Packet],
    pub info: &'a CloseInfo,
    /// Whether it was open.
    pub was_open: bool,
    /// Whether this end had asked to close.
    pub asked: bool,
}

/// What can be read from the bytes.
#[derive(Debug, Default)]
struct Read {
    has_head: bool,
    /// Something came behind the head.
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

/// Whether what an end told is what it had to. `has_deadlines`: they are short, and TCP may have been silent for as long.
pub fn judge(role: Role, passed: &Passed, told: &Told<'_>, has_deadlines: bool) -> Result<(), String> {
    let read = Read::from(&passed.bytes);
    let causes = causes(role, &read, passed.end, told.asked, has_deadlines);
    if !causes.contains(&seen(&told.info.cause)) {
        return Err(format!("it should have told one of {causes:?}"));
    }
    if told.info.was_clean() != read.is_closed {
        return Err("a close is clean if there was a close frame, and only then".to_owned());
    }
    if told.was_open != (read.has_head && !is_handshake_failure(&told.info.cause)) {
        return Err("it was open, or not, against all evidence".to_owned());
    }
    // Not every system shows what lies behind a reset.
    let is_whole = cfg!(target_os = "linux") || passed.end != Some(End::Reset);
    let is_right =
        if is_whole { told.packets == read.packets } else { read.packets.starts_with(told.packets) };
    if !is_right {
        return Err(format!("it should have had {:?}", read.packets));
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
            // Before anything else was said, nobody can tell that it was there at all.
            Role::Client if !read.has_head => causes.push(Seen::Refused),
            // It may not have been able to answer.
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
