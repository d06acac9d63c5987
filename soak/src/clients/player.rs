//! A client that connects again and again, with pauses, until the wave ends.

use std::fmt;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::Tally;
use super::client_run::{ClientRun, Durations};
use super::third_party::dial;

pub struct Player {
    addr: SocketAddr,
    durations: Durations,
    random: Rng,
    phase: Phase,
}

enum Phase {
    Away {
        until: Instant,
    },
    Connected(Box<ClientRun>),
    /// Sends only half of a request.
    HalfRequest {
        tcp: TcpStream,
        unsent: &'static [u8],
        until: Instant,
    },
}

const HALF: &[u8] = b"GET /half HTTP/1.1\r\nHost: soak\r\nUpgr";

/// One connection of this number sends half of a request.
const HALF_REQUESTS: u32 = 20;

impl Player {
    /// Returns a client that first connects within `arrivals`.
    pub fn new(
        addr: SocketAddr,
        durations: Durations,
        seed: u64,
        begin: Instant,
        arrivals: Duration,
    ) -> Self {
        let mut random = Rng::with_seed(seed);
        let until = begin + arrivals.mul_f64(random.f64());
        Self { addr, durations, random, phase: Phase::Away { until } }
    }

    /// Runs a step. Returns `false` when it will not connect again, which is after `end`.
    pub fn step(&mut self, now: Instant, end: Instant, tally: &mut Tally) -> bool {
        match &mut self.phase {
            Phase::Away { until } => {
                if now >= end {
                    return false;
                }
                if now >= *until {
                    self.connect(now, tally);
                }
            }
            Phase::Connected(run) => {
                if let Some(ended) = run.step(now, now >= end) {
                    tally.ended(ended);
                    self.pause(now);
                }
            }
            Phase::HalfRequest { tcp, unsent, until } => {
                // It may still connect, or be rejected by now.
                let sent = tcp.write(unsent).unwrap_or(0);
                *unsent = &unsent[sent..];
                if now >= *until || now >= end {
                    tally.ended(Ok("sent half of a request"));
                    self.pause(now);
                }
            }
        }
        true
    }

    fn connect(&mut self, now: Instant, tally: &mut Tally) {
        let phase = if self.random.u32(0..HALF_REQUESTS) == 0 { self.send_half(now) } else { self.run() };
        match phase {
            Ok(phase) => self.phase = phase,
            Err(error) => {
                tally.ended(Err(error));
                self.pause(now);
            }
        }
    }

    fn run(&mut self) -> Result<Phase, String> {
        let random = Rng::with_seed(self.random.u64(..));
        Ok(Phase::Connected(Box::new(ClientRun::begin(self.addr, self.durations, random)?)))
    }

    fn send_half(&mut self, now: Instant) -> Result<Phase, String> {
        let tcp = dial(self.addr).map_err(|error| format!("cannot connect: {error}"))?;
        // The server's `connect_timeout` is five seconds.
        let until = now + Duration::from_secs_f64(self.random.f64() * 8.0);
        Ok(Phase::HalfRequest { tcp, unsent: HALF, until })
    }

    fn pause(&mut self, now: Instant) {
        let away = Duration::from_secs_f64(self.random.f64() * 3.0);
        self.phase = Phase::Away { until: now + away };
    }
}

impl fmt::Display for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.phase {
            Phase::Away { .. } => f.write_str("away"),
            Phase::Connected(run) => run.fmt(f),
            Phase::HalfRequest { .. } => f.write_str("half of a request"),
        }
    }
}
