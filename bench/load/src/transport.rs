//! The bytes of a connection, plain or over TLS.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
    sync::Arc,
};

use mio::{Interest, Registry, Token, net::TcpStream};
use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};

use crate::tls::SERVER_NAME;

/// The size of the buffer between the socket and TLS, in bytes.
const BUFFER: usize = 64 * 1024;

/// A socket, with or without TLS. It never blocks.
pub struct Transport {
    socket: TcpStream,
    tls: Option<Box<Encryption>>,
}

struct Encryption {
    connection: ClientConnection,
    /// The bytes between `start` and `end` have not been decrypted yet.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Transport {
    /// Starts connecting.
    ///
    /// # Errors
    /// The system has no socket left.
    pub fn connect(
        addr: SocketAddr,
        registry: &Registry,
        token: Token,
        tls: Option<Arc<ClientConfig>>,
    ) -> io::Result<Self> {
        let mut socket = TcpStream::connect(addr)?;
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        let tls = tls.map(Encryption::new).transpose()?;
        Ok(Self { socket, tls })
    }

    /// The socket.
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Returns `true` if fewer bytes than fit mean that no more have arrived.
    pub fn ends_with_short_read(&self) -> bool {
        self.tls.is_none()
    }

    /// Reads some bytes.
    ///
    /// # Errors
    /// Those of the socket, or of TLS.
    pub fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(bytes),
            Some(tls) => tls.read(&mut self.socket, bytes),
        }
    }

    /// Writes some bytes, or keeps some until the socket is writable.
    ///
    /// # Errors
    /// Those of the socket, or of TLS.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.socket.write(bytes) };
        if !tls.flush(&mut self.socket)? {
            return Err(ErrorKind::WouldBlock.into());
        }
        let written = tls.connection.writer().write(bytes)?;
        tls.flush(&mut self.socket)?;
        Ok(written)
    }

    /// Writes what was kept.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => Ok(()),
            Some(tls) => tls.flush(&mut self.socket).map(drop),
        }
    }
}

impl Encryption {
    fn new(config: Arc<ClientConfig>) -> io::Result<Box<Self>> {
        let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
        let connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        Ok(Box::new(Self { connection, buffer: vec![0; BUFFER], start: 0, end: 0 }))
    }

    fn read(&mut self, socket: &mut TcpStream, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            if self.start == self.end {
                (self.start, self.end) = (0, socket.read(&mut self.buffer)?);
                if self.end == 0 {
                    return Ok(0);
                }
            }
            self.start += self.connection.read_tls(&mut &self.buffer[self.start..self.end])?;
            self.connection.process_new_packets().map_err(io::Error::other)?;
            // The handshake has answers.
            self.flush(socket)?;
        }
    }

    /// Returns `true` if nothing is left to write.
    fn flush(&mut self, socket: &mut TcpStream) -> io::Result<bool> {
        while self.connection.wants_write() {
            match self.connection.write_tls(socket) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(false);
                }
                written => written?,
            };
        }
        Ok(true)
    }
}
