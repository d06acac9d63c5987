//! One client: a raw socket that sends what it was granted of its ring, and compares every byte that comes.

use std::{
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    rc::Rc,
};

use anyhow::{Context, Result, bail, ensure};
use mio::{Interest, Registry, Token, net::TcpStream};

use crate::{handshake, ring::Ring};

/// One connection to the server.
pub struct Connection {
    stream: TcpStream,
    ring: Rc<Ring>,
    /// What is left to be sent before frames: the request, or answers to pings.
    first: Vec<u8>,
    /// What has come of the server's answer; `None` once it was complete.
    head: Option<Vec<u8>>,
    /// What has come before the ring's messages, and how long it will be.
    prelude: Vec<u8>,
    prelude_len: usize,
    /// What has come of a control frame.
    control: Vec<u8>,
    /// Places in the ring: what was sent, what may be sent, what came back.
    sent: u64,
    granted: u64,
    received: u64,
}

impl Connection {
    /// Begins to connect.
    ///
    /// # Errors
    /// The system has no socket left.
    pub fn begin(addr: SocketAddr, registry: &Registry, token: Token, ring: Rc<Ring>) -> Result<Self> {
        let mut stream = TcpStream::connect(addr).context("cannot connect")?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self {
            stream,
            ring,
            first: handshake::request(addr),
            head: Some(Vec::new()),
            prelude: Vec::new(),
            prelude_len: 0,
            control: Vec::new(),
            sent: 0,
            granted: 0,
            received: 0,
        })
    }

    /// Whether the handshake is over.
    pub fn is_open(&self) -> bool {
        self.head.is_none()
    }

    /// Lets so many bytes come before the next message of the ring: the server has something to say first.
    pub fn expect_prelude(&mut self, len: usize) {
        self.prelude.clear();
        self.prelude_len = len;
    }

    /// What the server has said first, once it has said all of it.
    pub fn prelude(&self) -> Option<&[u8]> {
        (self.prelude.len() == self.prelude_len).then_some(&*self.prelude)
    }

    /// Gives it other messages. Of the last ones everything has come that was to come.
    pub fn play(&mut self, ring: Rc<Ring>) {
        self.ring = ring;
        (self.sent, self.granted, self.received) = (0, 0, 0);
    }

    /// Lets it send so many more messages.
    pub fn grant(&mut self, messages: u64) {
        self.granted += self.ring.outgoing(messages);
    }

    /// Sends as much as the kernel takes of what was granted.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn write(&mut self) -> Result<()> {
        while !self.first.is_empty() && self.ring.is_between_frames(self.sent) {
            let Some(written) = unless_blocked(self.stream.write(&self.first))? else { return Ok(()) };
            self.first.drain(..written);
        }
        while self.is_open() && self.sent < self.granted {
            let rest = self.ring.to_send(self.sent, self.granted);
            let Some(written) = unless_blocked(self.stream.write(rest))? else { return Ok(()) };
            self.sent += written as u64;
        }
        Ok(())
    }

    /// Reads all that is there, and tells how many messages have become complete by it.
    ///
    /// # Errors
    /// The connection is lost, or not what was sent came back.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<u64> {
        let before = self.ring.messages(self.received);
        while let Some(len) = unless_blocked(self.stream.read(buffer))? {
            ensure!(len > 0, "the server closed a connection");
            self.take(&buffer[..len])?;
            // Less than was asked for: there was no more, and of more there will be an event.
            if len < buffer.len() {
                break;
            }
        }
        Ok(self.ring.messages(self.received) - before)
    }

    /// To be called when the socket first becomes writable.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn check_connected(&self) -> Result<()> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error).context("cannot connect");
        }
        self.stream.set_nodelay(true)?;
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(head) = &mut self.head {
            head.extend(bytes);
            let Some(end) = handshake::answered(head)? else { return Ok(()) };
            let rest = head.split_off(end);
            self.head = None;
            return self.take(&rest);
        }
        let (prelude, bytes) = bytes.split_at(bytes.len().min(self.prelude_len - self.prelude.len()));
        self.prelude.extend(prelude);
        // Nearly always there are messages and nothing else.
        if self.control.is_empty() && self.ring.expects(self.received, bytes) {
            self.received += bytes.len() as u64;
            return Ok(());
        }
        self.take_slowly(bytes)
    }

    /// Frame by frame, for there may be a ping between them.
    fn take_slowly(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some((&first, others)) = bytes.split_first() {
            let missing = self.ring.missing(self.received);
            if !self.control.is_empty() || (missing == 0 && first & 0x08 != 0) {
                self.control.push(first);
                self.answer_control()?;
                bytes = others;
                continue;
            }
            let missing = if missing == 0 { self.ring.echo() } else { missing };
            ensure!(missing > 0, "a message came, and none was to come");
            let (piece, rest) = bytes.split_at(bytes.len().min(missing as usize));
            ensure!(self.ring.expects(self.received, piece), "what came back is not what was sent");
            self.received += piece.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// Once a control frame is complete, answers it. A server may want to know whether an idle client is there.
    fn answer_control(&mut self) -> Result<()> {
        let [head, len, payload @ ..] = &*self.control else { return Ok(()) };
        if payload.len() < usize::from(*len) {
            return Ok(());
        }
        if *head != 0x89 {
            bail!("the server sent a control frame that is no ping: {:02x?}", self.control);
        }
        // Under a key of zeros the payload stays as it is.
        self.first.extend([0x8a, 0x80 | len, 0, 0, 0, 0]);
        self.first.extend(payload);
        self.control.clear();
        Ok(())
    }
}

fn unless_blocked(done: std::io::Result<usize>) -> Result<Option<usize>> {
    match done {
        Ok(len) => Ok(Some(len)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => Ok(None),
        Err(error) => Err(error).context("a connection is lost"),
    }
}
