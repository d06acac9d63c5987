//! Encoded bytes for the socket: small frames gathered, large ones not copied.

use std::{
    collections::VecDeque,
    io::{self, IoSlice, Write},
};

use bytes::Bytes;

use super::super::stream::Stream;
use crate::shared_bytes::{CountedBytes, SharedBytes};

/// How many pieces one system call writes.
const PIECES: usize = 16;

/// The largest buffer that is kept for reuse, in bytes.
const MAX_SPARE: usize = 16 * 1024;

/// A queue of bytes in pieces.
#[derive(Debug)]
pub(super) struct WriteBuffer {
    /// `None` while the connection is quiet.
    pieces: Option<Box<Pieces>>,
    /// Counts the bytes that wait in several send queues, if there is more than one.
    shared_bytes: Option<SharedBytes>,
}

#[derive(Debug, Default)]
struct Pieces {
    pieces: VecDeque<Piece>,
    /// How many bytes of the first piece were sent.
    sent: usize,
    len: usize,
    /// How many of the bytes `SharedBytes` counts.
    shared_len: usize,
    /// A buffer to reuse.
    spare: Vec<u8>,
    /// The capacity of the next buffer, if the last one was too large to keep: its length, and some room.
    expected: usize,
}

#[derive(Debug)]
enum Piece {
    Gathered(Vec<u8>),
    Shared(CountedBytes),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Gathered(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl WriteBuffer {
    pub(super) fn new(shared_bytes: Option<SharedBytes>) -> Self {
        Self { pieces: None, shared_bytes }
    }

    /// Returns the number of bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.pieces.as_ref().map_or(0, |pieces| pieces.len)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.as_ref().is_none_or(|pieces| pieces.pieces.is_empty())
    }

    /// Returns how many of the bytes `SharedBytes` counts.
    pub(super) fn shared_len(&self) -> usize {
        self.pieces.as_ref().map_or(0, |pieces| pieces.shared_len)
    }

    /// Counts the shared bytes in another account, if they are counted.
    pub(super) fn set_shared_bytes(&mut self, shared_bytes: &SharedBytes) {
        for piece in self.pieces.iter_mut().flat_map(|pieces| &mut pieces.pieces) {
            if let Piece::Shared(bytes) = piece {
                bytes.move_to(shared_bytes);
            }
        }
        if let Some(own) = &mut self.shared_bytes {
            *own = shared_bytes.clone();
        }
    }

    /// Adds bytes to the count of shared bytes.
    pub(super) fn count(&self, bytes: Bytes) -> CountedBytes {
        CountedBytes::new(bytes, self.shared_bytes.as_ref())
    }

    /// Appends a copy of these bytes.
    pub(super) fn gather(&mut self, bytes: &[u8]) {
        self.gather_by(|gathered| {
            gathered.extend_from_slice(bytes);
            bytes.len()
        });
    }

    /// Lets `write` append bytes. It returns how many, and so does this.
    #[inline(always)]
    pub(super) fn gather_by(&mut self, write: impl FnOnce(&mut Vec<u8>) -> usize) -> usize {
        self.pieces.get_or_insert_default().gather_by(write)
    }

    /// Appends bytes without copying them.
    pub(super) fn share(&mut self, bytes: Bytes) {
        self.share_rest(bytes, 0);
    }

    /// Appends bytes without copying them, of which the first `sent` were sent already. Unless `sent` is 0, the buffer
    /// must be empty.
    pub(super) fn share_rest(&mut self, bytes: Bytes, sent: usize) {
        let bytes = self.count(bytes);
        self.pieces.get_or_insert_default().share_rest(bytes, sent);
    }

    /// Writes to the socket, and returns how many bytes it took.
    pub(super) fn write(&mut self, stream: &mut Stream) -> io::Result<usize> {
        match &mut self.pieces {
            Some(pieces) => pieces.write(stream),
            None => Ok(0),
        }
    }

    /// Drops all bytes.
    pub(super) fn clear(&mut self) {
        self.pieces = None;
    }

    /// Frees memory that is only kept for reuse.
    pub(super) fn shrink(&mut self) {
        match &mut self.pieces {
            Some(pieces) if !pieces.pieces.is_empty() => pieces.spare = Vec::new(),
            pieces => *pieces = None,
        }
    }
}

impl Pieces {
    #[inline(always)]
    fn gather_by(&mut self, write: impl FnOnce(&mut Vec<u8>) -> usize) -> usize {
        if !matches!(self.pieces.back(), Some(Piece::Gathered(_))) {
            let mut bytes = std::mem::take(&mut self.spare);
            bytes.reserve(self.expected);
            self.pieces.push_back(Piece::Gathered(bytes));
        }
        let written = match self.pieces.back_mut() {
            Some(Piece::Gathered(bytes)) => write(bytes),
            // There is one since the lines above.
            _ => 0,
        };
        self.len += written;
        written
    }

    fn share_rest(&mut self, bytes: CountedBytes, sent: usize) {
        debug_assert!(sent == 0 || self.pieces.is_empty());
        self.len += bytes.len() - sent;
        self.sent += sent;
        self.shared_len += bytes.counted_len();
        self.pieces.push_back(Piece::Shared(bytes));
    }

    fn write(&mut self, stream: &mut Stream) -> io::Result<usize> {
        let mut pieces = self.pieces.iter().map(Piece::bytes);
        let first = &pieces.next().unwrap_or_default()[self.sent..];
        let sent = if self.pieces.len() == 1 {
            stream.write(first)?
        } else {
            let mut slices = [IoSlice::new(&[]); PIECES];
            slices[0] = IoSlice::new(first);
            for (slice, piece) in slices[1..].iter_mut().zip(pieces) {
                *slice = IoSlice::new(piece);
            }
            stream.write_vectored(&slices[..self.pieces.len().min(PIECES)])?
        };
        if sent == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.advance(sent);
        Ok(sent)
    }

    fn advance(&mut self, mut sent: usize) {
        self.len -= sent;
        while let Some(first) = self.pieces.front() {
            let rest = first.bytes().len() - self.sent;
            if sent < rest {
                self.sent += sent;
                return;
            }
            sent -= rest;
            self.sent = 0;
            match self.pieces.pop_front() {
                Some(Piece::Gathered(bytes)) => self.keep(bytes),
                Some(Piece::Shared(bytes)) => self.shared_len -= bytes.counted_len(),
                None => {}
            }
        }
        if self.pieces.capacity() > PIECES {
            self.pieces = VecDeque::new();
        }
    }

    /// Keeps a buffer for reuse, if it is not too large.
    fn keep(&mut self, mut bytes: Vec<u8>) {
        self.expected = if bytes.capacity() > MAX_SPARE { bytes.len() + bytes.len() / 8 } else { 0 };
        if (self.spare.capacity()..=MAX_SPARE).contains(&bytes.capacity()) {
            bytes.clear();
            self.spare = bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gathers `count` pieces of 1 KiB, and sends them. Returns how often the buffer was moved.
    fn gather_and_send(pieces: &mut Pieces, count: usize) -> usize {
        let (mut moves, mut place) = (0, None);
        for _ in 0..count {
            pieces.gather_by(|bytes| {
                bytes.extend_from_slice(&[7; 1024]);
                moves +=
                    usize::from(place.replace(bytes.as_ptr()).is_some_and(|place| place != bytes.as_ptr()));
                1024
            });
        }
        assert_eq!(pieces.len, count * 1024);
        pieces.advance(count * 1024);
        moves
    }

    #[test]
    fn a_large_buffer_is_not_kept_but_the_next_one_has_its_size() {
        let mut pieces = Pieces::default();
        gather_and_send(&mut pieces, 40);
        assert_eq!(pieces.spare.capacity(), 0);
        assert_eq!(gather_and_send(&mut pieces, 40), 0);
        assert_eq!(gather_and_send(&mut pieces, 44), 0, "a little longer");
        assert_eq!(pieces.spare.capacity(), 0);
        // Once there is less to send, a small buffer is kept.
        gather_and_send(&mut pieces, 1);
        gather_and_send(&mut pieces, 1);
        assert!((1..=MAX_SPARE).contains(&pieces.spare.capacity()));
    }
}
