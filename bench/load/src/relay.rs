//! Measures a server that relays packets between the clients of a Godot session, from one to one and from one to all
//! others.

use std::{
    ffi::OsString,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde::Serialize;

use crate::{
    broadcast::broadcast,
    cores::{Cores, allow_descriptors},
    echo,
    pace::{Pace, latency_us},
    server::Server,
    session::{Session, partner},
};

/// The parameters of a measurement.
#[derive(Debug)]
pub struct Plan {
    /// The number of clients that send to each other in pairs.
    pub players: usize,
    /// The messages per second of each player in the paced load.
    pub hz: u32,
    /// The numbers of messages that each player keeps in flight in the unpaced loads.
    pub in_flight: Vec<usize>,
    /// The number of clients when one of them sends to all others.
    pub members: usize,
    /// The numbers of messages that it sends back to back.
    pub bursts: Vec<usize>,
    /// The number of bursts of each size.
    pub times: usize,
    /// The size of a message, in bytes.
    pub bytes: usize,
    /// The number of clients that join at a time.
    pub joining: usize,
    /// The time before the measurement.
    pub warm_up: Duration,
    /// The time of the measurement.
    pub time: Duration,
}

/// The results.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The paced load between pairs.
    pub paced: Paced,
    /// The unpaced load, for each number in flight.
    pub fastest: Vec<echo::Measured>,
    /// The load from one to all others, for each burst size.
    pub broadcasts: Vec<Broadcast>,
    /// The time for all to join.
    pub joined: Joined,
}

/// The results of the paced load.
#[derive(Debug, Serialize)]
pub struct Paced {
    /// The server's CPU time per message, in microseconds.
    pub cpu_us_per_message: f64,
    /// The server's share of its core.
    pub server_share: f64,
    /// The latency in microseconds: the median, 99 % and 99.9 %.
    pub latency_us: [f64; 3],
}

/// The results of messages to all.
#[derive(Debug, Serialize)]
pub struct Broadcast {
    /// The median time from sending a burst until all have it, in microseconds.
    pub us: f64,
    /// The server's CPU time per message and receiver, in microseconds.
    pub cpu_us_per_message: f64,
}

/// The time until all clients have joined and have been announced to each other.
#[derive(Debug, Serialize)]
pub struct Joined {
    /// The elapsed time, in seconds.
    pub seconds: f64,
    /// The server's CPU time, in seconds.
    pub cpu_seconds: f64,
}

/// The pause after clients have joined. Godot's server needs it to return to its frame rate.
const SETTLE: Duration = Duration::from_secs(1);

/// Runs the measurement.
///
/// # Errors
/// The server does not relay correctly.
pub fn run(plan: &Plan, command: &[OsString]) -> Result<Measured> {
    allow_descriptors(plan.members)?;
    let server = Server::start(Cores::find()?, command)?;
    let mut session = Session::new(server.addr(), plan.joining)?;

    let first = join(&mut session, &server, plan.players)?;
    session.pool().poll_for(SETTLE)?;
    session.pair_off(plan.players, plan.bytes);
    let paced = paced(&mut session, &server, plan)?;
    let depths = plan.in_flight.iter();
    let fastest = depths.map(|&depth| fastest(&mut session, &server, plan, depth)).collect::<Result<_>>()?;

    let others = join(&mut session, &server, plan.members - plan.players)?;
    session.pool().poll_for(SETTLE)?;
    session.broadcast_from_first(plan.bytes);
    let bursts = plan.bursts.iter();
    let broadcasts =
        bursts.map(|&burst| broadcasts(&mut session, &server, plan.times, burst)).collect::<Result<_>>()?;
    // The server closes first, so that it, not the load, keeps the connections in TIME_WAIT.
    drop(server);
    let joined = Joined {
        seconds: first.seconds + others.seconds,
        cpu_seconds: first.cpu_seconds + others.cpu_seconds,
    };
    Ok(Measured { paced, fastest, broadcasts, joined })
}

fn join(session: &mut Session, server: &Server, count: usize) -> Result<Joined> {
    let (start, cpu) = (Instant::now(), server.cpu_time()?);
    session.join(count)?;
    let (time, cpu) = (start.elapsed(), server.cpu_time()? - cpu);
    Ok(Joined { seconds: time.as_secs_f64(), cpu_seconds: cpu.as_secs_f64() })
}

fn paced(session: &mut Session, server: &Server, plan: &Plan) -> Result<Paced> {
    let pace = Pace { players: 0..plan.players, hz: plan.hz };
    pace.run(session.pool(), plan.warm_up, partner)?;
    let (start, cpu) = (Instant::now(), server.cpu_time()?);
    let latencies = pace.run(session.pool(), plan.time, partner)?;
    let (time, cpu) = (start.elapsed(), (server.cpu_time()? - cpu).as_secs_f64());
    Ok(Paced {
        cpu_us_per_message: cpu * 1e6 / latencies.len() as f64,
        server_share: cpu / time.as_secs_f64(),
        latency_us: latency_us(latencies),
    })
}

/// Each client sends a message for each that it receives, as in the echo load.
fn fastest(session: &mut Session, server: &Server, plan: &Plan, depth: usize) -> Result<echo::Measured> {
    let pool = session.pool();
    for index in 0..plan.players {
        pool.send(index, depth as u64)?;
    }
    let measured = echo::measure(pool, server, plan.warm_up, plan.time)?;
    pool.receive((plan.players * depth) as u64)?;
    Ok(measured)
}

fn broadcasts(session: &mut Session, server: &Server, times: usize, burst: usize) -> Result<Broadcast> {
    let pool = session.pool();
    let receivers = pool.len() - 1;
    for _ in 0..times.div_ceil(10) {
        broadcast(pool, burst, receivers)?;
    }
    let cpu = server.cpu_time()?;
    let mut took = (0..times).map(|_| broadcast(pool, burst, receivers)).collect::<Result<Vec<_>>>()?;
    let cpu = server.cpu_time()? - cpu;
    took.sort_unstable();
    Ok(Broadcast {
        us: took[times / 2].as_secs_f64() * 1e6,
        cpu_us_per_message: cpu.as_secs_f64() * 1e6 / (times * burst * receivers) as f64,
    })
}
