//! One client: a raw socket that sends the granted part of its ring and compares every byte that it receives.

use std::{io::ErrorKind, net::SocketAddr, rc::Rc, sync::Arc};

use anyhow::{Context, Result, bail, ensure};
use mio::{Registry, Token};
use rustls::ClientConfig;

use crate::{handshake, ring::Ring, transport::Transport};

/// One connection to the server.
pub struct Connection {
    transport: Transport,
    ring: Rc<Ring>,
    /// Bytes to send before the next frame: the request, or answers to pings.
    first: Vec<u8>,
    /// The received part of the server's response; `None` once it is complete.
    head: Option<Vec<u8>>,
    /// The received part of the bytes before the ring's messages, and their expected number.
    prelude: Vec<u8>,
    prelude_len: usize,
    /// The received part of a control frame.
    control: Vec<u8>,
    /// Positions in the ring: sent, allowed to send, received.
    sent: u64,
    granted: u64,
    received: u64,
}

impl Connection {
    /// Starts connecting.
    ///
    /// # Errors
    /// The system has no socket left.
    pub fn begin(
        addr: SocketAddr,
        registry: &Registry,
        token: Token,
        ring: Rc<Ring>,
        tls: Option<Arc<ClientConfig>>,
    ) -> Result<Self> {
        Ok(Self {
            transport: Transport::connect(addr, registry, token, tls).context("cannot connect")?,
            ring,
            first: handshake::request(addr, "/"),
            head: Some(Vec::new()),
            prelude: Vec::new(),
            prelude_len: 0,
            control: Vec::new(),
            sent: 0,
            granted: 0,
            received: 0,
        })
    }

    /// Returns `true` after the handshake.
    pub fn is_open(&self) -> bool {
        self.head.is_none()
    }

    /// Expects `len` bytes from the server before the next message of the ring.
    pub fn expect_prelude(&mut self, len: usize) {
        self.prelude.clear();
        self.prelude_len = len;
    }

    /// Returns the bytes before the ring's messages, once all have arrived.
    pub fn prelude(&self) -> Option<&[u8]> {
        (self.prelude.len() == self.prelude_len).then_some(&*self.prelude)
    }

    /// Replaces the messages. All expected messages of the last ring must have arrived.
    pub fn set_ring(&mut self, ring: Rc<Ring>) {
        self.ring = ring;
        (self.sent, self.granted, self.received) = (0, 0, 0);
    }

    /// Allows the client to send more messages.
    pub fn grant(&mut self, messages: u64) {
        self.granted += self.ring.outgoing(messages);
    }

    /// Sends as much of the granted messages as the kernel takes.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn write(&mut self) -> Result<()> {
        self.transport.flush().context("a connection is lost")?;
        while !self.first.is_empty() && self.ring.is_between_frames(self.sent) {
            let Some(written) = unless_blocked(self.transport.write(&self.first))? else { return Ok(()) };
            self.first.drain(..written);
        }
        while self.is_open() && self.sent < self.granted {
            let rest = self.ring.to_send(self.sent, self.granted);
            let Some(written) = unless_blocked(self.transport.write(rest))? else { return Ok(()) };
            self.sent += written as u64;
        }
        Ok(())
    }

    /// Reads all available bytes. Returns the number of messages that they complete.
    ///
    /// # Errors
    /// The connection is lost, or a received byte is wrong.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<u64> {
        let before = self.ring.messages(self.received);
        while let Some(len) = unless_blocked(self.transport.read(buffer))? {
            ensure!(len > 0, "the server closed a connection");
            self.take(&buffer[..len])?;
            // A short read has emptied the socket. More data causes another event.
            if len < buffer.len() && self.transport.ends_with_short_read() {
                break;
            }
        }
        Ok(self.ring.messages(self.received) - before)
    }

    /// Checks the connection when the socket first becomes writable.
    ///
    /// # Errors
    /// The connection was refused.
    pub fn check_connected(&self) -> Result<()> {
        if let Some(error) = self.transport.socket().take_error()? {
            return Err(error).context("cannot connect");
        }
        self.transport.socket().set_nodelay(true)?;
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(head) = &mut self.head {
            head.extend(bytes);
            let Some(end) = handshake::response_len(head)? else { return Ok(()) };
            let rest = head.split_off(end);
            self.head = None;
            return self.take(&rest);
        }
        let (prelude, bytes) = bytes.split_at(bytes.len().min(self.prelude_len - self.prelude.len()));
        self.prelude.extend(prelude);
        // Almost all reads have only messages.
        if self.control.is_empty() && self.ring.expects(self.received, bytes) {
            self.received += bytes.len() as u64;
            return Ok(());
        }
        self.take_frames(bytes)
    }

    /// Checks frame by frame, because there may be a ping between messages.
    fn take_frames(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some((&first, others)) = bytes.split_first() {
            let missing = self.ring.missing(self.received);
            if !self.control.is_empty() || (missing == 0 && first & 0x08 != 0) {
                self.control.push(first);
                self.answer_control()?;
                bytes = others;
                continue;
            }
            let missing = if missing == 0 { self.ring.incoming_frame() } else { missing };
            ensure!(missing > 0, "an unexpected message arrived");
            let (piece, rest) = bytes.split_at(bytes.len().min(missing as usize));
            ensure!(
                self.ring.expects(self.received, piece),
                "a received message differs from the expected one"
            );
            self.received += piece.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// Answers a ping once it is complete. Servers ping idle clients.
    fn answer_control(&mut self) -> Result<()> {
        let [head, len, payload @ ..] = &*self.control else { return Ok(()) };
        if payload.len() < usize::from(*len) {
            return Ok(());
        }
        if *head != 0x89 {
            bail!("the server sent a control frame that is not a ping: {:02x?}", self.control);
        }
        // A masking key of zeros leaves the payload unchanged.
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
