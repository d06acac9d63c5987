//! Between the socket and tungstenite: reads ahead, counts, and says when to stop.
//!
//! An idle connection must cost one system call and nothing else, but tungstenite clears its whole read buffer before
//! each read. So the first read of a poll goes into a small buffer here, and tungstenite is asked only if something came.

use std::io::{self, Read, Write};

use super::stream::Stream;

/// The first read of a poll. Most polls find less than this.
const AHEAD: usize = 4 * 1024;

/// How many bytes one poll reads. Whoever sends without pause must not keep the caller from its frame.
const BUDGET: usize = 4 * 1024 * 1024;

/// A stream as tungstenite sees it.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    ahead: Box<[u8]>,
    start: usize,
    end: usize,
    /// Whether the socket may hold more than was read.
    more: bool,
    budget: usize,
    writing: Writing,
    written: usize,
}

/// What becomes of bytes to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// The socket takes them.
    Open,
    /// They wait: the socket has refused some in this poll, and is not asked again before the next; or frames are being
    /// read, and the answers to them are to leave together.
    Held,
    /// They are dropped: the connection is broken. Reading goes on, for what the other end said last, and finds the
    /// break by itself.
    Broken,
}

/// What the first read of a poll found.
pub(super) enum Found {
    Nothing,
    Something,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        let ahead = vec![0; AHEAD].into_boxed_slice();
        Self {
            stream,
            ahead,
            start: 0,
            end: 0,
            more: true,
            budget: BUDGET,
            writing: Writing::Open,
            written: 0,
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    /// Begins a poll.
    pub(super) fn begin(&mut self) {
        self.budget = BUDGET;
        self.more = true;
        self.release();
    }

    /// Lets bytes wait until [`release`](Self::release). Tells whether they would not have to wait otherwise.
    pub(super) fn hold(&mut self) -> bool {
        let was_open = self.writing == Writing::Open;
        if was_open {
            self.writing = Writing::Held;
        }
        was_open
    }

    /// Lets bytes go to the socket again.
    pub(super) fn release(&mut self) {
        if self.writing == Writing::Held {
            self.writing = Writing::Open;
        }
    }

    /// Whether bytes can no longer be written.
    pub(super) fn is_broken(&self) -> bool {
        self.writing == Writing::Broken
    }

    /// The one look at the socket that every poll takes, unless frames wait in tungstenite's buffer.
    pub(super) fn look(&mut self) -> io::Result<Found> {
        if self.start < self.end {
            return Ok(Found::Something);
        }
        match self.stream.read(&mut self.ahead) {
            // Left for tungstenite to meet: it knows whether the end was due.
            Ok(0) => Ok(Found::Something),
            Ok(read) => {
                self.note(read, AHEAD);
                (self.start, self.end) = (0, read);
                Ok(Found::Something)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Found::Nothing),
            Err(error) => Err(error),
        }
    }

    /// The bytes written since the last call.
    pub(super) fn take_written(&mut self) -> usize {
        std::mem::take(&mut self.written)
    }

    /// Writes, if the time is right; where it fails for good, `dropped` is the answer from then on.
    fn write_if_open<T>(
        &mut self,
        dropped: T,
        write: impl FnOnce(&mut Stream) -> io::Result<T>,
    ) -> io::Result<T> {
        match self.writing {
            Writing::Held => Err(io::ErrorKind::WouldBlock.into()),
            Writing::Broken => Ok(dropped),
            Writing::Open => match write(&mut self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.writing = Writing::Held;
                    Err(error)
                }
                Err(_) => {
                    self.writing = Writing::Broken;
                    Ok(dropped)
                }
                Ok(done) => Ok(done),
            },
        }
    }

    fn note(&mut self, read: usize, room: usize) {
        self.budget = self.budget.saturating_sub(read);
        self.more = self.stream.may_have_more(read, room);
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start < self.end {
            let copied = buffer.len().min(self.end - self.start);
            buffer[..copied].copy_from_slice(&self.ahead[self.start..self.start + copied]);
            self.start += copied;
            return Ok(copied);
        }
        if !self.more || self.budget == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = self.stream.read(buffer)?;
        self.note(read, buffer.len());
        Ok(read)
    }
}

impl Write for Wire {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.write_if_open(data.len(), |stream| stream.write(data))?;
        self.written += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_if_open((), Write::flush)
    }
}
