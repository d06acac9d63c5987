//! The state that the two directions of a connection share: both sockets, and the end.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::SockRef;

/// The time that a read or write may block before it checks if the connection has ended.
pub(super) const TICK: Duration = Duration::from_millis(25);

/// The proxy's two sockets for one client.
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
        /// `true` if one direction has ended in order.
        is_half_over: bool,
        /// `true` if a write to one end has failed. Earlier bytes of that end are still forwarded.
        is_broken: bool,
    },
    /// TCP has ended at both ends; later bytes are dropped.
    Cut,
    /// The sockets are closed as soon as both directions stop.
    Over,
}

/// The reason why a direction has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The sender has ended TCP in order.
    Eof,
    /// The sender has reset TCP, or the plan resets it.
    Reset,
    /// A write to the receiver has failed.
    WriteFailed,
    /// The plan ends this direction.
    HalfClose,
    /// The plan ends both directions.
    Cut,
    /// The other direction, or the proxy, has closed the sockets.
    Over,
}

/// The bytes that were forwarded in each direction of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    /// From the client to the server.
    pub to_server: Passed,
    /// From the server to the client.
    pub to_client: Passed,
}

/// What an end has received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passed {
    /// Every byte.
    pub bytes: Vec<u8>,
    /// How TCP ended; `None` before.
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

    /// The source and the destination of a direction.
    pub(super) fn sockets(&self, direction: Direction) -> (&TcpStream, &TcpStream) {
        match direction {
            Direction::ToServer => (&self.client, &self.server),
            Direction::ToClient => (&self.server, &self.client),
        }
    }

    /// Returns an error if the connection has ended.
    pub(super) fn check(&self) -> Result<(), Stop> {
        match *self.lock() {
            State::Running { .. } => Ok(()),
            State::Cut => Err(Stop::Cut),
            State::Over => Err(Stop::Over),
        }
    }

    /// Waits until this time, or without one until the connection ends.
    pub(super) fn wait_until(&self, until: Option<Instant>) -> Result<(), Stop> {
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
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

    /// Records bytes that were written to their receiver.
    pub(super) fn forwarded(&self, direction: Direction, bytes: &[u8]) {
        self.record(direction, |forwarded| forwarded.bytes.extend_from_slice(bytes));
    }

    /// Handles the end of a direction, and passes it to the receiver.
    pub(super) fn stop(&self, direction: Direction, stop: Stop) {
        match stop {
            Stop::Reset => self.reset(),
            Stop::Over => {}
            Stop::Cut => {
                self.end_in_order(Direction::ToServer);
                self.end_in_order(Direction::ToClient);
                self.set(State::Cut);
            }
            Stop::Eof | Stop::HalfClose | Stop::WriteFailed => {
                // After a failed write the other direction decides how TCP ends.
                let (is_first, is_broken) = self.note(stop);
                match (stop, is_first, is_broken) {
                    (Stop::HalfClose, ..) | (Stop::Eof, _, false) => self.end_in_order(direction),
                    (Stop::WriteFailed, true, _) => {}
                    _ => self.reset(),
                }
            }
        }
    }

    /// Closes the sockets as soon as both directions have stopped.
    pub(super) fn close(&self) {
        self.set(State::Over);
        for tcp in [&self.client, &self.server] {
            // This wakes a blocked read. It fails for a socket that is not connected, whose reads return anyway.
            let _ = tcp.shutdown(Shutdown::Read);
        }
    }

    fn reset(&self) {
        for tcp in [&self.client, &self.server] {
            // Closing then sends a reset. This fails for a socket that its other end has reset.
            let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
        }
        for direction in [Direction::ToServer, Direction::ToClient] {
            self.record(direction, |forwarded| forwarded.end = forwarded.end.or(Some(End::Reset)));
        }
        self.close();
    }

    fn end_in_order(&self, direction: Direction) {
        self.record(direction, |forwarded| forwarded.end = forwarded.end.or(Some(End::Eof)));
        // This fails if the receiver has disconnected.
        let _ = self.sockets(direction).1.shutdown(Shutdown::Write);
    }

    /// Returns whether this is the first direction to stop, and whether a write to an end has failed.
    fn note(&self, stop: Stop) -> (bool, bool) {
        match &mut *self.lock() {
            State::Running { is_half_over, is_broken } => {
                let is_first = !*is_half_over && !*is_broken;
                *is_half_over |= stop != Stop::WriteFailed;
                *is_broken |= stop == Stop::WriteFailed;
                (is_first, *is_broken)
            }
            State::Cut | State::Over => (true, false),
        }
    }

    /// `Over` is final.
    fn set(&self, to: State) {
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
