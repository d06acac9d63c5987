//! A non-blocking byte stream, plain or over TLS.

use std::{
    io::{self, IoSlice, Read, Write},
    net::Shutdown,
};

use mio::net::TcpStream;

use super::tls;
use crate::sys::SHORT_READ_DRAINS;

/// The byte stream under handshakes and frames. It never blocks, but returns `WouldBlock`.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    #[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "without the feature no TLS stream exists"))]
    Tls(Box<tls::TlsStream>),
}

impl Stream {
    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.tcp(),
        }
    }

    pub(super) fn tcp_mut(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.tcp_mut(),
        }
    }

    pub(super) fn is_secure(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Returns `true` if the socket may hold more bytes after a read that returned `read` bytes for a buffer of `room`
    /// bytes.
    ///
    /// A read of a plain stream returns everything that the kernel has. A read over TLS returns one record.
    pub(super) fn may_have_more(&self, read: usize, room: usize) -> bool {
        match self {
            Self::Plain(_) => read == room || !SHORT_READ_DRAINS,
            Self::Tls(_) => true,
        }
    }

    /// Returns how many bytes the socket has returned since the last call, after a read that returned `read`. Over TLS
    /// that includes records without data.
    pub(super) fn take_received(&mut self, read: Option<&usize>) -> usize {
        match self {
            Self::Plain(_) => read.copied().unwrap_or(0),
            Self::Tls(tls) => tls.take_received(),
        }
    }

    /// Returns `true` if the last read found no bytes because the socket had none.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Plain(_) => true,
            Self::Tls(tls) => tls.is_empty(),
        }
    }

    /// Returns `true` if TLS buffers bytes that the socket has not taken.
    pub(super) fn wants_write(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.wants_write(),
        }
    }

    /// Returns `true` until TLS is established. Nothing can be sent before, and each step is expensive.
    pub(super) fn is_handshaking(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.is_handshaking(),
        }
    }

    /// Reads bytes to discard them. They are not decrypted.
    pub(super) fn discard(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tcp_mut().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Ends the sending direction, over TLS with its close alert.
    pub(super) fn shutdown_write(&mut self) {
        if let Self::Tls(tls) = self {
            tls.notify_close();
        }
        // An error means that the connection has ended.
        let _ = self.tcp().shutdown(Shutdown::Write);
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Self::Plain(tcp) => tcp.read(buffer),
                Self::Tls(tls) => tls.read(buffer),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Write for Stream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Self::Plain(tcp) => tcp.write(data),
                Self::Tls(tls) => tls.write(data),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            let result = match self {
                Self::Plain(tcp) => tcp.write_vectored(pieces),
                Self::Tls(tls) => tls.write_vectored(pieces),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(tls) => tls.flush(),
        }
    }
}
