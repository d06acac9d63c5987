//! One connection of a client, from begin to end: how the client behaves, and what it expects of the server.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::client::{Client, Message, State};
use super::ours::Ours;
use super::third_party::ThirdParty;
use crate::message::{FLOOD, last_message, last_message_of, number_of, numbered, tick_of};

/// What a client does after it has talked for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    /// Exchanges last messages, and closes.
    Polite,
    /// Requests a flood and reads nothing for a while, then closes.
    Stalling,
    /// Requests a flood and never reads again. The server has to notice.
    NotReading,
    /// Sends and reads nothing more. The server has to notice.
    Silent,
    /// Drops the connection.
    Dropping,
    /// Resets the connection.
    Resetting,
}

const BEHAVIOURS: [(Behaviour, u32); 6] = [
    (Behaviour::Polite, 60),
    (Behaviour::Stalling, 2),
    (Behaviour::NotReading, 1),
    (Behaviour::Silent, 5),
    (Behaviour::Dropping, 15),
    (Behaviour::Resetting, 15),
];

/// The longest time for the answer to the last message, and to a close.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The most messages that are read in a frame.
const AT_ONCE: usize = 300;

/// One message of this number is long.
const LONG: u32 = 200;

/// Durations of the load.
#[derive(Debug, Clone, Copy)]
pub struct Durations {
    /// The longest time that a client talks.
    pub talk: Duration,
    /// The heartbeat interval of the server.
    pub patience: Duration,
}

pub struct ClientRun {
    client: Box<dyn Client>,
    behaviour: Behaviour,
    durations: Durations,
    random: Rng,
    /// The time that it talks before it behaves as chosen.
    talk: Duration,
    stage: Stage,
    sent: u64,
    received: u64,
    /// The last tick.
    tick: u64,
    /// The number of messages that the server has sent, by its last message.
    announced: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Opening,
    Talking { next: Instant, until: Instant },
    Stalled { until: Instant },
    Unnoticed { until: Instant },
    Finishing { due: Instant },
    Closing { due: Instant },
}

/// How a run ended. An `Err` is a fault of the server.
pub type Ended = Result<&'static str, String>;

impl ClientRun {
    pub fn begin(addr: SocketAddr, durations: Durations, mut random: Rng) -> Result<Self, String> {
        let behaviour = choose(&mut random);
        // Only tungstenite's socket can be reset, and have small buffers.
        let needs_third_party = matches!(behaviour, Behaviour::Resetting | Behaviour::NotReading);
        let client: Box<dyn Client> = if needs_third_party || random.bool() {
            Box::new(ThirdParty::connect(addr)?)
        } else {
            Box::new(Ours::connect(addr)?)
        };
        let talk = durations.talk.mul_f64(random.f64());
        Ok(Self {
            client,
            behaviour,
            durations,
            random,
            talk,
            stage: Stage::Opening,
            sent: 0,
            received: 0,
            tick: 0,
            announced: None,
        })
    }

    /// Runs a step, and returns how the run ended, once it has. With `hurry` the run ends soon.
    pub fn step(&mut self, now: Instant, hurry: bool) -> Option<Ended> {
        match self.stage {
            // A client that does not poll notices nothing.
            Stage::Unnoticed { until } if now < until && hurry => return Some(Ok("vanished")),
            Stage::Stalled { until } | Stage::Unnoticed { until } if now < until => return None,
            _ => {}
        }
        let state = self.client.poll();
        // Other clients need time, too; but all messages of a closed connection are read.
        let at_once = if state == State::Closed { usize::MAX } else { AT_ONCE };
        if let Err(fault) = self.read(at_once) {
            return Some(Err(format!("{fault}: {self}")));
        }
        if state == State::Closed {
            return Some(self.closed());
        }
        match self.stage {
            Stage::Opening if state == State::Open => {
                self.stage = Stage::Talking { next: now, until: now + self.talk };
            }
            Stage::Opening => {}
            Stage::Talking { until, .. } if now >= until || hurry => return self.end(now, hurry),
            Stage::Talking { next, until } if now >= next => {
                self.talk();
                let pause = Duration::from_secs_f64(0.2 + self.random.f64() * 1.8);
                self.stage = Stage::Talking { next: now + pause, until };
            }
            Stage::Talking { .. } => {}
            Stage::Stalled { .. } => self.finish(now),
            Stage::Unnoticed { until } if now >= until + ANSWER_TIMEOUT => {
                return Some(Err(format!("the server has not noticed: {self}")));
            }
            Stage::Unnoticed { .. } => {}
            Stage::Finishing { due } => match self.announced {
                Some(count) if count != self.received => {
                    return Some(Err(format!("the server has sent {count} messages: {self}")));
                }
                Some(_) => {
                    self.client.close();
                    self.stage = Stage::Closing { due: now + ANSWER_TIMEOUT };
                }
                None if now >= due => return Some(Err(format!("the last message was not answered: {self}"))),
                None => {}
            },
            Stage::Closing { due } if now >= due => {
                return Some(Err(format!("the close was not answered: {self}")));
            }
            Stage::Closing { .. } => {}
        }
        None
    }

    /// Behaves as chosen after the talk.
    fn end(&mut self, now: Instant, hurry: bool) -> Option<Ended> {
        match self.behaviour {
            Behaviour::Polite => self.finish(now),
            Behaviour::Stalling | Behaviour::NotReading | Behaviour::Silent if hurry => self.finish(now),
            Behaviour::Stalling | Behaviour::NotReading if !self.client.send_text(FLOOD) => self.finish(now),
            Behaviour::Stalling => {
                let time = self.durations.patience.mul_f64(0.2 + 0.6 * self.random.f64());
                self.stage = Stage::Stalled { until: now + time };
            }
            Behaviour::NotReading | Behaviour::Silent => {
                self.stage = Stage::Unnoticed { until: now + 3 * self.durations.patience }
            }
            Behaviour::Dropping => return Some(Ok("vanished")),
            Behaviour::Resetting => {
                self.client.arm_reset();
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
        if self.client.send(&numbered(self.sent, len)) {
            self.sent += 1;
        }
    }

    fn finish(&mut self, now: Instant) {
        if self.client.send_text(&last_message(self.sent)) {
            self.stage = Stage::Finishing { due: now + ANSWER_TIMEOUT };
        }
    }

    fn read(&mut self, at_once: usize) -> Result<(), String> {
        for _ in 0..at_once {
            let Some(message) = self.client.recv() else { break };
            match message {
                Message::Binary(message) => {
                    let number = number_of(&message);
                    if self.announced.is_some() || number != Some(self.received) {
                        return Err(format!("the server sent {number:?} out of order"));
                    }
                    self.received += 1;
                }
                Message::Text(text) => match (tick_of(&text), last_message_of(&text)) {
                    (Some(tick), _) if tick > self.tick => self.tick = tick,
                    (None, Some(count)) if self.announced.is_none() => self.announced = Some(count),
                    _ => return Err(format!("the server sent {text:?} out of order")),
                },
            }
        }
        Ok(())
    }

    /// Judges the end of the connection.
    fn closed(&self) -> Ended {
        match (self.stage, self.behaviour) {
            (Stage::Closing { .. }, _) if self.client.was_closed() => Ok(match self.behaviour {
                Behaviour::Stalling => "stalled, and closed",
                _ => "closed",
            }),
            (Stage::Unnoticed { .. }, Behaviour::NotReading) => Ok("did not read, and was disconnected"),
            (Stage::Unnoticed { .. }, _) => Ok("became silent, and was disconnected"),
            _ => Err(format!("the server ended the connection: {self}")),
        }
    }
}

impl fmt::Display for ClientRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { behaviour, stage, sent, received, tick, .. } = self;
        let client = self.client.describe();
        write!(f, "{behaviour:?}, {stage:?}, sent {sent}, received {received}, tick {tick}; {client}")
    }
}

fn choose(random: &mut Rng) -> Behaviour {
    let mut left = random.u32(0..BEHAVIOURS.iter().map(|(_, weight)| weight).sum());
    for (behaviour, weight) in BEHAVIOURS {
        if left < weight {
            return behaviour;
        }
        left -= weight;
    }
    Behaviour::Polite
}
