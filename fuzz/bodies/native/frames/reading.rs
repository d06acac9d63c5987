//! The items that our decoder reads in a stream, and the memory that it holds meanwhile.

use tungstenite::protocol::CloseFrame;

use super::{
    super::super::frames::{FrameDecoder, FrameError, Item, MessageLimits},
    Sender,
};
use crate::packet::Packet;

/// The largest ratio of the memory of a message to its received bytes. Memory for the rest is allocated if that is at
/// most 64 times the received part.
const GROWTH: usize = 65;

/// An [`Item`] with its payload.
#[derive(Debug, PartialEq)]
pub(super) enum DecodedItem {
    Packet(Packet),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseFrame>),
    EmptyFragment,
}

/// All items of a stream, and the error that ended it.
#[derive(Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) items: Vec<DecodedItem>,
    pub(super) end: Result<(), FrameError>,
}

/// How the decoder gets its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputMode {
    /// It copies them from the buffer of a read.
    Copied,
    /// Those of a large message are read into the message.
    Direct,
    /// As [`Self::Direct`], in two steps.
    DirectInPart,
}

impl Reading {
    pub(super) fn of<'a>(
        pieces: impl Iterator<Item = &'a [u8]>,
        sender: Sender,
        limits: MessageLimits,
        mode: InputMode,
    ) -> Self {
        let decoder = FrameDecoder::new(sender == Sender::Client, limits);
        let mut reader = Reader { decoder, limits, received: 0, items: Vec::new() };
        let mut end = Ok(());
        for piece in pieces {
            end = reader.take(piece, mode);
            if end.is_err() {
                break;
            }
        }
        Self { items: reader.items, end }
    }
}

struct Reader {
    decoder: FrameDecoder,
    limits: MessageLimits,
    /// The number of received bytes of the message or control frame in progress.
    received: usize,
    items: Vec<DecodedItem>,
}

impl Reader {
    fn take(&mut self, piece: &[u8], mode: InputMode) -> Result<(), FrameError> {
        let mut piece = if mode == InputMode::Copied { piece } else { self.read_directly(piece, mode)? };
        let mut last_header = None;
        loop {
            let before = piece.len();
            // As an open connection does, but not in each mode: both ways must have the same result.
            let whole = match mode {
                InputMode::Copied => None,
                _ => self.decoder.next_whole(&mut piece, &mut last_header)?,
            };
            let item = match whole {
                Some(message) => Some(Item::Packet(message.to_packet()?)),
                None => self.decoder.next(&mut piece)?,
            };
            self.received += before - piece.len();
            if !self.record(item) {
                assert!(piece.is_empty(), "{} bytes are left", piece.len());
                return Ok(());
            }
        }
    }

    /// Reads as much of a piece as possible into the message. Returns the rest.
    fn read_directly<'a>(&mut self, mut piece: &'a [u8], mode: InputMode) -> Result<&'a [u8], FrameError> {
        while let Some(room) = self.decoder.room(1, piece.len()) {
            let len = if mode == InputMode::Direct { room.len() } else { room.len().div_ceil(2) };
            let part;
            (part, piece) = piece.split_at(len);
            room[..len].copy_from_slice(part);
            let item = self.decoder.filled(len)?;
            self.received += len;
            self.record(item);
        }
        Ok(piece)
    }

    /// Checks and records an item. Returns `true` if there was one.
    fn record(&mut self, item: Option<Item>) -> bool {
        let bound = self.limits.message.min(self.received.saturating_mul(GROWTH));
        let held = self.decoder.memory_usage();
        assert!(held <= bound, "{held} bytes are held for {} received", self.received);
        if !self.decoder.is_within_message() {
            assert_eq!(held, 0, "memory is held without a message");
            self.received = 0;
        }
        let is_something = item.is_some();
        self.items.extend(item.map(|item| match item {
            Item::Packet(packet) => {
                assert!(packet.len() <= self.limits.message, "a packet over the limit: {}", packet.len());
                assert!(!packet.is_text() || std::str::from_utf8(&packet).is_ok(), "a text is not UTF-8");
                DecodedItem::Packet(packet)
            }
            Item::Ping => DecodedItem::Ping(self.decoder.control().to_vec()),
            Item::Pong => DecodedItem::Pong(self.decoder.control().to_vec()),
            Item::Close(frame) => DecodedItem::Close(frame),
            Item::EmptyFragment => DecodedItem::EmptyFragment,
        }));
        is_something
    }
}
