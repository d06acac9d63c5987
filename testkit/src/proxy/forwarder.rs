//! The forwarding of one direction of a connection, on its own thread.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::{Connection, Direction, Stop, TICK};
use super::plan::{Chunking, DirectionPlan, Fault};
use super::schedule::Schedule;

/// The size of a read, in bytes. No more is in transit; then the sender has to wait.
const BLOCK: usize = 64 * 1024;

/// Forwards bytes until the direction ends.
pub(super) struct Forwarder {
    connection: Arc<Connection>,
    direction: Direction,
    chunking: Chunking,
    schedule: Schedule,
    faults: VecDeque<(u64, Fault)>,
    forwarded: u64,
    /// The end that follows bytes which are still held back.
    later: Option<Stop>,
}

impl Forwarder {
    pub(super) fn new(
        connection: Arc<Connection>,
        direction: Direction,
        plan: &DirectionPlan,
        seed: u64,
    ) -> Self {
        let schedule = Schedule::new(plan, seed);
        let faults = plan.faults.iter().copied().collect();
        Self { connection, direction, chunking: plan.chunking, schedule, faults, forwarded: 0, later: None }
    }

    pub(super) fn run(mut self) {
        let stop = loop {
            if let Err(stop) = self.forward_block() {
                break stop;
            }
        };
        self.connection.stop(self.direction, stop);
        if matches!(stop, Stop::WriteFailed | Stop::HalfClose | Stop::Cut) {
            self.discard_rest();
        }
    }

    fn forward_block(&mut self) -> Result<(), Stop> {
        self.apply_faults()?;
        let block = self.read_block()?;
        let came = Instant::now();
        for piece in self.schedule.pieces(block.len()) {
            let due = came + piece.due;
            if due > Instant::now() {
                self.connection.wait_until(Some(due))?;
            }
            self.write(&block[piece.range])?;
        }
        Ok(())
    }

    /// Applies the faults at the current position.
    fn apply_faults(&mut self) -> Result<(), Stop> {
        while let Some(&(position, fault)) = self.faults.front() {
            if position > self.forwarded {
                break;
            }
            self.faults.pop_front();
            match fault {
                Fault::Pause(time) => self.connection.wait_until(Some(Instant::now() + time))?,
                Fault::Stall => self.connection.wait_until(None)?,
                Fault::Cut => return Err(Stop::Cut),
                Fault::HalfClose => return Err(Stop::HalfClose),
                Fault::Reset => return Err(Stop::Reset),
            }
        }
        Ok(())
    }

    /// Waits for bytes; for more of them if the plan joins bytes.
    fn read_block(&mut self) -> Result<Vec<u8>, Stop> {
        if let Some(stop) = self.later {
            return Err(stop);
        }
        let mut block = loop {
            if let Some(block) = self.read(TICK)? {
                break block;
            }
        };
        if let Chunking::Joined { bytes, within } = self.chunking {
            let until = Instant::now() + within;
            while block.len() < bytes {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                match self.read(left.min(TICK)) {
                    Ok(more) => block.extend(more.unwrap_or_default()),
                    Err(stop) => {
                        self.later = Some(stop);
                        break;
                    }
                }
            }
        }
        Ok(block)
    }

    /// Returns the bytes that arrive within that time.
    fn read(&self, within: Duration) -> Result<Option<Vec<u8>>, Stop> {
        self.connection.check()?;
        let mut from = self.connection.sockets(self.direction).0;
        from.set_read_timeout(Some(within)).map_err(|_| Stop::Reset)?;
        let mut block = vec![0; BLOCK];
        match from.read(&mut block) {
            Ok(0) => {
                // The proxy itself may have shut the socket down.
                self.connection.check()?;
                Err(Stop::Eof)
            }
            Ok(read) => {
                block.truncate(read);
                Ok(Some(block))
            }
            Err(error) if is_timeout(&error) => Ok(None),
            Err(_) => Err(Stop::Reset),
        }
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), Stop> {
        while !bytes.is_empty() {
            self.connection.check()?;
            let until_fault = self.faults.front().map_or(u64::MAX, |(position, _)| position - self.forwarded);
            let len = bytes.len().min(usize::try_from(until_fault).unwrap_or(usize::MAX));
            let mut to = self.connection.sockets(self.direction).1;
            match to.write(&bytes[..len]) {
                Ok(written) => {
                    self.connection.forwarded(self.direction, &bytes[..written]);
                    self.forwarded += written as u64;
                    bytes = &bytes[written..];
                    self.apply_faults()?;
                }
                Err(error) if is_timeout(&error) => {}
                Err(_) => return Err(Stop::WriteFailed),
            }
        }
        Ok(())
    }

    /// Reads and discards until the end, so that the sender is neither blocked nor reset because of unread bytes.
    fn discard_rest(&self) {
        let mut from = self.connection.sockets(self.direction).0;
        let mut block = vec![0; BLOCK];
        while self.connection.check() != Err(Stop::Over) {
            match from.read(&mut block) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if is_timeout(&error) => {}
                Err(_) => break,
            }
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
