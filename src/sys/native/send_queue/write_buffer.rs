//! Encoded bytes on their way to the socket: small frames gathered, large ones sent from where they are.

use std::{
    collections::VecDeque,
    io::{self, IoSlice, Write},
};

use bytes::Bytes;

use super::super::stream::Stream;
use crate::shared_bytes::{CountedBytes, SharedBytes};

/// How many pieces one system call takes.
const PIECES: usize = 16;

/// How much memory is kept for the next gathering.
const KEPT: usize = 16 * 1024;

/// A queue of bytes in pieces.
#[derive(Debug)]
pub(super) struct WriteBuffer {
    pieces: VecDeque<Piece>,
    /// How much of the first piece has left.
    sent: usize,
    len: usize,
    /// How many of the bytes `SharedBytes` counts.
    shared: usize,
    /// Memory for the next gathering.
    spare: Vec<u8>,
    /// Counts what waits here and elsewhere.
    shared_bytes: Option<SharedBytes>,
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
        Self { pieces: VecDeque::new(), sent: 0, len: 0, shared: 0, spare: Vec::new(), shared_bytes }
    }

    /// Returns how many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Returns how many of the bytes `SharedBytes` counts.
    pub(super) fn shared(&self) -> usize {
        self.shared
    }

    /// Enters bytes that are to wait into `SharedBytes`.
    pub(super) fn hold(&self, bytes: Bytes) -> CountedBytes {
        CountedBytes::new(bytes, self.shared_bytes.as_ref())
    }

    /// Adds a copy of these bytes.
    pub(super) fn gather(&mut self, bytes: &[u8]) {
        self.gather_by(|gathered| {
            gathered.extend_from_slice(bytes);
            bytes.len()
        });
    }

    /// Adds what `write` appends, and returns the length of that, as `write` does.
    pub(super) fn gather_by(&mut self, write: impl FnOnce(&mut Vec<u8>) -> usize) -> usize {
        if !matches!(self.pieces.back(), Some(Piece::Gathered(_))) {
            self.pieces.push_back(Piece::Gathered(std::mem::take(&mut self.spare)));
        }
        let written = match self.pieces.back_mut() {
            Some(Piece::Gathered(bytes)) => write(bytes),
            // It was made sure above that there is one.
            _ => 0,
        };
        self.len += written;
        written
    }

    /// Adds bytes that stay where they are.
    pub(super) fn share(&mut self, bytes: Bytes) {
        let bytes = self.hold(bytes);
        self.len += bytes.len();
        self.shared += bytes.counted_len();
        self.pieces.push_back(Piece::Shared(bytes));
    }

    /// Adds bytes that stay where they are, the first `sent` of which have left already. Unless that is 0, nothing else may
    /// wait.
    pub(super) fn share_rest(&mut self, bytes: Bytes, sent: usize) {
        debug_assert!(sent == 0 || self.pieces.is_empty());
        self.share(bytes);
        self.sent += sent;
        self.len -= sent;
    }

    /// Hands bytes to the socket, and returns how many it took.
    pub(super) fn write(&mut self, stream: &mut Stream) -> io::Result<usize> {
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

    /// Drops all of it.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.sent = 0;
        self.len = 0;
        self.shared = 0;
    }

    /// Gives back the memory that is only kept for the next time.
    pub(super) fn shrink(&mut self) {
        self.spare = Vec::new();
        if self.pieces.is_empty() {
            self.pieces = VecDeque::new();
        }
    }

    fn advance(&mut self, mut sent: usize) {
        self.len -= sent;
        while let Some(first) = self.pieces.front() {
            let left = first.bytes().len() - self.sent;
            if sent < left {
                self.sent += sent;
                return;
            }
            sent -= left;
            self.sent = 0;
            match self.pieces.pop_front() {
                Some(Piece::Gathered(mut bytes))
                    if (self.spare.capacity()..=KEPT).contains(&bytes.capacity()) =>
                {
                    bytes.clear();
                    self.spare = bytes;
                }
                Some(Piece::Shared(bytes)) => self.shared -= bytes.counted_len(),
                Some(Piece::Gathered(_)) | None => {}
            }
        }
        if self.pieces.capacity() > PIECES {
            self.pieces = VecDeque::new();
        }
    }
}
