//! What our decoder reads in a stream, and what it holds meanwhile.

use tungstenite::protocol::CloseFrame;

use super::{
    super::super::frames::{FrameDecoder, FrameError, Item, MessageLimits},
    End,
};
use crate::packet::Packet;

/// The memory of a message is at most this many times what has come of it: what is to come is set aside when it is no more than
/// 64 times as much.
const GROWTH: usize = 65;

/// An [`Item`] with its payload.
#[derive(Debug, PartialEq)]
pub(super) enum Seen {
    Packet(Packet),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseFrame>),
    EmptyFragment,
}

/// Everything that was seen, and the breach that ended it.
#[derive(Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) seen: Vec<Seen>,
    pub(super) end: Result<(), FrameError>,
}

/// How bytes come to the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It looks at them where they are.
    Copied,
    /// Those of a large message are put into their place.
    Direct,
    /// In two steps.
    DirectInPart,
}

impl Reading {
    pub(super) fn of<'a>(
        pieces: impl Iterator<Item = &'a [u8]>,
        sender: End,
        limits: MessageLimits,
        way: Way,
    ) -> Self {
        let decoder = FrameDecoder::new(sender == End::Client, limits);
        let mut reader = Reader { decoder, limits, come: 0, seen: Vec::new() };
        let mut end = Ok(());
        for piece in pieces {
            end = reader.take(piece, way);
            if end.is_err() {
                break;
            }
        }
        Self { seen: reader.seen, end }
    }
}

struct Reader {
    decoder: FrameDecoder,
    limits: MessageLimits,
    /// How many bytes have come of what is under way.
    come: usize,
    seen: Vec<Seen>,
}

impl Reader {
    fn take(&mut self, piece: &[u8], way: Way) -> Result<(), FrameError> {
        let mut piece = if way == Way::Copied { piece } else { self.put_into_place(piece, way)? };
        loop {
            let before = piece.len();
            let item = self.decoder.next(&mut piece)?;
            self.come += before - piece.len();
            if !self.note(item) {
                assert!(piece.is_empty(), "{} bytes are left lying", piece.len());
                return Ok(());
            }
        }
    }

    /// As much of a piece as has its place; gives the rest.
    fn put_into_place<'a>(&mut self, mut piece: &'a [u8], way: Way) -> Result<&'a [u8], FrameError> {
        while let Some(room) = self.decoder.room(1, piece.len()) {
            let len = if way == Way::Direct { room.len() } else { room.len().div_ceil(2) };
            let part;
            (part, piece) = piece.split_at(len);
            room[..len].copy_from_slice(part);
            let item = self.decoder.filled(len)?;
            self.come += len;
            self.note(item);
        }
        Ok(piece)
    }

    /// Whether there was something.
    fn note(&mut self, item: Option<Item>) -> bool {
        let bound = self.limits.message.min(self.come.saturating_mul(GROWTH));
        let held = self.decoder.memory_usage();
        assert!(held <= bound, "{held} bytes are held after {} that came", self.come);
        if !self.decoder.is_within_message() {
            assert_eq!(held, 0, "memory is held for no message");
            self.come = 0;
        }
        let is_something = item.is_some();
        self.seen.extend(item.map(|item| match item {
            Item::Packet(packet) => {
                assert!(packet.len() <= self.limits.message, "a packet over the limit: {}", packet.len());
                assert!(!packet.is_text() || std::str::from_utf8(&packet).is_ok(), "a text that is none");
                Seen::Packet(packet)
            }
            Item::Ping => Seen::Ping(self.decoder.control().to_vec()),
            Item::Pong => Seen::Pong(self.decoder.control().to_vec()),
            Item::Close(frame) => Seen::Close(frame),
            Item::EmptyFragment => Seen::EmptyFragment,
        }));
        is_something
    }
}
