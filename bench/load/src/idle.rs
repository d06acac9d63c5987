//! A server as it is most of the time: thousands who are silent, and a few who play.

use std::{
    ffi::OsString,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde::Serialize;

use crate::{
    cores::{Cores, allow_descriptors},
    crowd::Crowd,
    pace::{Pace, latency_us},
    ring::Ring,
    server::Server,
};

/// What to do.
#[derive(Debug)]
pub struct Plan {
    /// How many are silent.
    pub idle: usize,
    /// How many play.
    pub active: usize,
    /// How many messages each of these sends in a second.
    pub hz: u32,
    /// How long before it counts.
    pub warm_up: Duration,
    /// How long it counts.
    pub time: Duration,
    /// Whether the server says something when its input is closed.
    pub last_words: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// What an idle connection adds to the server's memory after its handshake, in bytes.
    pub memory_joined: f64,
    /// The same once it has sent and got one message.
    pub memory_spoken: f64,
    /// How much of its core the server had while the active ones played.
    pub server_share: f64,
    /// From a message to its echo, in microseconds, for the active ones: half of them, 99 %, and 99.9 % took no longer.
    pub latency_us: [f64; 3],
    /// The server's last line.
    pub last_words: Option<String>,
}

/// The size of a message.
const BYTES: usize = 64;
/// How many of the idle ones speak at a time, when each does so once.
const AT_A_TIME: usize = 64;
/// How long memory gets to settle before it is measured.
const SETTLE: Duration = Duration::from_millis(500);

/// Does it.
///
/// # Errors
/// The server does not answer as it should.
pub fn run(plan: &Plan, command: &[OsString]) -> Result<Measured> {
    allow_descriptors(plan.idle + plan.active)?;
    let mut server = Server::start(Cores::find()?, command)?;
    let mut crowd = Crowd::new(server.addr(), Ring::new(64, BYTES))?;

    let before = server.memory()? as f64;
    let each = |now: u64| (now as f64 - before) / plan.idle as f64;
    crowd.join(plan.idle)?;
    crowd.rest(SETTLE)?;
    let memory_joined = each(server.memory()?);
    everybody_speaks_once(&mut crowd)?;
    crowd.rest(SETTLE)?;
    let memory_spoken = each(server.memory()?);

    crowd.join(plan.active)?;
    let pace = Pace { players: plan.idle..plan.idle + plan.active, hz: plan.hz };
    pace.keep(&mut crowd, plan.warm_up, |listener| listener)?;
    if plan.last_words {
        server.mark()?;
    }
    let (start, cpu) = (Instant::now(), server.cpu_time()?);
    let latencies = pace.keep(&mut crowd, plan.time, |listener| listener)?;
    let server_share = (server.cpu_time()? - cpu).as_secs_f64() / start.elapsed().as_secs_f64();

    let latency_us = latency_us(latencies);
    // The server goes first: then it is the one that the system remembers each connection for.
    let last_words = if plan.last_words {
        server.last_words()?
    } else {
        drop(server);
        None
    };
    Ok(Measured { memory_joined, memory_spoken, server_share, latency_us, last_words })
}

fn everybody_speaks_once(crowd: &mut Crowd) -> Result<()> {
    let mut next = 0;
    let mut due = 0;
    while next < crowd.len() || due > 0 {
        while next < crowd.len() && due < AT_A_TIME {
            crowd.send(next, 1)?;
            (next, due) = (next + 1, due + 1);
        }
        crowd.turn(Duration::from_millis(100), |_, messages| {
            due -= messages as usize;
            0
        })?;
        crowd.insist()?;
    }
    Ok(())
}
