//! A server that carries packets between the clients of a Godot session: from one to another, and from one to all others.

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

/// What to do.
#[derive(Debug)]
pub struct Plan {
    /// How many there are who send to each other, two and two.
    pub players: usize,
    /// How many messages each of these sends in a second, once;
    pub hz: u32,
    /// and how many of each are under way when they send as fast as they can, one number after the other.
    pub in_flight: Vec<usize>,
    /// How many there are when one of them speaks to all others.
    pub audience: usize,
    /// How many messages it sends right behind each other, one number after the other,
    pub bursts: Vec<usize>,
    /// and how often.
    pub times: usize,
    /// The size of a message.
    pub bytes: usize,
    /// How many join at a time.
    pub joining: usize,
    /// How long before it counts.
    pub warm_up: Duration,
    /// How long it counts.
    pub time: Duration,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// From one to another, at a rate.
    pub paced: Paced,
    /// The same, as fast as it can be, for each number in flight.
    pub fastest: Vec<echo::Measured>,
    /// From one to all others, for each number right behind each other.
    pub broadcasts: Vec<Broadcast>,
    /// All have come.
    pub joined: Joined,
}

/// Messages at a rate.
#[derive(Debug, Serialize)]
pub struct Paced {
    /// The server's time on its core for each, in microseconds.
    pub cpu_us_per_message: f64,
    /// How much of its core the server had.
    pub server_share: f64,
    /// How long they were on their way, in microseconds: half of them, 99 %, and 99.9 % took no longer.
    pub latency_us: [f64; 3],
}

/// Messages to everybody.
#[derive(Debug, Serialize)]
pub struct Broadcast {
    /// From sending them until everybody has them, in microseconds; half of the times it took no longer.
    pub us: f64,
    /// The server's time on its core for each message and listener, in microseconds.
    pub cpu_us_per_message: f64,
}

/// From the first client to a full audience, each told of each other.
#[derive(Debug, Serialize)]
pub struct Joined {
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The server's time on its core, in seconds.
    pub cpu_seconds: f64,
}

/// How long nothing happens after clients have joined. Servers may have to settle into a pace.
const SETTLE: Duration = Duration::from_secs(1);

/// Does it.
///
/// # Errors
/// The server does not carry packets as it should.
pub fn run(plan: &Plan, command: &[OsString]) -> Result<Measured> {
    allow_descriptors(plan.audience)?;
    let server = Server::start(Cores::find()?, command)?;
    let mut session = Session::new(server.addr(), plan.joining)?;

    let first = join(&mut session, &server, plan.players)?;
    session.crowd().rest(SETTLE)?;
    session.pair_off(plan.players, plan.bytes);
    let paced = paced(&mut session, &server, plan)?;
    let depths = plan.in_flight.iter();
    let fastest = depths.map(|&depth| fastest(&mut session, &server, plan, depth)).collect::<Result<_>>()?;

    let others = join(&mut session, &server, plan.audience - plan.players)?;
    session.crowd().rest(SETTLE)?;
    session.give_the_word_to_one(plan.bytes);
    let bursts = plan.bursts.iter();
    let broadcasts =
        bursts.map(|&burst| broadcasts(&mut session, &server, plan.times, burst)).collect::<Result<_>>()?;
    // It goes first: then it is the one that the system remembers each connection for.
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
    pace.keep(session.crowd(), plan.warm_up, partner)?;
    let (start, cpu) = (Instant::now(), server.cpu_time()?);
    let latencies = pace.keep(session.crowd(), plan.time, partner)?;
    let (time, cpu) = (start.elapsed(), (server.cpu_time()? - cpu).as_secs_f64());
    Ok(Paced {
        cpu_us_per_message: cpu * 1e6 / latencies.len() as f64,
        server_share: cpu / time.as_secs_f64(),
        latency_us: latency_us(latencies),
    })
}

/// Whoever gets a message sends one: so do they who hear their own echo.
fn fastest(session: &mut Session, server: &Server, plan: &Plan, depth: usize) -> Result<echo::Measured> {
    let crowd = session.crowd();
    for index in 0..plan.players {
        crowd.send(index, depth as u64)?;
    }
    let measured = echo::measure(crowd, server, plan.warm_up, plan.time)?;
    crowd.hear((plan.players * depth) as u64)?;
    Ok(measured)
}

fn broadcasts(session: &mut Session, server: &Server, times: usize, burst: usize) -> Result<Broadcast> {
    let crowd = session.crowd();
    let listeners = crowd.len() - 1;
    for _ in 0..times.div_ceil(10) {
        broadcast(crowd, burst, listeners)?;
    }
    let cpu = server.cpu_time()?;
    let mut took = (0..times).map(|_| broadcast(crowd, burst, listeners)).collect::<Result<Vec<_>>>()?;
    let cpu = server.cpu_time()? - cpu;
    took.sort_unstable();
    Ok(Broadcast {
        us: took[times / 2].as_secs_f64() * 1e6,
        cpu_us_per_message: cpu.as_secs_f64() * 1e6 / (times * burst * listeners) as f64,
    })
}
