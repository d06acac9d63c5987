//! The comparison with tungstenite: it reads the same, except for a few intended differences.
//!
//! - We fail at the first invalid byte, tungstenite at the end of a frame. So it gets the rest of a frame in which we
//!   failed, and must fail then.
//! - An overlong encoding of a length is an error here, as is a length over 63 bits (RFC 6455, 5.2). tungstenite
//!   continues. So it gets the bytes before such a frame, and must read the same as we do from these.
//! - A close frame with a forbidden code is an error here. tungstenite reports a close with 1002, also for 1014, which
//!   was registered later.
//! - Only we limit the number of fragments.
//! - tungstenite does not apply the message limit to control frames if its frame limit is at least 125.

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
    Sender,
    reading::{DecodedItem, InputMode, Reading},
};
use crate::packet::Packet;

/// Checks that tungstenite reads the same.
pub(super) fn assert_agrees(stream: &[u8], sender: Sender, limits: MessageLimits, ours: &Reading) {
    let Some(at) = invalid_length(stream) else { return assert_same(stream, sender, limits, ours) };
    let stream = &stream[..at];
    let before = Reading::of([stream].into_iter(), sender, limits, InputMode::Copied);
    assert_same(stream, sender, limits, &before);
    let end = before.end.and(Err(FrameError::Protocol));
    assert_eq!(*ours, Reading { end, ..before }, "the frame at {at} has an invalid length");
}

/// Returns the position of the first complete header with an invalid length.
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
        let available = stream.len() as u64 - cursor.position();
        if len > available {
            return None;
        }
        cursor.set_position(cursor.position() + len);
    }
}

fn assert_same(stream: &[u8], sender: Sender, limits: MessageLimits, ours: &Reading) {
    let max_frame = limits.message.max(MAX_CONTROL);
    let mut stream = stream.to_vec();
    if ours.end.is_err() {
        stream.resize(stream.len() + missing(&stream, max_frame), 0);
    }
    let (theirs, has_failed) = read(stream, sender, limits.message, max_frame);
    let ours_until_close = until_close(&ours.items);
    let last_of_ours = ours_until_close.last();
    if let (
        Some(DecodedItem::Close(Some(CloseFrame { code: CloseCode::Bad(1014), .. }))),
        Some((last, before)),
    ) = (last_of_ours, theirs.split_last())
    {
        assert!(is_answer_to_invalid_code(last), "tungstenite accepts 1014 now");
        return assert!(
            before.iter().eq(ours_until_close.into_iter().rev().skip(1).rev()),
            "tungstenite reads {before:?}"
        );
    }
    let closes = matches!(ours_until_close.last(), Some(DecodedItem::Close(_)));
    match ours.end {
        Ok(()) => assert!(!has_failed, "only tungstenite fails, after {theirs:?}"),
        Err(_) if closes => {
            assert!(!has_failed, "tungstenite fails before the close, after {theirs:?}")
        }
        Err(FrameError::TooManyFragments) => return assert!(starts_with(&theirs, &ours_until_close)),
        Err(error) => {
            let (last, before) =
                theirs.split_last().map_or((None, &theirs[..]), |(last, all)| (Some(last), all));
            if error == FrameError::Protocol && last.is_some_and(is_answer_to_invalid_code) {
                return assert!(before.iter().eq(ours_until_close), "tungstenite reads {before:?}");
            }
            assert!(has_failed, "only we fail: {error:?}; tungstenite reads {theirs:?}");
        }
    }
    assert!(theirs.iter().eq(ours_until_close), "tungstenite reads {theirs:?}, not {:?}", ours.items);
}

/// The items that are compared: up to a close frame.
fn until_close(items: &[DecodedItem]) -> Vec<&DecodedItem> {
    let end =
        items.iter().position(|item| matches!(item, DecodedItem::Close(_))).map_or(items.len(), |at| at + 1);
    items[..end].iter().filter(|item| **item != DecodedItem::EmptyFragment).collect()
}

fn starts_with(all: &[DecodedItem], start: &[&DecodedItem]) -> bool {
    all.len() >= start.len() && all.iter().zip(start).all(|(one, other)| one == *other)
}

fn is_answer_to_invalid_code(item: &DecodedItem) -> bool {
    matches!(item, DecodedItem::Close(Some(frame))
        if frame.code == CloseCode::Protocol && frame.reason == "Protocol violation")
}

/// The number of missing bytes of the last frame, if tungstenite would wait for them.
fn missing(stream: &[u8], max_frame: usize) -> usize {
    let mut cursor = Cursor::new(stream);
    while let Ok(Some((_, len))) = FrameHeader::parse(&mut cursor) {
        let available = stream.len() - cursor.position() as usize;
        match usize::try_from(len) {
            Ok(len) if len <= available => cursor.set_position(cursor.position() + len as u64),
            Ok(len) if len <= max_frame => return len - available,
            _ => return 0,
        }
    }
    0
}

/// Returns the items that tungstenite reads, and `true` if it then fails.
fn read(stream: Vec<u8>, sender: Sender, max_message: usize, max_frame: usize) -> (Vec<DecodedItem>, bool) {
    let role = match sender {
        Sender::Client => Role::Server,
        Sender::Server => Role::Client,
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_frame))
        .read_buffer_size(1024);
    let mut context = WebSocketContext::from_partially_read(stream, role, Some(config));
    let mut items = Vec::new();
    loop {
        match context.read(&mut Silence) {
            Ok(Message::Text(text)) => items.push(DecodedItem::Packet(Packet::text(text.as_str()))),
            Ok(Message::Binary(data)) => items.push(DecodedItem::Packet(Packet::binary(data))),
            Ok(Message::Ping(payload)) => items.push(DecodedItem::Ping(payload.into())),
            Ok(Message::Pong(payload)) => items.push(DecodedItem::Pong(payload.into())),
            Ok(Message::Close(frame)) => {
                items.push(DecodedItem::Close(frame));
                return (items, false);
            }
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return (items, false),
            // It never returns a raw frame.
            Ok(Message::Frame(_)) | Err(_) => return (items, true),
        }
    }
}

/// A stream that has no more bytes and accepts all writes.
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
