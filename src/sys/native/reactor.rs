//! What wakes a server: the system's queue of ready sockets, so that those with nothing to say cost nothing.
//!
//! Readiness is told once ("edge-triggered"): what was told stays true until a read or a write has found it otherwise.

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
    frames::{Encoder, FrameKind, MAX_HEADER},
    notify::{INTERRUPT, Interrupt},
    poll_context::PollContext,
    tls,
};
use crate::{
    admission::{Rejection, Response, Terms},
    close::{CloseCode, Limit},
    error::Error,
    link::Link,
    options::{ServerOptions, TlsCertificate},
    packet::{Outgoing, Packet},
    rate::Arrival,
    request::Request,
    shared_bytes::SharedBytes,
    sys::{
        AcceptOutcome, Budget, Listener, MemoryUsage, PollProgress, REUSES_ADDRESS, ServerConnection,
        Timestamps, Wakeup, max_descriptors,
    },
    upgraded::{Handover, Role},
};

/// How many connections may wait for the system to hand them over.
const BACKLOG: i32 = 4096;

/// How many sockets one look tells of; the others are told of by the next.
const EVENTS: usize = 1024;

/// What the system can count in milliseconds, and far less.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// The listener's; connections have their slot's number.
const LISTENER: Token = Token(usize::MAX);

/// A listener and the queue of what is ready.
#[derive(Debug)]
pub(crate) struct Reactor {
    poll: Poll,
    events: Events,
    listener: Option<mio::net::TcpListener>,
    tls: tls::Server,
    scratch: Vec<u8>,
    shared_bytes: SharedBytes,
    interrupt: Arc<Interrupt>,
}

impl Listener for Reactor {
    type Connection = TcpConnection;

    fn bind(addresses: &[SocketAddr], dual_stack: bool) -> Result<TcpListener, Error> {
        let mut last = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
        for &address in addresses {
            match listen(address, dual_stack) {
                Ok(listener) => return Ok(listener),
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }

    fn new(listener: Option<TcpListener>, identity: Option<&TlsCertificate>) -> Result<Self, Error> {
        let tls = tls::Server::new(identity)?;
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
        Ok(Self { poll, events, listener, tls, scratch, shared_bytes: SharedBytes::default(), interrupt })
    }

    fn shared_bytes(&self) -> &SharedBytes {
        &self.shared_bytes
    }

    fn set_certificate(&mut self, identity: &TlsCertificate) -> Result<(), Error> {
        self.tls = tls::Server::new(Some(identity))?;
        Ok(())
    }

    fn local_addr(&self) -> Result<SocketAddr, Error> {
        let listener = self.listener.as_ref().ok_or(Error::Io {
            kind: io::ErrorKind::NotConnected,
            message: "the server does not listen, or no more".into(),
        })?;
        Ok(listener.local_addr()?)
    }

    fn encode(packets: &[Packet]) -> Bytes {
        let len = packets.iter().map(|packet| MAX_HEADER + packet.len()).sum();
        let mut frames = Vec::with_capacity(len);
        for packet in packets {
            Encoder::SERVER.encode(FrameKind::Packet(packet.kind()), packet, &mut frames);
        }
        frames.into()
    }

    fn max_descriptors() -> Option<u64> {
        max_descriptors()
    }

    fn stop_listening(&mut self) {
        self.listener = None;
    }

    fn wait(&mut self, at_most: Duration, tell: &mut dyn FnMut(Wakeup)) {
        // A poll leaves it to the next wait.
        let is_interrupted = !at_most.is_zero() && self.interrupt.take();
        let at_most = if is_interrupted { Duration::ZERO } else { at_most.min(LONGEST_WAIT) };
        let looked = self.poll.poll(&mut self.events, Some(at_most));
        if !at_most.is_zero() {
            // An interrupt that came meanwhile was for this sleep, not for the next.
            self.interrupt.take();
        }
        match looked {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => return log::error!("the system does not tell which sockets are ready: {error}"),
        }
        for event in &self.events {
            tell(match event.token() {
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

    fn waker(&self) -> Waker {
        Arc::clone(&self.interrupt).into()
    }

    fn accept(&mut self, slot: u32, options: &ServerOptions, now: Duration) -> AcceptOutcome<TcpConnection> {
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
        let mut connection =
            TcpConnection::accepted(stream, options.max_request_size, &options.connection, now)
                .with_shared_bytes(&self.shared_bytes);
        match self.register(&mut connection, slot) {
            Ok(()) => AcceptOutcome::Accepted(connection, addr),
            Err(error) => AcceptOutcome::OutOfDescriptors(error.to_string()),
        }
    }

    fn adopt(
        &mut self,
        slot: u32,
        handover: Handover,
        options: &ServerOptions,
        now: Duration,
    ) -> Result<TcpConnection, Error> {
        let mut connection = TcpConnection::upgraded(handover, Role::Server, &options.connection, now)?
            .with_shared_bytes(&self.shared_bytes)
            .with_limits(options);
        self.register(&mut connection, slot)?;
        Ok(connection)
    }
}

impl Reactor {
    fn register(&self, connection: &mut TcpConnection, slot: u32) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        let Some(tcp) = connection.tcp_mut() else { return Ok(()) };
        self.poll.registry().register(tcp, Token(slot as usize), interest)
    }
}

/// Returns `true` for an error that is about a connection that could not be handed over, as accept(2) describes them; the next
/// one may be good. Others, such as to be out of descriptors, are about the process or the system.
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

impl ServerConnection for TcpConnection {
    type Reactor = Reactor;

    fn ready(&mut self, readable: bool, writable: bool, ends: bool) {
        self.ready(readable, writable, ends);
    }

    fn poll(
        &mut self,
        reactor: &mut Reactor,
        moment: Timestamps,
        budget: Budget,
        link: &mut Link,
    ) -> PollProgress {
        let arrival = Arrival { since: moment.last, at: moment.wall };
        let mut turn =
            PollContext { now: moment.now, arrival, scratch: &mut reactor.scratch, budget, read: 0 };
        let more = self.poll(&mut turn, link);
        PollProgress { more, read: turn.read }
    }

    fn is_handshaking(&self) -> bool {
        self.is_handshaking()
    }

    fn request(&self) -> Option<&Request> {
        self.request()
    }

    fn admit(&mut self, terms: &Terms, headers: &[(String, String)], options: &ServerOptions) {
        self.admit_stranger(terms, headers, options);
    }

    fn refuse(&mut self, rejection: &Rejection, headers: &[(String, String)]) {
        self.refuse(rejection, headers);
    }

    fn respond(&mut self, response: &Response, headers: &[(String, String)]) {
        self.respond(response, headers);
    }

    fn decline(&mut self) {
        self.decline();
    }

    fn next_deadline(&self) -> Duration {
        self.next_deadline()
    }

    fn lingers(&self) -> bool {
        self.lingers()
    }

    fn abort(&mut self) {
        self.abort();
    }

    fn is_stalled(&self) -> bool {
        self.open().is_some_and(|open| open.is_stalled())
    }

    fn held(&self) -> MemoryUsage {
        self.held()
    }

    fn send(&mut self, packet: Outgoing<'_>, key: Option<u64>, gather: bool, link: &mut Link) {
        if let Some(open) = self.open_mut() {
            match key {
                None => open.send(packet, gather, link),
                Some(key) => open.send_latest(key, packet, gather, link),
            }
        }
    }

    fn send_frames(&mut self, frames: &Bytes, payload: usize, gather: bool, link: &mut Link) {
        if let Some(open) = self.open_mut() {
            open.send_frames(frames, payload, gather, link);
        }
    }

    fn waiting_under(&self, key: u64) -> Option<usize> {
        self.open()?.send_queue.waiting_under(key)
    }

    fn drop_oldest(&mut self, link: &mut Link) -> bool {
        self.open_mut().is_some_and(|open| open.send_queue.drop_oldest(&mut link.outbox))
    }

    fn was_full(&mut self, now: Duration) {
        if let Some(open) = self.open_mut() {
            open.guard.queue_full(now);
        }
    }

    fn found_no_memory(&mut self, now: Duration, link: &Link) {
        if let Some(open) = self.open_mut() {
            open.guard.memory_denied(now, link.outbox.memory_usage());
        }
    }

    fn expel(&mut self, what: Limit, reason: &str, now: Duration, link: &mut Link) {
        self.expel(what, reason, now, link);
    }

    fn flush(&mut self, link: &mut Link) {
        self.flush(link);
    }

    fn close(&mut self, code: CloseCode, reason: &str, now: Duration, link: &mut Link) {
        self.close(code, reason, now, link);
    }
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
