//! One client sends and all receive, the sender included.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::{
    cores::{Cores, allow_descriptors},
    pool::ClientPool,
    ring::Ring,
    server::Server,
};

/// The parameters of a measurement.
#[derive(Debug)]
pub struct Plan {
    /// The number of receivers.
    pub peers: usize,
    /// The size of a message, in bytes.
    pub bytes: usize,
    /// The number of messages, one after the other.
    pub times: usize,
    /// A file for the trace of the server's system calls, which slows the server down a lot.
    pub trace: Option<PathBuf>,
}

/// The results.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The median time from sending a message until all have it, in microseconds.
    pub us_per_broadcast: f64,
    /// The server's CPU time per broadcast, in microseconds.
    pub cpu_us_per_broadcast: f64,
    /// The server's system calls per broadcast and peer, by name, if they were traced.
    pub calls_per_peer: Option<BTreeMap<String, f64>>,
}

/// Runs the measurement.
///
/// # Errors
/// The server does not answer correctly.
pub fn run(plan: &Plan, command: &[OsString]) -> Result<Measured> {
    allow_descriptors(plan.peers)?;
    let command = match &plan.trace {
        Some(trace) => traced(trace, command),
        None => command.to_vec(),
    };
    let server = Server::start(Cores::find()?, &command)?;
    let mut pool = ClientPool::new(server.addr(), Ring::new(8, plan.bytes))?;
    pool.join(plan.peers)?;
    for _ in 0..plan.times.div_ceil(10) {
        broadcast(&mut pool, 1, plan.peers)?;
    }

    let calls = plan.trace.as_deref().map(calls).transpose()?;
    let cpu = server.cpu_time()?;
    let mut times =
        (0..plan.times).map(|_| broadcast(&mut pool, 1, plan.peers)).collect::<Result<Vec<_>>>()?;
    let cpu = server.cpu_time()? - cpu;
    times.sort_unstable();
    let calls_per_peer = match (&plan.trace, calls) {
        (Some(trace), Some(before)) => {
            Some(difference(&before, self::calls(trace)?, plan.times * plan.peers))
        }
        _ => None,
    };
    // The server closes first, so that it, not the load, keeps the connections in TIME_WAIT.
    drop(server);
    Ok(Measured {
        us_per_broadcast: times[plan.times / 2].as_secs_f64() * 1e6,
        cpu_us_per_broadcast: cpu.as_secs_f64() * 1e6 / plan.times as f64,
        calls_per_peer,
    })
}

/// Sends messages from the first client to `listeners` clients. Returns the time until all of them have received all
/// messages.
///
/// # Errors
/// Messages do not arrive.
pub fn broadcast(pool: &mut ClientPool, messages: usize, listeners: usize) -> Result<Duration> {
    let start = Instant::now();
    pool.send(0, messages as u64)?;
    pool.receive((messages * listeners) as u64)?;
    Ok(start.elapsed())
}

/// Wraps the command in strace, which writes one line per call. `-I 2` lets a signal end strace while a call blocks.
fn traced(trace: &Path, command: &[OsString]) -> Vec<OsString> {
    let strace = ["strace", "-I", "2", "-f", "-qq", "-o"].map(OsStr::new);
    let before = strace.into_iter().chain([trace.as_os_str()]).map(OsStr::to_owned);
    before.chain(command.iter().cloned()).collect()
}

/// Counts the calls so far, by name.
fn calls(trace: &Path) -> Result<BTreeMap<String, usize>> {
    // strace writes a little later than the calls happen.
    std::thread::sleep(Duration::from_millis(300));
    let text =
        fs::read_to_string(trace).with_context(|| format!("strace did not write {}", trace.display()))?;
    let mut calls = BTreeMap::new();
    // `1234 sendto(5, …) = 258`; the second half of an interrupted call begins with `<...`.
    let names = text.lines().filter_map(|line| line.split_whitespace().nth(1)?.split_once('('));
    for (name, _) in names {
        *calls.entry(name.to_owned()).or_default() += 1;
    }
    Ok(calls)
}

fn difference(
    before: &BTreeMap<String, usize>,
    after: BTreeMap<String, usize>,
    times: usize,
) -> BTreeMap<String, f64> {
    let since = |name: &str, count: usize| count - before.get(name).copied().unwrap_or_default();
    let each = after.into_iter().map(|(name, count)| {
        let count = since(&name, count) as f64 / times as f64;
        (name, count)
    });
    each.filter(|(_, count)| *count > 0.0).collect()
}
