//! One direction of one connection, on a thread of its own.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::{Connection, Direction, Stop, TICK};
use super::plan::{Fault, Grain, Way};
use super::schedule::Schedule;

/// How much is read at once. No more than that is under way: the rest slows its sender down.
const BLOCK: usize = 64 * 1024;

/// Passes bytes on until something ends that.
pub(super) struct Line {
    connection: Arc<Connection>,
    direction: Direction,
    grain: Grain,
    schedule: Schedule,
    faults: VecDeque<(u64, Fault)>,
    passed: u64,
    /// What came behind bytes that were still held back.
    later: Option<Stop>,
}

impl Line {
    pub(super) fn new(connection: Arc<Connection>, direction: Direction, way: &Way, seed: u64) -> Self {
        let schedule = Schedule::new(way, seed);
        let faults = way.faults.iter().copied().collect();
        Self { connection, direction, grain: way.grain, schedule, faults, passed: 0, later: None }
    }

    pub(super) fn run(mut self) {
        let why = loop {
            if let Err(why) = self.pass_block() {
                break why;
            }
        };
        self.connection.stop(self.direction, why);
        if matches!(why, Stop::Unwanted | Stop::HalfClose | Stop::Cut) {
            self.drop_the_rest();
        }
    }

    fn pass_block(&mut self) -> Result<(), Stop> {
        self.meet_faults()?;
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

    /// What goes wrong behind the bytes that have passed.
    fn meet_faults(&mut self) -> Result<(), Stop> {
        while let Some(&(position, fault)) = self.faults.front() {
            if position > self.passed {
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

    /// Waits for bytes; if they are to be joined, for more of them.
    fn read_block(&mut self) -> Result<Vec<u8>, Stop> {
        if let Some(stop) = self.later {
            return Err(stop);
        }
        let mut block = loop {
            if let Some(block) = self.read(TICK)? {
                break block;
            }
        };
        if let Grain::Joined { bytes, within } = self.grain {
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

    /// What comes within that time.
    fn read(&self, within: Duration) -> Result<Option<Vec<u8>>, Stop> {
        self.connection.check()?;
        let mut from = self.connection.sockets(self.direction).0;
        from.set_read_timeout(Some(within)).map_err(|_| Stop::Reset)?;
        let mut block = vec![0; BLOCK];
        match from.read(&mut block) {
            Ok(0) => {
                // It may be our own doing.
                self.connection.check()?;
                Err(Stop::Eof)
            }
            Ok(read) => {
                block.truncate(read);
                Ok(Some(block))
            }
            Err(error) if is_time_out(&error) => Ok(None),
            Err(_) => Err(Stop::Reset),
        }
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), Stop> {
        while !bytes.is_empty() {
            self.connection.check()?;
            let until_fault = self.faults.front().map_or(u64::MAX, |(position, _)| position - self.passed);
            let len = bytes.len().min(usize::try_from(until_fault).unwrap_or(usize::MAX));
            let mut to = self.connection.sockets(self.direction).1;
            match to.write(&bytes[..len]) {
                Ok(written) => {
                    self.connection.passed(self.direction, &bytes[..written]);
                    self.passed += written as u64;
                    bytes = &bytes[written..];
                    self.meet_faults()?;
                }
                Err(error) if is_time_out(&error) => {}
                Err(_) => return Err(Stop::Unwanted),
            }
        }
        Ok(())
    }

    /// Reads until the end, so that the sender neither waits for room nor is reset because of bytes that nobody read.
    fn drop_the_rest(&self) {
        let mut from = self.connection.sockets(self.direction).0;
        let mut block = vec![0; BLOCK];
        while self.connection.check() != Err(Stop::Over) {
            match from.read(&mut block) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if is_time_out(&error) => {}
                Err(_) => break,
            }
        }
    }
}

fn is_time_out(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
