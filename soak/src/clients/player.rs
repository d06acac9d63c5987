//! One who comes and goes: away for a while, there for a while, until the wave is over.

use std::fmt;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::Tally;
use super::foreign::dial;
use super::visit::{Style, Visit};

pub struct Player {
    addr: SocketAddr,
    style: Style,
    random: Rng,
    place: Place,
}

enum Place {
    Away {
        until: Instant,
    },
    There(Box<Visit>),
    /// At the door, with half of a request said.
    Hesitating {
        tcp: TcpStream,
        unsaid: &'static [u8],
        until: Instant,
    },
}

/// What is said there.
const HALF: &[u8] = b"GET /hesitating HTTP/1.1\r\nHost: soak\r\nUpgr";

/// One in so many does not get past the door.
const HESITATE: u32 = 20;

impl Player {
    /// One who comes first within `arrivals`.
    pub fn new(addr: SocketAddr, style: Style, seed: u64, begin: Instant, arrivals: Duration) -> Self {
        let mut random = Rng::with_seed(seed);
        let until = begin + arrivals.mul_f64(random.f64());
        Self { addr, style, random, place: Place::Away { until } }
    }

    /// Moves on; whether it will come back. Nobody comes after the `end`.
    pub fn step(&mut self, now: Instant, end: Instant, tally: &mut Tally) -> bool {
        match &mut self.place {
            Place::Away { until } => {
                if now >= end {
                    return false;
                }
                if now >= *until {
                    self.come(now, tally);
                }
            }
            Place::There(visit) => {
                if let Some(ended) = visit.step(now, now >= end) {
                    tally.ended(ended);
                    self.leave(now);
                }
            }
            Place::Hesitating { tcp, unsaid, until } => {
                // It is still being connected, or has been turned away by now.
                let said = tcp.write(unsaid).unwrap_or(0);
                *unsaid = &unsaid[said..];
                if now >= *until || now >= end {
                    tally.ended(Ok("said half of a request, and went"));
                    self.leave(now);
                }
            }
        }
        true
    }

    fn come(&mut self, now: Instant, tally: &mut Tally) {
        let place = if self.random.u32(0..HESITATE) == 0 { self.hesitate(now) } else { self.visit() };
        match place {
            Ok(place) => self.place = place,
            Err(error) => {
                tally.ended(Err(error));
                self.leave(now);
            }
        }
    }

    fn visit(&mut self) -> Result<Place, String> {
        let random = Rng::with_seed(self.random.u64(..));
        Ok(Place::There(Box::new(Visit::begin(self.addr, self.style, random)?)))
    }

    fn hesitate(&mut self, now: Instant) -> Result<Place, String> {
        let tcp = dial(self.addr).map_err(|error| format!("could not get to the door: {error}"))?;
        // The server's patience ends after five seconds.
        let until = now + Duration::from_secs_f64(self.random.f64() * 8.0);
        Ok(Place::Hesitating { tcp, unsaid: HALF, until })
    }

    fn leave(&mut self, now: Instant) {
        let away = Duration::from_secs_f64(self.random.f64() * 3.0);
        self.place = Place::Away { until: now + away };
    }
}

impl fmt::Display for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Away { .. } => f.write_str("away"),
            Place::There(visit) => visit.fmt(f),
            Place::Hesitating { .. } => f.write_str("at the door"),
        }
    }
}
