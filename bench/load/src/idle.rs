//! A server as it is most of the time: thousands who are silent, and a few who play.

use std::{
    collections::VecDeque,
    ffi::OsString,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde::Serialize;

use crate::{
    cores::{Cores, allow_descriptors},
    crowd::Crowd,
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
    play(&mut crowd, plan, plan.warm_up)?;
    if plan.last_words {
        server.mark()?;
    }
    let (start, cpu) = (Instant::now(), server.cpu_time()?);
    let mut latencies = play(&mut crowd, plan, plan.time)?;
    let server_share = (server.cpu_time()? - cpu).as_secs_f64() / start.elapsed().as_secs_f64();

    latencies.sort_unstable();
    let latency_us = [0.5, 0.99, 0.999].map(|part| percentile(&latencies, part).as_secs_f64() * 1e6);
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

/// The last ones who joined send at their rate, evenly spread over each period. Returns how long each echo took.
fn play(crowd: &mut Crowd, plan: &Plan, time: Duration) -> Result<Vec<Duration>> {
    let first = crowd.len() - plan.active;
    let step = Duration::from_secs(1) / plan.hz / plan.active as u32;
    let total = (time.as_nanos() / step.as_nanos()) as usize;
    let mut sent = vec![VecDeque::new(); plan.active];
    let mut latencies = Vec::with_capacity(total);
    let start = Instant::now();
    let mut turns = 0;
    while latencies.len() < total {
        let now = Instant::now();
        while turns < total && start + step * turns as u32 <= now {
            let player = turns % plan.active;
            sent[player].push_back(Instant::now());
            crowd.send(first + player, 1)?;
            turns += 1;
        }
        let wait = (start + step * turns as u32).saturating_duration_since(now);
        let wait = if turns < total { wait } else { Duration::from_millis(100) };
        crowd.turn(wait, |index, messages| {
            let times = sent[index - first].drain(..messages as usize);
            latencies.extend(times.map(|sent: Instant| sent.elapsed()));
            0
        })?;
        crowd.insist()?;
    }
    Ok(latencies)
}

/// Of sorted times.
fn percentile(sorted: &[Duration], part: f64) -> Duration {
    let index = (sorted.len() as f64 * part) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<_> = (0..1000).map(Duration::from_micros).collect();
        assert_eq!(percentile(&times, 0.5), Duration::from_micros(500));
        assert_eq!(percentile(&times, 0.999), Duration::from_micros(999));
        assert_eq!(percentile(&times[..1], 0.999), Duration::ZERO);
    }
}
