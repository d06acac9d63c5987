//! A server's listener, and the system's queue of ready sockets: an idle connection costs no system call.
//!
//! Readiness is edge-triggered: it is reported once, and lasts until a read or a write would block.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    task::Waker,
    time::Duration,
};

use bytes::Bytes;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, Socket, Type};

use super::{
    SCRATCH,
    connection::TcpConnection,
    frames::{Encoder, MAX_HEADER},
    notify::{INTERRUPT, Interrupt},
    settings::{ConnectionSettings, SharedSettings},
    tls,
};
use crate::{
    error::Error,
    options::TlsCertificate,
    packet::Packet,
    shared_bytes::SharedBytes,
    sys::{
        REUSES_ADDRESS, max_descriptors,
        server::{AcceptOutcome, Listener, PeerSettings, Wakeup},
    },
    upgraded::Handover,
};

/// The number of connections that may wait in the system to be accepted.
const BACKLOG: i32 = 4096;

/// The number of events that a wait reports. The next one reports the others.
const EVENTS: usize = 1024;

/// A time that every system can count in milliseconds.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// The listener's token. The token of a connection is its slot.
const LISTENER: Token = Token(usize::MAX);

/// A listener and the queue of ready sockets.
#[derive(Debug)]
pub(crate) struct Reactor {
    poll: Poll,
    events: Events,
    listener: Option<mio::net::TcpListener>,
    tls: tls::Server,
    scratch: Vec<u8>,
    shared_bytes: SharedBytes,
    settings: SharedSettings,
    interrupt: Arc<Interrupt>,
}

impl Reactor {
    /// Opens a listener on the first of these addresses that allows it.
    pub(crate) fn bind(addresses: &[SocketAddr], dual_stack: bool) -> Result<TcpListener, Error> {
        let mut last = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
        for &address in addresses {
            match listen(address, dual_stack) {
                Ok(listener) => return Ok(listener),
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }

    /// Begins to listen, if there is a listener; with TLS if there is a certificate.
    pub(crate) fn new(
        listener: Option<TcpListener>,
        certificate: Option<&TlsCertificate>,
    ) -> Result<Self, Error> {
        let tls = tls::Server::new(certificate)?;
        let poll = Poll::new()?;
        let listener = match listener {
            Some(listener) => {
                listener.set_nonblocking(true)?;
                let mut listener = mio::net::TcpListener::from_std(listener);
                poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
                Some(listener)
            }
            None => None,
        };
        let interrupt = Arc::<Interrupt>::default();
        interrupt.connect(poll.registry())?;
        let events = Events::with_capacity(EVENTS);
        let scratch = vec![0; SCRATCH];
        let (shared_bytes, settings) = (SharedBytes::default(), SharedSettings::default());
        Ok(Self { poll, events, listener, tls, scratch, shared_bytes, settings, interrupt })
    }

    /// Encodes packets as frames that any of the connections can send.
    pub(crate) fn encode(packets: &[Packet]) -> Bytes {
        let len = packets.iter().map(|packet| MAX_HEADER + packet.len()).sum();
        let mut frames = Vec::with_capacity(len);
        for packet in packets {
            Encoder::SERVER.encode(packet.kind(), packet, &mut frames);
        }
        frames.into()
    }

    /// Returns how many descriptors the process may have, if the system limits them.
    pub(crate) fn max_descriptors() -> Option<u64> {
        max_descriptors()
    }

    /// Returns memory to read into.
    pub(super) fn scratch(&mut self) -> &mut [u8] {
        &mut self.scratch
    }

    /// Returns the settings of a connection.
    pub(super) fn settings(&mut self, settings: PeerSettings<'_>) -> Arc<ConnectionSettings> {
        self.settings.get(settings)
    }

    fn register(&self, connection: &mut TcpConnection, slot: u32) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        let Some(tcp) = connection.tcp_mut() else { return Ok(()) };
        self.poll.registry().register(tcp, Token(slot as usize), interest)
    }
}

impl Listener for Reactor {
    type Connection = TcpConnection;

    fn set_certificate(&mut self, certificate: &TlsCertificate) -> Result<(), Error> {
        self.tls = tls::Server::new(Some(certificate))?;
        Ok(())
    }

    fn local_addr(&self) -> Result<SocketAddr, Error> {
        let listener = self.listener.as_ref().ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotConnected, "the server does not listen, or no longer")
        })?;
        Ok(listener.local_addr()?)
    }

    fn shared_bytes(&self) -> &SharedBytes {
        &self.shared_bytes
    }

    fn stop_listening(&mut self) {
        self.listener = None;
    }

    fn wait(&mut self, at_most: Duration, report: &mut dyn FnMut(Wakeup)) {
        // A poll, which does not sleep, leaves an interrupt to the next wait.
        let is_interrupted = !at_most.is_zero() && self.interrupt.take();
        let at_most = if is_interrupted { Duration::ZERO } else { at_most.min(LONGEST_WAIT) };
        let result = self.poll.poll(&mut self.events, Some(at_most));
        if !at_most.is_zero() {
            // An interrupt that came meanwhile was for this sleep, not for the next.
            self.interrupt.take();
        }
        match result {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => return log::error!("the system does not report which sockets are ready: {error}"),
        }
        for event in &self.events {
            report(match event.token() {
                LISTENER => Wakeup::Listener,
                INTERRUPT => continue,
                Token(slot) => Wakeup::Connection {
                    slot: slot as u32,
                    readable: event.is_readable() || event.is_read_closed() || event.is_error(),
                    ends: event.is_read_closed() || event.is_error(),
                    writable: event.is_writable(),
                },
            });
        }
    }

    fn free_unused_memory(&mut self) {
        self.settings.pool.free_unused();
    }

    fn waker(&self) -> Waker {
        Arc::clone(&self.interrupt).into()
    }

    fn accept(
        &mut self,
        slot: u32,
        settings: PeerSettings<'_>,
        max_request: usize,
        now: Duration,
    ) -> AcceptOutcome<TcpConnection> {
        let Some(listener) = &self.listener else { return AcceptOutcome::WouldBlock };
        let (tcp, addr) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return AcceptOutcome::WouldBlock,
            Err(error) if concerns_one_connection(error.kind()) => {
                return AcceptOutcome::Failed(error.to_string());
            }
            Err(error) => return AcceptOutcome::OutOfDescriptors(error.to_string()),
        };
        let stream = match self.tls.clone().secure(tcp) {
            Ok(stream) => stream,
            Err(error) => return AcceptOutcome::Failed(error.to_string()),
        };
        let due = now + settings.options.connect_timeout;
        let mut connection = TcpConnection::accepted(stream, max_request, self.settings.get(settings), due)
            .of_server(slot, &self.shared_bytes);
        match self.register(&mut connection, slot) {
            Ok(()) => AcceptOutcome::Accepted(connection, addr),
            Err(error) => AcceptOutcome::OutOfDescriptors(error.to_string()),
        }
    }

    fn adopt(
        &mut self,
        slot: u32,
        handover: Handover,
        settings: PeerSettings<'_>,
        now: Duration,
    ) -> Result<TcpConnection, Error> {
        let due = now + settings.options.connect_timeout;
        let mut connection = TcpConnection::upgraded(handover, self.settings.get(settings), due)?
            .of_server(slot, &self.shared_bytes);
        self.register(&mut connection, slot)?;
        Ok(connection)
    }
}

/// Returns `true` if an error of accept(2) concerns only one connection, so that the next one may succeed. Other
/// errors, such as a lack of descriptors, concern the process or the system.
fn concerns_one_connection(error: io::ErrorKind) -> bool {
    matches!(
        error,
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::Interrupted
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::NetworkUnreachable
            // A firewall forbids this connection.
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::TimedOut
            | io::ErrorKind::Unsupported
    )
}

fn listen(address: SocketAddr, dual_stack: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!dual_stack)?;
    }
    if REUSES_ADDRESS {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_about_one_connection_does_not_stop_accepting() {
        // Of accept(2): EPERM, ECONNABORTED, ENETDOWN, EHOSTUNREACH, ENETUNREACH, EOPNOTSUPP.
        for error in [
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::NetworkDown,
            io::ErrorKind::HostUnreachable,
            io::ErrorKind::NetworkUnreachable,
            io::ErrorKind::Unsupported,
        ] {
            assert!(concerns_one_connection(error), "{error:?}");
        }
        for error in [io::ErrorKind::OutOfMemory, io::ErrorKind::Other, io::ErrorKind::InvalidInput] {
            assert!(!concerns_one_connection(error), "{error:?}");
        }
    }
}
