//! One speaks and everybody hears it, the speaker too.

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
    crowd::Crowd,
    ring::Ring,
    server::Server,
};

/// What to do.
#[derive(Debug)]
pub struct Plan {
    /// How many hear it.
    pub peers: usize,
    /// The size of a message.
    pub bytes: usize,
    /// How many messages, one after the other.
    pub times: usize,
    /// Where to write the server's system calls down, which makes it far slower.
    pub trace: Option<PathBuf>,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// From sending one message until everybody has it, in microseconds; half of them took no longer.
    pub us_per_broadcast: f64,
    /// The server's time on its core for each, in microseconds.
    pub cpu_us_per_broadcast: f64,
    /// The server's system calls for each broadcast and peer, by name, if they were written down.
    pub calls_per_peer: Option<BTreeMap<String, f64>>,
}

/// Does it.
///
/// # Errors
/// The server does not answer as it should.
pub fn run(plan: &Plan, command: &[OsString]) -> Result<Measured> {
    allow_descriptors(plan.peers)?;
    let command = match &plan.trace {
        Some(trace) => traced(trace, command),
        None => command.to_vec(),
    };
    let server = Server::start(Cores::find()?, &command)?;
    let mut crowd = Crowd::new(server.addr(), Ring::new(8, plan.bytes))?;
    crowd.join(plan.peers)?;
    for _ in 0..plan.times.div_ceil(10) {
        broadcast(&mut crowd, 1, plan.peers)?;
    }

    let calls = plan.trace.as_deref().map(calls).transpose()?;
    let cpu = server.cpu_time()?;
    let mut times =
        (0..plan.times).map(|_| broadcast(&mut crowd, 1, plan.peers)).collect::<Result<Vec<_>>>()?;
    let cpu = server.cpu_time()? - cpu;
    times.sort_unstable();
    let calls_per_peer = match (&plan.trace, calls) {
        (Some(trace), Some(before)) => {
            Some(difference(&before, self::calls(trace)?, plan.times * plan.peers))
        }
        _ => None,
    };
    // It goes first: then it is the one that the system remembers each connection for.
    drop(server);
    Ok(Measured {
        us_per_broadcast: times[plan.times / 2].as_secs_f64() * 1e6,
        cpu_us_per_broadcast: cpu.as_secs_f64() * 1e6 / plan.times as f64,
        calls_per_peer,
    })
}

/// Has the first one send so many messages, which so many hear. How long it took until all of these have all of them.
///
/// # Errors
/// They do not come.
pub fn broadcast(crowd: &mut Crowd, messages: usize, listeners: usize) -> Result<Duration> {
    let start = Instant::now();
    crowd.send(0, messages as u64)?;
    crowd.hear((messages * listeners) as u64)?;
    Ok(start.elapsed())
}

/// The same command under strace, which writes one line a call. With `-I 2` it can be told to end while it waits for one.
fn traced(trace: &Path, command: &[OsString]) -> Vec<OsString> {
    let strace = ["strace", "-I", "2", "-f", "-qq", "-o"].map(OsStr::new);
    let before = strace.into_iter().chain([trace.as_os_str()]).map(OsStr::to_owned);
    before.chain(command.iter().cloned()).collect()
}

/// How often each call was made so far.
fn calls(trace: &Path) -> Result<BTreeMap<String, usize>> {
    // What is written down comes a little later than what it is about.
    std::thread::sleep(Duration::from_millis(300));
    let text = fs::read_to_string(trace).with_context(|| format!("strace wrote no {}", trace.display()))?;
    let mut calls = BTreeMap::new();
    // `1234 sendto(5, …) = 258`; the second half of a call that was interrupted begins with `<...`.
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
