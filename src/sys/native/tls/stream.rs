//! A TLS stream over a non-blocking socket.
//!
//! rustls's own loop, `complete_io`, could once be kept spinning by an attacker (RUSTSEC-2024-0336). Here each call
//! reads a bounded number of times, and checks the result of each.

use std::io::{self, IoSlice, Read, Write};

use mio::net::TcpStream;
use rustls::Connection;

use super::errors;
use crate::close::TlsFailure;

/// The largest number of encrypted bytes that wait in the stream.
const BUFFER: usize = 64 * 1024;

/// The largest number of reads from the socket in a call that finds no data: records without content cost their sender
/// nothing.
const MAX_READS: usize = 16;

/// A socket with a TLS connection. Reads and writes also advance the handshake.
#[derive(Debug)]
pub(in super::super) struct TlsStream {
    tcp: TcpStream,
    tls: Connection,
    /// The number of bytes from the socket since the last [`take_received`](Self::take_received).
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

    /// Returns how many bytes the socket has returned since the last call.
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

    /// Sends the close alert of TLS, as far as the socket takes it now.
    pub(in super::super) fn notify_close(&mut self) {
        self.tls.send_close_notify();
        // It is not waited for: the WebSocket close frame was sent before it.
        let _ = self.write_out();
    }

    /// Writes encrypted bytes to the socket. Returns `WouldBlock` while some are left.
    fn write_out(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            if self.tls.write_tls(&mut self.tcp)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Reads once from the socket.
    fn read_in(&mut self) -> io::Result<()> {
        let read = self.tls.read_tls(&mut self.tcp);
        self.is_empty = read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        self.received += read?;
        let processed = self.tls.process_new_packets();
        // Handshake messages, or the alert with the reason of a failure.
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
                // The stream ended without close alert. Only the close frame of WebSocket counts.
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
        // Earlier bytes are written first, so that few bytes wait here that the send queue does not count.
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

/// Returns the failure if the error is one of rustls.
pub(in super::super) fn failure(error: &io::Error) -> Option<TlsFailure> {
    error.get_ref()?.downcast_ref().map(errors::failure)
}
