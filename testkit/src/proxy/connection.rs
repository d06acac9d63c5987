//! What the two directions of a connection share: both sockets, and how it ends.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::SockRef;

/// How long a read or write may block before it looks whether the connection goes on.
pub(super) const TICK: Duration = Duration::from_millis(25);

/// The two sockets of the proxy for one client.
pub(super) struct Connection {
    pub(super) client: TcpStream,
    pub(super) server: TcpStream,
    state: Mutex<State>,
    changed: Condvar,
    transcript: Option<Arc<Mutex<Transcript>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running {
        /// One direction has ended in order.
        is_half_over: bool,
        /// One of the ends takes nothing any more. What it said before still passes.
        is_broken: bool,
    },
    /// Both ends have been told the end; what they still say is dropped.
    Cut,
    /// The sockets are to be closed.
    Over,
}

/// Why a direction passes nothing on any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Its sender ended TCP in order.
    Eof,
    /// Its sender reset TCP, or the plan says so.
    Reset,
    /// Its receiver takes nothing any more.
    Unwanted,
    /// The plan ends this direction.
    HalfClose,
    /// The plan ends both.
    Cut,
    /// The other direction, or the proxy, has closed the sockets.
    Over,
}

/// What has passed through a connection, each way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    /// From the client to the server.
    pub to_server: Passed,
    /// From the server to the client.
    pub to_client: Passed,
}

/// What an end has been given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passed {
    /// Every byte.
    pub bytes: Vec<u8>,
    /// How TCP ended behind them; `None` while it has not.
    pub end: Option<End>,
}

/// How TCP ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In order.
    Eof,
    /// With a reset.
    Reset,
}

/// A direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    ToServer,
    ToClient,
}

impl Connection {
    pub(super) fn new(
        client: TcpStream,
        server: TcpStream,
        transcript: Option<Arc<Mutex<Transcript>>>,
    ) -> io::Result<Self> {
        for tcp in [&client, &server] {
            tcp.set_nodelay(true)?;
            tcp.set_read_timeout(Some(TICK))?;
            tcp.set_write_timeout(Some(TICK))?;
        }
        let state = Mutex::new(State::Running { is_half_over: false, is_broken: false });
        Ok(Self { client, server, state, changed: Condvar::new(), transcript })
    }

    /// Where the bytes of a direction come from and where they go.
    pub(super) fn sockets(&self, direction: Direction) -> (&TcpStream, &TcpStream) {
        match direction {
            Direction::ToServer => (&self.client, &self.server),
            Direction::ToClient => (&self.server, &self.client),
        }
    }

    /// Whether bytes may pass.
    pub(super) fn check(&self) -> Result<(), Stop> {
        match *self.lock() {
            State::Running { .. } => Ok(()),
            State::Cut => Err(Stop::Cut),
            State::Over => Err(Stop::Over),
        }
    }

    /// Lets time pass, unless something ends the connection.
    pub(super) fn wait_until(&self, moment: Option<Instant>) -> Result<(), Stop> {
        loop {
            let left = moment.map(|moment| moment.saturating_duration_since(Instant::now()));
            self.check()?;
            match left {
                Some(Duration::ZERO) => return Ok(()),
                left => {
                    let state = self.lock();
                    if matches!(*state, State::Running { .. }) {
                        let left = left.map_or(TICK, |left| left.min(TICK));
                        drop(self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner));
                    }
                }
            }
        }
    }

    /// These bytes have been given to their receiver.
    pub(super) fn passed(&self, direction: Direction, bytes: &[u8]) {
        self.record(direction, |passed| passed.bytes.extend_from_slice(bytes));
    }

    /// A direction has stopped. The receiver is told what there is to tell.
    pub(super) fn stop(&self, direction: Direction, why: Stop) {
        match why {
            Stop::Reset => self.reset(),
            Stop::Over => {}
            Stop::Cut => {
                self.end_in_order(Direction::ToServer);
                self.end_in_order(Direction::ToClient);
                self.turn(State::Cut);
            }
            Stop::Eof | Stop::HalfClose | Stop::Unwanted => {
                // The first of two that stop leaves the last word to the other.
                let (first, is_broken) = self.note(why);
                match (why, first, is_broken) {
                    (Stop::HalfClose, ..) | (Stop::Eof, _, false) => self.end_in_order(direction),
                    (Stop::Unwanted, true, _) => {}
                    _ => self.reset(),
                }
            }
        }
    }

    /// Closes the sockets as soon as both directions have let go of them.
    pub(super) fn close(&self) {
        self.turn(State::Over);
        for tcp in [&self.client, &self.server] {
            // It wakes whoever reads. A socket that is not connected any more has woken him already.
            let _ = tcp.shutdown(Shutdown::Read);
        }
    }

    fn reset(&self) {
        for tcp in [&self.client, &self.server] {
            // The close sends a reset then. A socket that cannot be told so was reset by its other end.
            let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
        }
        for direction in [Direction::ToServer, Direction::ToClient] {
            self.record(direction, |passed| passed.end = passed.end.or(Some(End::Reset)));
        }
        self.close();
    }

    fn end_in_order(&self, direction: Direction) {
        self.record(direction, |passed| passed.end = passed.end.or(Some(End::Eof)));
        // A receiver that is gone need not be told.
        let _ = self.sockets(direction).1.shutdown(Shutdown::Write);
    }

    /// Whether this is the first direction to stop, and whether an end is known to take nothing any more.
    fn note(&self, why: Stop) -> (bool, bool) {
        match &mut *self.lock() {
            State::Running { is_half_over, is_broken } => {
                let is_first = !*is_half_over && !*is_broken;
                *is_half_over |= why != Stop::Unwanted;
                *is_broken |= why == Stop::Unwanted;
                (is_first, *is_broken)
            }
            State::Cut | State::Over => (true, false),
        }
    }

    /// The state only ever gets worse.
    fn turn(&self, to: State) {
        let mut state = self.lock();
        if *state != State::Over {
            *state = to;
        }
        self.changed.notify_all();
    }

    fn record(&self, direction: Direction, note: impl FnOnce(&mut Passed)) {
        if let Some(transcript) = &self.transcript {
            let mut transcript = transcript.lock().unwrap_or_else(PoisonError::into_inner);
            note(match direction {
                Direction::ToServer => &mut transcript.to_server,
                Direction::ToClient => &mut transcript.to_client,
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
