//! A closed loop: each connection keeps a number of messages in flight, and sends a new one for each that comes back.

use std::{
    ffi::OsString,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use nix::time::ClockId;
use serde::Serialize;

use crate::{
    cores::{Cores, allow_descriptors},
    pool::ClientPool,
    ring::Ring,
    server::Server,
    tls::Certificate,
};

/// The parameters of a measurement.
#[derive(Debug)]
pub struct Plan {
    /// The number of clients.
    pub connections: usize,
    /// The number of messages that each keeps in flight.
    pub in_flight: usize,
    /// The size of a message, in bytes.
    pub bytes: usize,
    /// The time before the measurement.
    pub warm_up: Duration,
    /// The time of the measurement.
    pub time: Duration,
    /// `true` if the connections use TLS.
    pub tls: bool,
}

/// The results.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The rate of all connections together.
    pub messages_per_second: f64,
    /// The server's CPU time per message, in microseconds.
    pub cpu_us_per_message: f64,
    /// The server's share of its core. If it is well below one, the load was the limit.
    pub server_share: f64,
    /// The load's share of its core.
    pub load_share: f64,
}

/// Runs the measurement.
///
/// # Errors
/// The server does not answer correctly.
pub fn run(plan: &Plan, command: &[OsString]) -> Result<Measured> {
    allow_descriptors(plan.connections)?;
    let certificate = plan.tls.then(Certificate::make).transpose()?;
    let mut command = command.to_vec();
    command.extend(certificate.iter().flat_map(Certificate::server_args));
    let server = Server::start(Cores::find()?, &command)?;
    let distinct = if plan.bytes > 64 * 1024 { plan.in_flight } else { plan.in_flight.max(8) };
    let mut pool = ClientPool::new(server.addr(), Ring::new(distinct, plan.bytes))?
        .over_tls(certificate.as_ref().map(Certificate::config));
    pool.join(plan.connections)?;
    for index in 0..plan.connections {
        pool.send(index, plan.in_flight as u64)?;
    }
    let measured = measure(&mut pool, &server, plan.warm_up, plan.time)?;
    // The server closes first, so that it, not the load, keeps the connections in TIME_WAIT.
    drop(server);
    Ok(measured)
}

/// Measures with the messages that are in flight: each received message is followed by another, so that their number
/// stays.
///
/// # Errors
/// The server does not answer correctly.
pub fn measure(
    pool: &mut ClientPool,
    server: &Server,
    warm_up: Duration,
    time: Duration,
) -> Result<Measured> {
    run_loop(pool, warm_up)?;
    let (start, cpu, load) = (Instant::now(), server.cpu_time()?, own_cpu_time()?);
    let messages = run_loop(pool, time)? as f64;
    let (time, cpu) = (start.elapsed().as_secs_f64(), (server.cpu_time()? - cpu).as_secs_f64());
    let load = (own_cpu_time()? - load).as_secs_f64();
    Ok(Measured {
        messages_per_second: messages / time,
        cpu_us_per_message: cpu * 1e6 / messages,
        server_share: cpu / time,
        load_share: load / time,
    })
}

fn own_cpu_time() -> Result<Duration> {
    let time = ClockId::CLOCK_PROCESS_CPUTIME_ID.now().context("the load's CPU time cannot be read")?;
    Ok(time.into())
}

/// Returns the number of messages that came back.
fn run_loop(pool: &mut ClientPool, time: Duration) -> Result<u64> {
    let end = Instant::now() + time;
    let mut count = 0;
    while Instant::now() < end {
        pool.poll_once(Duration::from_millis(100), |_, messages| {
            count += messages;
            messages
        })?;
        pool.check_timeout()?;
    }
    Ok(count)
}
