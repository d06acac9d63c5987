//! The end of a TCP connection whose WebSocket connection is over: the last frames go out, the other end's last bytes are
//! read and dropped.
//!
//! A socket that is closed while unread bytes wait in it sends a reset, and a reset destroys what the other end has not
//! read yet: the close frame that tells it why. So the end is given the time of `close_timeout`, for as long as the
//! caller polls.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use super::{opening::Opening, outbound::Outbound, stream::Stream};
use crate::outbox::Outbox;

/// How much is read and dropped in a poll.
const BUDGET: usize = 256 * 1024;

/// A connection on its way out.
#[derive(Debug)]
pub(super) struct Linger {
    stream: Stream,
    last: Last,
    until: Duration,
    shut: bool,
}

/// What is still to be sent.
#[derive(Debug)]
enum Last {
    Frames(Box<Outbound>),
    Bytes(Vec<u8>),
}

/// Whether it is over.
#[derive(Debug)]
pub(super) enum Lingering {
    Goes,
    /// It goes on, and there is more to do at once.
    More,
    Over,
}

impl Linger {
    pub(super) fn after_frames(stream: Stream, frames: Outbound, until: Duration) -> Self {
        Self { stream, last: Last::Frames(Box::new(frames)), until, shut: false }
    }

    /// A handshake that failed; a server has an answer to deliver.
    pub(super) fn after_refusal(opening: Opening, until: Duration) -> Self {
        let (stream, answer) = opening.into_parts();
        Self { stream, last: Last::Bytes(answer), until, shut: false }
    }

    pub(super) fn until(&self) -> Duration {
        self.until
    }

    /// The memory that the last words take: whoever has said goodbye, and reads no more, still has the server hold them.
    pub(super) fn held(&self) -> usize {
        match &self.last {
            Last::Frames(frames) => frames.held(),
            Last::Bytes(bytes) => bytes.capacity(),
        }
    }

    pub(super) fn poll(&mut self, now: Duration) -> Lingering {
        if now >= self.until {
            return Lingering::Over;
        }
        if !self.shut {
            match self.send() {
                Ok(()) => {
                    self.stream.shutdown_write();
                    self.shut = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Lingering::Over,
            }
        }
        self.drain()
    }

    fn send(&mut self) -> io::Result<()> {
        match &mut self.last {
            Last::Frames(frames) => {
                frames.unblock();
                // Nobody counts any more what leaves.
                frames.flush(&mut self.stream, &mut Outbox::default());
                match frames.is_empty() {
                    _ if frames.is_broken() => Err(io::ErrorKind::BrokenPipe.into()),
                    true => self.stream.flush(),
                    false => Err(io::ErrorKind::WouldBlock.into()),
                }
            }
            Last::Bytes(bytes) => {
                while !bytes.is_empty() {
                    let sent = self.stream.write(bytes)?;
                    bytes.drain(..sent);
                }
                self.stream.flush()
            }
        }
    }

    fn drain(&mut self) -> Lingering {
        let mut dropped = 0;
        let mut buffer = [0; 4096];
        while dropped < BUDGET {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Lingering::Over,
                Ok(read) => dropped += read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Lingering::Goes,
                Err(_) => return Lingering::Over,
            }
        }
        Lingering::More
    }
}
