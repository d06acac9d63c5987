//! One visit, from the first byte to the last: how somebody behaves, and whether the server did what it had to.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::foreign::Foreign;
use super::line::{Heard, Line, State};
use super::ours::Ours;
use crate::message::{POUR, farewell, farewell_of, number_of, numbered, tick_of};

/// How somebody who has talked for a while goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Takes leave, and closes.
    Polite,
    /// Asks for a lot and reads nothing for a while; then polite.
    Stalling,
    /// Asks for a lot and never reads again. The server has to notice.
    Deaf,
    /// Says nothing and reads nothing any more. The server has to notice.
    Silent,
    /// Is gone.
    Dropping,
    /// Is gone, with a reset.
    Resetting,
}

const MANNERS: [(Manner, u32); 6] = [
    (Manner::Polite, 60),
    (Manner::Stalling, 2),
    (Manner::Deaf, 1),
    (Manner::Silent, 5),
    (Manner::Dropping, 15),
    (Manner::Resetting, 15),
];

/// How long a farewell may take to be answered, and a close.
const GOODBYE: Duration = Duration::from_secs(30);

/// How many messages are read in a frame.
const AT_ONCE: usize = 300;

/// One message in so many is long.
const LONG: u32 = 200;

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// The longest that somebody talks.
    pub talk: Duration,
    /// The server's.
    pub patience: Duration,
}

pub struct Visit {
    line: Box<dyn Line>,
    manner: Manner,
    style: Style,
    random: Rng,
    /// How long it talks before it shows its manners.
    talk: Duration,
    stage: Stage,
    sent: u64,
    received: u64,
    /// The last tick.
    tick: u64,
    /// How many messages the server says that it has sent.
    told: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Opening,
    Talking { next: Instant, until: Instant },
    Stalled { until: Instant },
    Unnoticed { until: Instant },
    TakingLeave { due: Instant },
    Closing { due: Instant },
}

/// How a visit ended; an `Err` says what the server did wrong.
pub type Ended = Result<&'static str, String>;

impl Visit {
    pub fn begin(addr: SocketAddr, style: Style, mut random: Rng) -> Result<Self, String> {
        let manner = draw(&mut random);
        // Only tungstenite's socket can be reset, and made to have small buffers.
        let needs_foreign = matches!(manner, Manner::Resetting | Manner::Deaf);
        let line: Box<dyn Line> = if needs_foreign || random.bool() {
            Box::new(Foreign::connect(addr)?)
        } else {
            Box::new(Ours::connect(addr)?)
        };
        let talk = style.talk.mul_f64(random.f64());
        Ok(Self {
            line,
            manner,
            style,
            random,
            talk,
            stage: Stage::Opening,
            sent: 0,
            received: 0,
            tick: 0,
            told: None,
        })
    }

    /// Moves on; how it ended, once it has. `hurry`: it is time to leave.
    pub fn step(&mut self, now: Instant, hurry: bool) -> Option<Ended> {
        match self.stage {
            // Whoever does not listen notices nothing.
            Stage::Unnoticed { until } if now < until && hurry => return Some(Ok("vanished")),
            Stage::Stalled { until } | Stage::Unnoticed { until } if now < until => return None,
            _ => {}
        }
        let state = self.line.poll();
        // There are others who want to listen; but of what is over nothing may be missed.
        let at_once = if state == State::Over { usize::MAX } else { AT_ONCE };
        if let Err(fault) = self.listen(at_once) {
            return Some(Err(format!("{fault}: {self}")));
        }
        if state == State::Over {
            return Some(self.over());
        }
        match self.stage {
            Stage::Opening if state == State::Open => {
                self.stage = Stage::Talking { next: now, until: now + self.talk };
            }
            Stage::Opening => {}
            Stage::Talking { until, .. } if now >= until || hurry => return self.turn(now, hurry),
            Stage::Talking { next, until } if now >= next => {
                self.talk();
                let pause = Duration::from_secs_f64(0.2 + self.random.f64() * 1.8);
                self.stage = Stage::Talking { next: now + pause, until };
            }
            Stage::Talking { .. } => {}
            Stage::Stalled { .. } => self.take_leave(now),
            Stage::Unnoticed { until } if now >= until + GOODBYE => {
                return Some(Err(format!("the server has not noticed: {self}")));
            }
            Stage::Unnoticed { .. } => {}
            Stage::TakingLeave { due } => match self.told {
                Some(told) if told != self.received => {
                    return Some(Err(format!("the server has sent {told} messages: {self}")));
                }
                Some(_) => {
                    self.line.close();
                    self.stage = Stage::Closing { due: now + GOODBYE };
                }
                None if now >= due => return Some(Err(format!("no farewell was answered: {self}"))),
                None => {}
            },
            Stage::Closing { due } if now >= due => {
                return Some(Err(format!("no close was answered: {self}")));
            }
            Stage::Closing { .. } => {}
        }
        None
    }

    /// The talk is over; now everybody shows his manners.
    fn turn(&mut self, now: Instant, hurry: bool) -> Option<Ended> {
        match self.manner {
            Manner::Polite => self.take_leave(now),
            Manner::Stalling | Manner::Deaf | Manner::Silent if hurry => self.take_leave(now),
            Manner::Stalling | Manner::Deaf if !self.line.send_text(POUR) => self.take_leave(now),
            Manner::Stalling => {
                let time = self.style.patience.mul_f64(0.2 + 0.6 * self.random.f64());
                self.stage = Stage::Stalled { until: now + time };
            }
            Manner::Deaf | Manner::Silent => {
                self.stage = Stage::Unnoticed { until: now + 3 * self.style.patience }
            }
            Manner::Dropping => return Some(Ok("vanished")),
            Manner::Resetting => {
                self.line.arm_reset();
                return Some(Ok("vanished with a reset"));
            }
        }
        None
    }

    fn talk(&mut self) {
        let len = if self.random.u32(0..LONG) == 0 {
            self.random.usize(1000..60_000)
        } else {
            self.random.usize(8..200)
        };
        if self.line.send(&numbered(self.sent, len)) {
            self.sent += 1;
        }
    }

    fn take_leave(&mut self, now: Instant) {
        if self.line.send_text(&farewell(self.sent)) {
            self.stage = Stage::TakingLeave { due: now + GOODBYE };
        }
    }

    fn listen(&mut self, at_once: usize) -> Result<(), String> {
        for _ in 0..at_once {
            let Some(heard) = self.line.recv() else { break };
            match heard {
                Heard::Binary(message) => {
                    let number = number_of(&message);
                    if self.told.is_some() || number != Some(self.received) {
                        return Err(format!("the server said {number:?} out of turn"));
                    }
                    self.received += 1;
                }
                Heard::Text(text) => match (tick_of(&text), farewell_of(&text)) {
                    (Some(tick), _) if tick > self.tick => self.tick = tick,
                    (None, Some(told)) if self.told.is_none() => self.told = Some(told),
                    _ => return Err(format!("the server said {text:?} out of turn")),
                },
            }
        }
        Ok(())
    }

    /// The connection has ended: whether it had to.
    fn over(&self) -> Ended {
        match (self.stage, self.manner) {
            (Stage::Closing { .. }, _) if self.line.was_closed() => Ok(match self.manner {
                Manner::Stalling => "stalled, and took leave",
                _ => "took leave",
            }),
            (Stage::Unnoticed { .. }, Manner::Deaf) => Ok("asked for a lot, read nothing, and was left"),
            (Stage::Unnoticed { .. }, _) => Ok("fell silent, and was left"),
            _ => Err(format!("the server ended it: {self}")),
        }
    }
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { manner, stage, sent, received, tick, .. } = self;
        let line = self.line.describe();
        write!(f, "{manner:?}, {stage:?}, sent {sent}, received {received}, tick {tick}; {line}")
    }
}

fn draw(random: &mut Rng) -> Manner {
    let mut left = random.u32(0..MANNERS.iter().map(|(_, weight)| weight).sum());
    for (manner, weight) in MANNERS {
        if left < weight {
            return manner;
        }
        left -= weight;
    }
    Manner::Polite
}
