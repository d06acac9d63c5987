//! A TLS session over a non-blocking socket, moved step by step.
//!
//! rustls offers `complete_io`, a loop that an attacker could once keep spinning (RUSTSEC-2024-0336). Here each call
//! reads a bounded number of times, and looks at what came after each.

use std::io::{self, IoSlice, Read, Write};

use mio::net::TcpStream;
use rustls::Connection;

use super::errors;
use crate::close::TlsFailure;

/// How many encrypted bytes may wait inside the session before it takes no more.
const BUFFER: usize = 64 * 1024;

/// How often a call reads from the socket without finding data in what came: records without content cost their
/// sender nothing.
const MAX_READS: usize = 16;

/// A socket and the TLS state machine over it. Handshake and data look alike from outside.
#[derive(Debug)]
pub(in super::super) struct TlsStream {
    tcp: TcpStream,
    tls: Connection,
    /// How many bytes the socket has given that are not counted yet.
    received: usize,
    /// `true` if the socket had no bytes when it was last read.
    is_empty: bool,
}

impl TlsStream {
    pub(super) fn new(tcp: TcpStream, mut tls: Connection) -> Self {
        tls.set_buffer_limit(Some(BUFFER));
        Self { tcp, tls, received: 0, is_empty: true }
    }

    pub(in super::super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    pub(in super::super) fn tcp_mut(&mut self) -> &mut TcpStream {
        &mut self.tcp
    }

    pub(in super::super) fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Returns how many bytes the socket has given since the last call.
    pub(in super::super) fn take_received(&mut self) -> usize {
        std::mem::take(&mut self.received)
    }

    /// Returns `true` if the socket had no bytes when it was last read.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Returns `true` if encrypted bytes wait for the socket to take them.
    pub(in super::super) fn wants_write(&self) -> bool {
        self.tls.wants_write()
    }

    /// Says goodbye as TLS wants it said, as far as the socket takes it now.
    pub(in super::super) fn notify_close(&mut self) {
        self.tls.send_close_notify();
        // One that does not fit is not waited for: the WebSocket close has been sent before it.
        let _ = self.write_out();
    }

    /// Hands encrypted bytes to the socket; `WouldBlock` while some are left.
    fn write_out(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            if self.tls.write_tls(&mut self.tcp)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Takes one read's worth from the socket.
    fn read_in(&mut self) -> io::Result<()> {
        let read = self.tls.read_tls(&mut self.tcp);
        self.is_empty = read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        self.received += read?;
        let processed = self.tls.process_new_packets();
        // Answers of the handshake, or the alert that tells the other end what was wrong.
        match self.write_out() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock && processed.is_ok() => {
                return Err(error);
            }
            _ => {}
        }
        processed.map(|_| ()).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for _ in 0..MAX_READS {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.read_in()?,
                // The end without TLS's own goodbye. Frames have a goodbye of theirs, which is what counts.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }
}

impl Write for TlsStream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(data)])
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        // What was taken before goes first, so that little is ever hidden in here from the account of what waits.
        match self.write_out() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.tls.is_handshaking() => {
                return Err(error);
            }
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
        let taken = self.tls.writer().write_vectored(pieces)?;
        if taken == 0 && pieces.iter().any(|piece| !piece.is_empty()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        match self.write_out() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()
    }
}

/// What rustls found wrong, if the error is one of its own.
pub(in super::super) fn failure(error: &io::Error) -> Option<TlsFailure> {
    error.get_ref()?.downcast_ref().map(errors::failure)
}
