//! The end of a TCP connection whose WebSocket connection is over: the unsent frames go out, the other end's unsent bytes are
//! read and dropped.
//!
//! A socket that is closed while unread bytes wait in it sends a reset, and a reset destroys what the other end has not
//! read yet: the close frame that tells it why. So the end is given the time of `close_timeout`, for as long as the
//! caller polls, and a number of bytes: a socket that is never found empty is closed all the same.

use std::{
    io::{self, Write},
    time::Duration,
};

use super::{
    notify::Wants, opening::Opening, poll_context::PollContext, send_queue::SendQueue, stream::Stream,
};
use crate::send_accounting::SendAccounting;

/// How many bytes are read and dropped in a turn,
const READ_PER_POLL: usize = 64 * 1024;
/// and in all.
const READ_LIMIT: usize = 4 * 1024 * 1024;

/// A connection on its way out.
#[derive(Debug)]
pub(super) struct Linger {
    stream: Stream,
    unsent: Unsent,
    until: Duration,
    shut: bool,
    /// How many bytes may still be dropped.
    left: usize,
}

/// What is still to be sent.
#[derive(Debug)]
enum Unsent {
    Frames(Box<SendQueue>),
    Bytes(Vec<u8>),
}

/// Whether it is over.
#[derive(Debug)]
pub(super) enum LingerStatus {
    Pending,
    /// It goes on, and there is more to do at once.
    More,
    Done,
}

impl Linger {
    pub(super) fn after_frames(stream: Stream, frames: SendQueue, until: Duration) -> Self {
        Self { stream, unsent: Unsent::Frames(Box::new(frames)), until, shut: false, left: READ_LIMIT }
    }

    /// A handshake that failed; a server has an answer to deliver.
    pub(super) fn after_refusal(opening: Opening, until: Duration) -> Self {
        let (stream, answer) = opening.into_parts();
        Self { stream, unsent: Unsent::Bytes(answer), until, shut: false, left: READ_LIMIT }
    }

    pub(super) fn until(&self) -> Duration {
        self.until
    }

    /// Returns what has to happen before a poll can move it on.
    pub(super) fn wants(&self) -> Wants {
        Wants { read: true, write: !self.shut, ..Wants::default() }
    }

    pub(super) fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// The memory that the unsent words take: whoever has said goodbye, and reads no more, still has the server hold them.
    pub(super) fn held(&self) -> usize {
        match &self.unsent {
            Unsent::Frames(frames) => frames.held(),
            Unsent::Bytes(bytes) => bytes.capacity(),
        }
    }

    /// Returns how many of them `SharedBytes` counts.
    pub(super) fn shared(&self) -> usize {
        match &self.unsent {
            Unsent::Frames(frames) => frames.shared(),
            Unsent::Bytes(_) => 0,
        }
    }

    pub(super) fn poll(&mut self, turn: &mut PollContext<'_>) -> LingerStatus {
        if turn.now >= self.until {
            return LingerStatus::Done;
        }
        if !self.shut {
            match self.send() {
                Ok(()) => {
                    self.stream.shutdown_write();
                    self.shut = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return LingerStatus::Done,
            }
        }
        self.drain(turn)
    }

    fn send(&mut self) -> io::Result<()> {
        match &mut self.unsent {
            Unsent::Frames(frames) => {
                frames.unblock();
                // Nobody counts any more what leaves.
                frames.flush(&mut self.stream, &mut SendAccounting::default());
                match frames.is_empty() {
                    _ if frames.is_broken() => Err(io::ErrorKind::BrokenPipe.into()),
                    true => self.stream.flush(),
                    false => Err(io::ErrorKind::WouldBlock.into()),
                }
            }
            Unsent::Bytes(bytes) => {
                while !bytes.is_empty() {
                    let sent = self.stream.write(bytes)?;
                    bytes.drain(..sent);
                }
                // Only the end of TCP is waited for: that needs no memory.
                *bytes = Vec::new();
                self.stream.flush()
            }
        }
    }

    fn drain(&mut self, turn: &mut PollContext<'_>) -> LingerStatus {
        let end = turn.read + READ_PER_POLL.min(turn.budget.read);
        while turn.read < end {
            match self.stream.discard(turn.scratch) {
                Ok(0) => return LingerStatus::Done,
                Ok(read) => {
                    turn.read += read;
                    self.left = self.left.saturating_sub(read);
                    if self.left == 0 {
                        return LingerStatus::Done;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return LingerStatus::Pending,
                Err(_) => return LingerStatus::Done,
            }
        }
        LingerStatus::More
    }
}
