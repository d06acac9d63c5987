//! A browser accepts no connections: neither type here can have a value. They dereference to trait objects, so that
//! code which uses them compiles, and the compiler removes it.

use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    ops::{Deref, DerefMut},
};

use bytes::Bytes;

use crate::{
    error::Error,
    options::TlsCertificate,
    packet::Packet,
    sys::server::{Listener, ServerConnection},
};

const UNSUPPORTED: Error = Error::Unsupported { what: "to accept connections in a browser" };

/// Cannot exist.
#[derive(Debug)]
pub(crate) struct Reactor(Infallible);

/// Cannot exist.
#[derive(Debug)]
pub(crate) struct ServerSocket(Infallible);

impl Reactor {
    pub(crate) fn bind(_: &[SocketAddr], _: bool) -> Result<TcpListener, Error> {
        Err(UNSUPPORTED)
    }

    pub(crate) fn new(_: Option<TcpListener>, _: Option<&TlsCertificate>) -> Result<Self, Error> {
        Err(UNSUPPORTED)
    }

    pub(crate) fn encode(_: &[Packet]) -> Bytes {
        Bytes::new()
    }

    pub(crate) fn max_descriptors() -> Option<u64> {
        None
    }
}

impl Deref for Reactor {
    type Target = dyn Listener<Connection = ServerSocket>;

    fn deref(&self) -> &Self::Target {
        match self.0 {}
    }
}

impl DerefMut for Reactor {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self.0 {}
    }
}

impl Deref for ServerSocket {
    type Target = dyn ServerConnection<Reactor = Reactor>;

    fn deref(&self) -> &Self::Target {
        match self.0 {}
    }
}

impl DerefMut for ServerSocket {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self.0 {}
    }
}
