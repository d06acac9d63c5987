//! The end of a TCP connection after the end of its WebSocket connection: the last frames are sent, and the other end's
//! last bytes are read and dropped.
//!
//! If a socket is closed while it holds unread bytes, the system sends a reset. A reset destroys data that the other
//! end has not read yet, such as the close frame with the reason. So the socket stays open until the other end closes
//! it, at most for `close_timeout` and for a number of bytes, and only as long as the caller polls.

use std::{
    io::{self, Write},
    time::Duration,
};

use super::{
    notify::Wants, opening::Opening, poll_context::PollContext, send_queue::SendQueue, stream::Stream,
};
use crate::{send_accounting::SendAccounting, shared_bytes::SharedBytes};

/// The number of bytes that a poll reads and drops.
const READ_PER_POLL: usize = 64 * 1024;
/// The number of bytes that are read and dropped in all.
const READ_LIMIT: usize = 4 * 1024 * 1024;

/// A closed connection whose TCP connection has not ended.
#[derive(Debug)]
pub(super) struct Linger {
    stream: Stream,
    unsent: Unsent,
    until: Duration,
    shut: bool,
    /// The number of bytes that may still be dropped.
    left: usize,
}

/// Data that is still to be sent.
#[derive(Debug)]
enum Unsent {
    Frames(Box<SendQueue>),
    Bytes(Vec<u8>),
}

/// The result of a poll.
#[derive(Debug)]
pub(super) enum LingerStatus {
    /// Nothing can be done before the next event.
    Pending,
    /// There is more to do at once.
    More,
    /// The TCP connection can be closed.
    Done,
}

impl Linger {
    pub(super) fn after_frames(stream: Stream, frames: SendQueue, until: Duration) -> Self {
        Self { stream, unsent: Unsent::Frames(Box::new(frames)), until, shut: false, left: READ_LIMIT }
    }

    /// Follows a handshake that failed. A server has a response to deliver.
    pub(super) fn after_rejection(opening: Opening, until: Duration) -> Self {
        let (stream, answer) = opening.into_parts();
        Self { stream, unsent: Unsent::Bytes(answer), until, shut: false, left: READ_LIMIT }
    }

    pub(super) fn until(&self) -> Duration {
        self.until
    }

    /// Returns the events after which a poll can do something.
    pub(super) fn wants(&self) -> Wants {
        Wants { read: true, write: !self.shut, ..Wants::default() }
    }

    pub(super) fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Returns the memory of the unsent data, in bytes. A peer that has closed, and reads no more, makes the server
    /// hold it.
    pub(super) fn memory_usage(&self) -> usize {
        match &self.unsent {
            Unsent::Frames(frames) => frames.memory_usage(),
            Unsent::Bytes(bytes) => bytes.capacity(),
        }
    }

    /// Returns how many of these bytes `SharedBytes` counts.
    pub(super) fn shared(&self) -> usize {
        match &self.unsent {
            Unsent::Frames(frames) => frames.shared_len(),
            Unsent::Bytes(_) => 0,
        }
    }

    /// Counts the bytes that may wait in several send queues in another account.
    pub(super) fn set_shared_bytes(&mut self, shared_bytes: &SharedBytes) {
        if let Unsent::Frames(frames) = &mut self.unsent {
            frames.set_shared_bytes(shared_bytes);
        }
    }

    pub(super) fn poll(&mut self, context: &mut PollContext<'_>) -> LingerStatus {
        if context.now >= self.until {
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
        self.drain(context)
    }

    fn send(&mut self) -> io::Result<()> {
        match &mut self.unsent {
            Unsent::Frames(frames) => {
                frames.unblock();
                // The bytes of a closed connection are not counted.
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
                // To wait for the end of TCP needs no memory.
                *bytes = Vec::new();
                self.stream.flush()
            }
        }
    }

    fn drain(&mut self, context: &mut PollContext<'_>) -> LingerStatus {
        let end = context.read + READ_PER_POLL.min(context.budget.read);
        while context.read < end {
            match self.stream.discard(context.scratch) {
                Ok(0) => return LingerStatus::Done,
                Ok(read) => {
                    context.read += read;
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
