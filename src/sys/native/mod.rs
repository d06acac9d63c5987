//! The native backend: non-blocking TCP, polled by the caller. No async runtime; one thread while a name is looked up.
//!
//! A [`connection`] goes through stages, from [`dial`] to [`linger`]. A [`Socket`] is one that a peer polls; a [`Reactor`]
//! wakes a server for those of its connections that have something to do. Under them lie [`stream`] (plain or TLS),
//! [`handshake`] and [`frames`], which see bytes only.

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
use self::{
    connection::TcpConnection,
    notify::{Interrupt, Wants},
    poll_context::PollContext,
};
pub(crate) use self::{notify::Notifier, reactor::Reactor};
use super::{Budget, PeerConnection};
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

/// How much is read at a time. What comes in is looked at here and copied from here, so it should fit a cache.
const SCRATCH: usize = 64 * 1024;

/// How many bytes one poll of a peer reads. Whoever sends without pause must not keep the caller from its frame.
const BUDGET: usize = 4 * 1024 * 1024;

/// The time since the first call.
pub(crate) fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// The time since 1970, by the calendar of the machine.
fn calendar() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Memory to read into, for whoever needs it next: an idle connection holds none.
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

/// A connection with a clock of its own: what a peer polls.
#[derive(Debug)]
pub(crate) struct Socket {
    connection: TcpConnection,
    clock: PatientClock,
    /// The options by which a request is to be answered.
    answer: Option<Box<PeerOptions>>,
}

impl Socket {
    fn new(connection: TcpConnection, answer: Option<Box<PeerOptions>>) -> Self {
        Self { connection, clock: PatientClock::start(now()), answer }
    }

    /// Answers a proper request. Returns `true` if there was one.
    fn answer(&mut self, link: &mut Link) -> bool {
        let Some(request) = self.connection.request() else { return false };
        let Some(options) = self.answer.take() else { return false };
        if !request.is_upgrade() {
            self.connection.decline();
            return true;
        }
        link.set_url(request.url());
        match choose_protocol(&options, request) {
            Ok(protocol) => self.connection.admit(protocol, &options.headers),
            Err(rejection) => self.connection.refuse(&rejection, &[]),
        }
        true
    }

    /// The program slept until then, on purpose: that time counts in full.
    fn slept_until(&mut self, wall: Duration) {
        self.clock.sleep(wall.min(now()));
    }

    /// Returns how long it is until this time.
    fn time_left(&mut self, due: Duration) -> Duration {
        due.saturating_sub(self.clock.advance(now()))
    }

    /// Returns what has to happen before a poll can move it on.
    fn wants(&self, link: &Link) -> Wants {
        self.connection.wants(link)
    }

    fn register(
        &mut self,
        registry: &mio::Registry,
        interrupt: &Arc<Interrupt>,
        ticket: usize,
        wants: &Wants,
    ) -> io::Result<()> {
        self.connection.register(registry, interrupt, ticket, wants)
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
        let connection = TcpConnection::accepted(stream, MAX_REQUEST_SIZE, options, Duration::ZERO);
        Ok(Self::new(connection, Some(Box::new(options.clone()))))
    }

    fn accept_upgraded(handover: Handover, role: Role, options: &PeerOptions) -> Result<Self, Error> {
        Ok(Self::new(TcpConnection::upgraded(handover, role, options, Duration::ZERO)?, None))
    }

    fn poll(&mut self, link: &mut Link) {
        let now = self.clock.advance(now());
        // Nothing tells a peer that its socket is ready: it asks.
        self.connection.ready(true, true, false);
        with_scratch(|scratch| {
            let arrival = Arrival { since: now, at: now };
            let budget = Budget { read: BUDGET, memory: usize::MAX };
            let mut turn = PollContext { now, arrival, scratch, budget, read: 0 };
            self.connection.poll(&mut turn, link);
            if self.answer(link) {
                self.connection.poll(&mut turn, link);
            }
        });
    }

    fn lingers(&self) -> bool {
        self.connection.lingers()
    }

    fn send(&mut self, packet: Outgoing<'_>, link: &mut Link) -> Result<(), Error> {
        let Some(open) = self.connection.open_mut() else {
            return Err(Error::NotOpen { state: link.state() });
        };
        // While packets wait to be read, the replies to them are gathered.
        open.send(packet, link.available() > 0, link);
        Ok(())
    }

    fn flush(&mut self, link: &mut Link) {
        self.connection.flush(link);
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
