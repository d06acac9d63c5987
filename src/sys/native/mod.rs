//! The native backend: non-blocking TCP, polled by the caller. It has no async runtime, and one thread while a name is
//! looked up.
//!
//! A [`connection`] goes through stages, from [`dial`] to [`linger`]. A [`Socket`] is a connection that a peer polls. A
//! [`Reactor`] reports to a server which of its connections are ready. Below are [`stream`] (plain or TLS),
//! [`handshake`] and [`frames`]; the last two work on bytes only.

mod connection;
mod dial;
mod failure;
mod frames;
#[cfg(feature = "_fuzz")]
#[path = "../../../fuzz/bodies/native/mod.rs"]
mod fuzz;
mod guard;
mod handshake;
mod heartbeat;
mod linger;
mod notify;
mod open;
mod opening;
mod poll_context;
mod reactor;
mod resolve;
mod send_queue;
mod settings;
mod stream;
mod tls;

use std::{
    cell::Cell,
    io,
    net::{SocketAddr, TcpStream},
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime},
};

#[cfg(feature = "_fuzz")]
pub(crate) use self::fuzz::TARGETS as FUZZ_TARGETS;
pub(crate) use self::{connection::TcpConnection as ServerSocket, notify::Notifier, reactor::Reactor};
use self::{
    connection::TcpConnection,
    notify::{Interrupt, Wants},
    poll_context::PollContext,
    settings::ConnectionSettings,
};
use super::{
    Connection, PeerConnection,
    server::{Budget, ServerConnection},
};
use crate::{
    admission::choose_protocol,
    clock::PatientClock,
    close::CloseCode,
    error::Error,
    link::Link,
    options::{MAX_REQUEST_SIZE, PeerOptions},
    packet::Outgoing,
    rate::Arrival,
    upgraded::{Handover, Role},
    url::Url,
};

/// The number of bytes that are read at a time. Received data is decoded and copied from this buffer, so it should fit
/// a cache.
const SCRATCH: usize = 64 * 1024;

/// The number of bytes that one poll of a peer reads at most, so that a server that sends without pause does not delay
/// the program's frame.
const MAX_READ: usize = 4 * 1024 * 1024;

/// Natively each connection has the code of the probe, so a `Liveness` needs nothing to begin.
pub(super) static LIVENESS_STARTER: () = ();

/// Returns the time since the first call.
pub(crate) fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Returns the time since 1970, by the system clock.
fn calendar() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Lends memory to read into. All connections of a thread share it, so that an idle connection holds none.
fn with_scratch<T>(work: impl FnOnce(&mut [u8]) -> T) -> T {
    thread_local! {
        static SCRATCH_MEMORY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    let mut scratch = SCRATCH_MEMORY.take();
    scratch.resize(SCRATCH, 0);
    let result = work(&mut scratch);
    SCRATCH_MEMORY.set(scratch);
    result
}

/// The connection of a peer, with a clock of its own.
#[derive(Debug)]
pub(crate) struct Socket {
    connection: TcpConnection,
    clock: PatientClock,
    /// The options for the answer to a request.
    answer: Option<Box<PeerOptions>>,
}

impl Socket {
    fn new(connection: TcpConnection, answer: Option<Box<PeerOptions>>) -> Self {
        Self { connection, clock: PatientClock::start(now()), answer }
    }

    /// Answers a request. Returns `true` if there was one.
    fn answer(&mut self, link: &mut Link) -> bool {
        let Some(request) = self.connection.request() else { return false };
        let Some(options) = self.answer.take() else { return false };
        if !request.is_upgrade() {
            self.connection.decline();
            return true;
        }
        link.set_url(request.url());
        match choose_protocol(&options, request) {
            Ok(protocol) => self.connection.accept_request(protocol, &options.headers),
            Err(rejection) => self.connection.reject(&rejection, &[]),
        }
        true
    }

    /// Notes that the program slept until this time, on purpose: the time counts in full.
    fn slept_until(&mut self, wall: Duration) {
        self.clock.sleep(wall.min(now()));
    }

    /// Returns the time that is left until `due`.
    fn time_left(&mut self, due: Duration) -> Duration {
        due.saturating_sub(self.clock.advance(now()))
    }

    /// Returns the events after which a poll can do something.
    fn wants(&self, link: &Link) -> Wants {
        self.connection.wants(link)
    }

    fn register(
        &mut self,
        registry: &mio::Registry,
        interrupt: &Arc<Interrupt>,
        token: usize,
        wants: &Wants,
    ) -> io::Result<()> {
        self.connection.register(registry, interrupt, token, wants)
    }
}

impl Connection for Socket {
    fn send(&mut self, packet: Outgoing<'_>, gather: bool, link: &mut Link) -> Result<(), Error> {
        self.connection.send(packet, gather, link)
    }

    fn flush(&mut self, link: &mut Link) {
        self.connection.flush(link);
    }

    fn lingers(&self) -> bool {
        self.connection.lingers()
    }
}

impl PeerConnection for Socket {
    fn connect(url: &Url, options: &PeerOptions) -> Result<Self, Error> {
        Ok(Self::new(TcpConnection::dial(url, options, Duration::ZERO)?, None))
    }

    fn accept(stream: TcpStream, options: &PeerOptions) -> Result<Self, Error> {
        let tls = tls::Server::new(options.tls.certificate.as_ref())?;
        stream.set_nonblocking(true)?;
        let stream = tls.secure(mio::net::TcpStream::from_std(stream))?;
        let settings = Arc::new(ConnectionSettings::new(options, true));
        let connection = TcpConnection::accepted(stream, MAX_REQUEST_SIZE, settings, options.connect_timeout);
        Ok(Self::new(connection, Some(Box::new(options.clone()))))
    }

    fn accept_upgraded(handover: Handover, role: Role, options: &PeerOptions) -> Result<Self, Error> {
        let settings = Arc::new(ConnectionSettings::new(options, role == Role::Server));
        Ok(Self::new(TcpConnection::upgraded(handover, settings, options.connect_timeout)?, None))
    }

    fn poll(&mut self, link: &mut Link) {
        let now = self.clock.advance(now());
        // No event reports that a peer's socket is ready: each poll tries.
        self.connection.set_ready(true, true, false);
        with_scratch(|scratch| {
            let arrival = Arrival::at(now);
            let budget = Budget { read: MAX_READ, memory: usize::MAX };
            let mut context = PollContext { now, arrival, scratch, budget, read: 0 };
            self.connection.advance(&mut context, link);
            if self.answer(link) {
                self.connection.advance(&mut context, link);
            }
        });
    }

    fn close(&mut self, code: CloseCode, reason: &str, link: &mut Link) {
        let now = self.clock.advance(now());
        self.connection.close(code, reason, now, link);
    }

    fn peer_addr(&self, link: &Link) -> Result<SocketAddr, Error> {
        let addr = self.connection.peer_addr().ok_or(Error::NotOpen { state: link.state() })?;
        Ok(addr?)
    }

    fn set_nodelay(&mut self, on: bool, link: &Link) -> Result<(), Error> {
        let set = self.connection.set_nodelay(on).ok_or(Error::NotOpen { state: link.state() })?;
        Ok(set?)
    }
}
