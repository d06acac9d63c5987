//! The names of this module for a build without TLS. TLS streams do not exist.

use std::{
    convert::Infallible,
    io::{self, Read, Write},
};

use mio::net::TcpStream;

use super::super::stream::Stream;
use crate::{
    close::TlsFailure,
    error::Error,
    options::{TlsCertificate, TlsOptions},
    url::Url,
};

const WHAT: &str = "secure connections; build with the feature `tls`";

/// The settings of a client connection: plain.
#[derive(Debug)]
pub(in super::super) struct Client;

impl Client {
    pub(in super::super) fn new(url: &Url, _: &TlsOptions) -> Result<Self, Error> {
        if url.secure { Err(Error::Unsupported { what: WHAT }) } else { Ok(Self) }
    }

    pub(in super::super) fn secure(self, tcp: TcpStream) -> Result<Stream, TlsFailure> {
        Ok(Stream::Plain(tcp))
    }
}

/// The settings of a server: plain.
#[derive(Debug, Clone)]
pub(in super::super) struct Server;

impl Server {
    pub(in super::super) fn new(certificate: Option<&TlsCertificate>) -> Result<Self, Error> {
        if certificate.is_some() { Err(Error::Unsupported { what: WHAT }) } else { Ok(Self) }
    }

    pub(in super::super) fn secure(self, tcp: TcpStream) -> Result<Stream, Error> {
        Ok(Stream::Plain(tcp))
    }
}

/// An uninhabited type.
#[derive(Debug)]
pub(in super::super) struct TlsStream(Infallible);

impl TlsStream {
    pub(in super::super) fn tcp(&self) -> &TcpStream {
        match self.0 {}
    }

    pub(in super::super) fn tcp_mut(&mut self) -> &mut TcpStream {
        match self.0 {}
    }

    pub(in super::super) fn is_handshaking(&self) -> bool {
        match self.0 {}
    }

    pub(in super::super) fn take_received(&mut self) -> usize {
        match self.0 {}
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        match self.0 {}
    }

    pub(in super::super) fn wants_write(&self) -> bool {
        match self.0 {}
    }

    pub(in super::super) fn notify_close(&mut self) {
        match self.0 {}
    }
}

impl Read for TlsStream {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl Write for TlsStream {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {}
    }
}

/// Returns `None`: no error comes from TLS.
pub(in super::super) fn failure(_: &io::Error) -> Option<TlsFailure> {
    None
}
