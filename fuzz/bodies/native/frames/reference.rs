//! What tungstenite reads in a stream: the same, but for a few intended differences.
//!
//! - We fail as soon as it is certain, tungstenite at the end of a frame. So it is given the rest of a frame in which we
//!   failed, and must fail then.
//! - A length in more bytes than it needs is a breach here, as is one over 63 bits (RFC 6455, 5.2). tungstenite reads on. So
//!   it is given what comes before such a frame, and what we read then must be the same but for the breach.
//! - A close frame with a code that nobody may send is a breach here. tungstenite tells of a close with 1002, also where the
//!   code is 1014, which was registered later.
//! - Only we limit the number of fragments.
//! - For tungstenite the limit of a message is none of a control frame's if the limit of frames is at least 125.

use std::io::{self, Cursor, Read, Write};

use tungstenite::{
    Error, Message,
    protocol::{
        CloseFrame, Role, WebSocketConfig, WebSocketContext,
        frame::{FrameHeader, coding::CloseCode},
    },
};

use super::{
    super::super::frames::{FrameError, MAX_CONTROL, MessageLimits},
    End,
    reading::{Reading, Seen, Way},
};
use crate::packet::Packet;

/// Checks that tungstenite reads the same.
pub(super) fn agrees(stream: &[u8], sender: End, limits: MessageLimits, ours: &Reading) {
    let Some(at) = invalid_length(stream) else { return is_the_same(stream, sender, limits, ours) };
    let stream = &stream[..at];
    let before = Reading::of([stream].into_iter(), sender, limits, Way::Copied);
    is_the_same(stream, sender, limits, &before);
    let end = before.end.and(Err(FrameError::Protocol));
    assert_eq!(*ours, Reading { end, ..before }, "the frame at {at} has a length that no frame may have");
}

/// Returns where the first whole header with an invalid length begins.
fn invalid_length(stream: &[u8]) -> Option<usize> {
    let mut cursor = Cursor::new(stream);
    loop {
        let start = cursor.position() as usize;
        let (_, len) = FrameHeader::parse(&mut cursor).ok()??;
        let is_valid = match stream[start + 1] & 0x7f {
            126 => len > 125,
            127 => len > u64::from(u16::MAX) && i64::try_from(len).is_ok(),
            _ => true,
        };
        if !is_valid {
            return Some(start);
        }
        let there = stream.len() as u64 - cursor.position();
        if len > there {
            return None;
        }
        cursor.set_position(cursor.position() + len);
    }
}

fn is_the_same(stream: &[u8], sender: End, limits: MessageLimits, ours: &Reading) {
    let max_frame = limits.message.max(MAX_CONTROL);
    let mut stream = stream.to_vec();
    if ours.end.is_err() {
        stream.resize(stream.len() + missing(&stream, max_frame), 0);
    }
    let (theirs, has_failed) = read(stream, sender, limits.message, max_frame);
    let ours_until_close = until_close(&ours.seen);
    if let (Some(Seen::Close(Some(CloseFrame { code: CloseCode::Bad(1014), .. }))), Some((last, before))) =
        (ours_until_close.last(), theirs.split_last())
    {
        assert!(is_answer_to_a_bad_code(last), "tungstenite knows 1014 now");
        return assert!(
            before.iter().eq(ours_until_close.into_iter().rev().skip(1).rev()),
            "tungstenite sees {before:?}"
        );
    }
    let closes = matches!(ours_until_close.last(), Some(Seen::Close(_)));
    match ours.end {
        Ok(()) => assert!(!has_failed, "only tungstenite fails; before it came {theirs:?}"),
        Err(_) if closes => {
            assert!(!has_failed, "tungstenite fails before the close; before it came {theirs:?}")
        }
        Err(FrameError::TooManyFragments) => return assert!(starts_with(&theirs, &ours_until_close)),
        Err(breach) => {
            let (last, before) =
                theirs.split_last().map_or((None, &theirs[..]), |(last, all)| (Some(last), all));
            if breach == FrameError::Protocol && last.is_some_and(is_answer_to_a_bad_code) {
                return assert!(before.iter().eq(ours_until_close), "tungstenite sees {before:?}");
            }
            assert!(has_failed, "only we fail: {breach:?}; tungstenite sees {theirs:?}");
        }
    }
    assert!(theirs.iter().eq(ours_until_close), "tungstenite sees {theirs:?}, not {:?}", ours.seen);
}

/// What is compared: nothing behind a close frame is looked at in earnest.
fn until_close(seen: &[Seen]) -> Vec<&Seen> {
    let end = seen.iter().position(|seen| matches!(seen, Seen::Close(_))).map_or(seen.len(), |at| at + 1);
    seen[..end].iter().filter(|seen| **seen != Seen::EmptyFragment).collect()
}

fn starts_with(all: &[Seen], start: &[&Seen]) -> bool {
    all.len() >= start.len() && all.iter().zip(start).all(|(one, other)| one == *other)
}

fn is_answer_to_a_bad_code(seen: &Seen) -> bool {
    matches!(seen, Seen::Close(Some(frame)) if frame.code == CloseCode::Protocol && frame.reason == "Protocol violation")
}

/// How many bytes the last frame lacks, if tungstenite would wait for them.
fn missing(stream: &[u8], max_frame: usize) -> usize {
    let mut cursor = Cursor::new(stream);
    while let Ok(Some((_, len))) = FrameHeader::parse(&mut cursor) {
        let there = stream.len() - cursor.position() as usize;
        match usize::try_from(len) {
            Ok(len) if len <= there => cursor.set_position(cursor.position() + len as u64),
            Ok(len) if len <= max_frame => return len - there,
            _ => return 0,
        }
    }
    0
}

/// What tungstenite sees, and whether it then fails.
fn read(stream: Vec<u8>, sender: End, max_message: usize, max_frame: usize) -> (Vec<Seen>, bool) {
    let role = match sender {
        End::Client => Role::Server,
        End::Server => Role::Client,
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_frame))
        .read_buffer_size(1024);
    let mut context = WebSocketContext::from_partially_read(stream, role, Some(config));
    let mut seen = Vec::new();
    loop {
        match context.read(&mut Silence) {
            Ok(Message::Text(text)) => seen.push(Seen::Packet(Packet::text(text.as_str()))),
            Ok(Message::Binary(data)) => seen.push(Seen::Packet(Packet::binary(data))),
            Ok(Message::Ping(payload)) => seen.push(Seen::Ping(payload.into())),
            Ok(Message::Pong(payload)) => seen.push(Seen::Pong(payload.into())),
            Ok(Message::Close(frame)) => {
                seen.push(Seen::Close(frame));
                return (seen, false);
            }
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return (seen, false),
            // It never gives a bare frame.
            Ok(Message::Frame(_)) | Err(_) => return (seen, true),
        }
    }
}

/// Nothing more comes, and everything is taken.
struct Silence;

impl Read for Silence {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

impl Write for Silence {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
