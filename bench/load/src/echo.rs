//! A closed loop: each connection keeps so many messages in flight, and sends a new one for each that comes back.

use std::{
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
    /// How many clients there are.
    pub connections: usize,
    /// How many messages of each are under way at any time.
    pub in_flight: usize,
    /// The size of a message.
    pub bytes: usize,
    /// How long before it counts.
    pub warm_up: Duration,
    /// How long it counts.
    pub time: Duration,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// All connections together.
    pub messages_per_second: f64,
    /// The server's time on its core for each message, in microseconds.
    pub cpu_us_per_message: f64,
    /// How much of its core the server had. Well below one, the load was what limited.
    pub server_share: f64,
}

/// Does it.
///
/// # Errors
/// The server does not answer as it should.
pub fn run(plan: &Plan, command: &[OsString]) -> Result<Measured> {
    allow_descriptors(plan.connections)?;
    let server = Server::start(Cores::find()?, command)?;
    let distinct = if plan.bytes > 64 * 1024 { plan.in_flight } else { plan.in_flight.max(8) };
    let mut crowd = Crowd::new(server.addr(), Ring::new(distinct, plan.bytes))?;
    crowd.join(plan.connections)?;
    for index in 0..plan.connections {
        crowd.send(index, plan.in_flight as u64)?;
    }
    let measured = measure(&mut crowd, &server, plan.warm_up, plan.time)?;
    // It goes first: then it is the one that the system remembers each connection for.
    drop(server);
    Ok(measured)
}

/// Goes on with what is under way: for each message that comes, one is sent. In the end so many are under way as before.
///
/// # Errors
/// Not what was to come has come.
pub fn measure(crowd: &mut Crowd, server: &Server, warm_up: Duration, time: Duration) -> Result<Measured> {
    keep_going(crowd, warm_up)?;
    let (start, cpu) = (Instant::now(), server.cpu_time()?);
    let messages = keep_going(crowd, time)? as f64;
    let (time, cpu) = (start.elapsed().as_secs_f64(), (server.cpu_time()? - cpu).as_secs_f64());
    Ok(Measured {
        messages_per_second: messages / time,
        cpu_us_per_message: cpu * 1e6 / messages,
        server_share: cpu / time,
    })
}

/// How many messages came back.
fn keep_going(crowd: &mut Crowd, time: Duration) -> Result<u64> {
    let end = Instant::now() + time;
    let mut count = 0;
    while Instant::now() < end {
        crowd.turn(Duration::from_millis(100), |_, messages| {
            count += messages;
            messages
        })?;
        crowd.insist()?;
    }
    Ok(count)
}
