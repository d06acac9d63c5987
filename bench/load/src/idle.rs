//! Thousands of silent clients, and a few that send at a rate.

use std::{
    ffi::OsString,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde::Serialize;

use crate::{
    cores::{Cores, allow_descriptors},
    pace::{Pace, latency_us},
    pool::ClientPool,
    ring::Ring,
    server::Server,
};

/// The parameters of a measurement.
#[derive(Debug)]
pub struct Plan {
    /// The number of silent clients.
    pub idle: usize,
    /// The number of active clients.
    pub active: usize,
    /// The messages per second of each active client.
    pub hz: u32,
    /// The time before the measurement.
    pub warm_up: Duration,
    /// The time of the measurement.
    pub time: Duration,
    /// `true` if the server prints a line when its input is closed.
    pub final_line: bool,
}

/// The results.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The server's memory per silent connection after its handshake, in bytes.
    pub memory_after_handshake: f64,
    /// The same after it has sent and received one message.
    pub memory_after_message: f64,
    /// The server's share of its core while the active clients sent.
    pub server_share: f64,
    /// The time from a message to its echo, in microseconds: the median, 99 % and 99.9 %.
    pub latency_us: [f64; 3],
    /// The last line that the server printed.
    pub final_line: Option<String>,
}

/// The size of a message, in bytes.
const BYTES: usize = 64;
/// The number of silent clients that send at a time, when each sends one message.
const AT_A_TIME: usize = 64;
/// The pause before memory is measured.
const SETTLE: Duration = Duration::from_millis(500);

/// Runs the measurement.
///
/// # Errors
/// The server does not answer correctly.
pub fn run(plan: &Plan, command: &[OsString]) -> Result<Measured> {
    allow_descriptors(plan.idle + plan.active)?;
    let mut server = Server::start(Cores::find()?, command)?;
    let mut pool = ClientPool::new(server.addr(), Ring::new(64, BYTES))?;

    let before = server.memory()? as f64;
    let each = |now: u64| (now as f64 - before) / plan.idle as f64;
    pool.join(plan.idle)?;
    pool.poll_for(SETTLE)?;
    let memory_after_handshake = each(server.memory()?);
    exchange_one_message_each(&mut pool)?;
    pool.poll_for(SETTLE)?;
    let memory_after_message = each(server.memory()?);

    pool.join(plan.active)?;
    let pace = Pace { players: plan.idle..plan.idle + plan.active, hz: plan.hz };
    pace.run(&mut pool, plan.warm_up, |receiver| receiver)?;
    if plan.final_line {
        server.mark()?;
    }
    let (start, cpu) = (Instant::now(), server.cpu_time()?);
    let latencies = pace.run(&mut pool, plan.time, |receiver| receiver)?;
    let server_share = (server.cpu_time()? - cpu).as_secs_f64() / start.elapsed().as_secs_f64();

    let latency_us = latency_us(latencies);
    // The server closes first, so that it, not the load, keeps the connections in TIME_WAIT.
    let final_line = if plan.final_line {
        server.final_line()?
    } else {
        drop(server);
        None
    };
    Ok(Measured { memory_after_handshake, memory_after_message, server_share, latency_us, final_line })
}

fn exchange_one_message_each(pool: &mut ClientPool) -> Result<()> {
    let mut next = 0;
    let mut due = 0;
    while next < pool.len() || due > 0 {
        while next < pool.len() && due < AT_A_TIME {
            pool.send(next, 1)?;
            (next, due) = (next + 1, due + 1);
        }
        pool.poll_once(Duration::from_millis(100), |_, messages| {
            due -= messages as usize;
            0
        })?;
        pool.check_timeout()?;
    }
    Ok(())
}
