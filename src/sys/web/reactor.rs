//! What a page cannot do: accept connections. A listener cannot exist here, so nothing of it ever runs.

use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    task::Waker,
    time::Duration,
};

use bytes::Bytes;

use crate::{
    admission::{Rejection, Response, Terms},
    close::{CloseCode, Limit},
    error::Error,
    link::Link,
    options::{ServerOptions, TlsCertificate},
    packet::{Outgoing, Packet},
    request::Request,
    shared_bytes::SharedBytes,
    sys::{AcceptOutcome, Budget, Listener, MemoryUsage, PollProgress, ServerConnection, Timestamps, Wakeup},
    upgraded::Handover,
};

const WHAT: &str = "to accept connections in a browser";

/// Cannot exist.
#[derive(Debug)]
pub(crate) struct Reactor(Infallible);

/// Cannot exist.
#[derive(Debug)]
pub(crate) struct Connection(Infallible);

impl Listener for Reactor {
    type Connection = Connection;

    fn bind(_: &[SocketAddr], _: bool) -> Result<TcpListener, Error> {
        Err(Error::Unsupported { what: WHAT })
    }

    fn new(_: Option<TcpListener>, _: Option<&TlsCertificate>) -> Result<Self, Error> {
        Err(Error::Unsupported { what: WHAT })
    }

    fn set_certificate(&mut self, _: &TlsCertificate) -> Result<(), Error> {
        match self.0 {}
    }

    fn local_addr(&self) -> Result<SocketAddr, Error> {
        match self.0 {}
    }

    fn shared_bytes(&self) -> &SharedBytes {
        match self.0 {}
    }

    /// Asked for by what cannot exist.
    fn encode(_: &[Packet]) -> Bytes {
        Bytes::new()
    }

    fn max_descriptors() -> Option<u64> {
        None
    }

    fn stop_listening(&mut self) {
        match self.0 {}
    }

    fn wait(&mut self, _: Duration, _: &mut dyn FnMut(Wakeup)) {
        match self.0 {}
    }

    fn waker(&self) -> Waker {
        match self.0 {}
    }

    fn accept(&mut self, _: u32, _: &ServerOptions, _: Duration) -> AcceptOutcome<Connection> {
        match self.0 {}
    }

    fn adopt(&mut self, _: u32, _: Handover, _: &ServerOptions, _: Duration) -> Result<Connection, Error> {
        match self.0 {}
    }
}

impl ServerConnection for Connection {
    type Reactor = Reactor;

    fn ready(&mut self, _: bool, _: bool, _: bool) {
        match self.0 {}
    }

    fn poll(&mut self, _: &mut Reactor, _: Timestamps, _: Budget, _: &mut Link) -> PollProgress {
        match self.0 {}
    }

    fn is_handshaking(&self) -> bool {
        match self.0 {}
    }

    fn request(&self) -> Option<&Request> {
        match self.0 {}
    }

    fn admit(&mut self, _: &Terms, _: &[(String, String)], _: &ServerOptions) {
        match self.0 {}
    }

    fn refuse(&mut self, _: &Rejection, _: &[(String, String)]) {
        match self.0 {}
    }

    fn respond(&mut self, _: &Response, _: &[(String, String)]) {
        match self.0 {}
    }

    fn decline(&mut self) {
        match self.0 {}
    }

    fn abort(&mut self) {
        match self.0 {}
    }

    fn next_deadline(&self) -> Duration {
        match self.0 {}
    }

    fn lingers(&self) -> bool {
        match self.0 {}
    }

    fn is_stalled(&self) -> bool {
        match self.0 {}
    }

    fn held(&self) -> MemoryUsage {
        match self.0 {}
    }

    fn send(&mut self, _: Outgoing<'_>, _: Option<u64>, _: bool, _: &mut Link) {
        match self.0 {}
    }

    fn send_frames(&mut self, _: &Bytes, _: usize, _: bool, _: &mut Link) {
        match self.0 {}
    }

    fn waiting_under(&self, _: u64) -> Option<usize> {
        match self.0 {}
    }

    fn drop_oldest(&mut self, _: &mut Link) -> bool {
        match self.0 {}
    }

    fn was_full(&mut self, _: Duration) {
        match self.0 {}
    }

    fn found_no_memory(&mut self, _: Duration, _: &Link) {
        match self.0 {}
    }

    fn flush(&mut self, _: &mut Link) {
        match self.0 {}
    }

    fn close(&mut self, _: CloseCode, _: &str, _: Duration, _: &mut Link) {
        match self.0 {}
    }

    fn expel(&mut self, _: Limit, _: &str, _: Duration, _: &mut Link) {
        match self.0 {}
    }
}
