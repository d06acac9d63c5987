//! Many sessions: rooms of one server, or a process for each. The number of rooms grows until the server does not keep
//! up. [`hosts`] starts the servers, [`member`] and [`members`] are the clients, [`message`] and [`traffic`] are their
//! load, and [`costs`] measures the memory and the speed of opening and moving.

pub mod costs;
pub mod hosts;
pub mod member;
pub mod members;
pub mod message;
pub mod traffic;

use std::{ffi::OsString, time::Duration};

use anyhow::Result;
use serde::Serialize;

use crate::{
    cores::{Cores, allow_descriptors},
    pace::latency_us,
};
use hosts::Hosts;
use members::Members;
use traffic::{Timed, Traffic};

/// The parameters of a measurement.
#[derive(Debug)]
pub struct Plan {
    /// The numbers of rooms, each larger than the one before.
    pub rooms: Vec<usize>,
    /// The number of clients in each room.
    pub players: usize,
    /// The messages per second of each client. Each goes to all others of the room.
    pub hz: u32,
    /// The size of a message, in bytes.
    pub bytes: usize,
    /// The time before each measurement.
    pub warm_up: Duration,
    /// The time of each measurement.
    pub time: Duration,
    /// The largest latency of 99 % of the messages with which a server keeps up.
    pub limit: Duration,
    /// `true` if there is a server for each room.
    pub processes: bool,
}

/// The results.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The results for each number of rooms. The last one may be the first that the server does not keep up with.
    pub steps: Vec<Step>,
    /// `true` if there was no memory for more servers.
    pub out_of_memory: bool,
}

/// The results for a number of rooms.
#[derive(Debug, Serialize)]
pub struct Step {
    /// The number of rooms.
    pub rooms: usize,
    /// The resident memory of all servers, where pages that several processes have count once, in bytes.
    pub memory: u64,
    /// The servers' share of their core.
    pub server_share: f64,
    /// The load's share of its core.
    pub load_share: f64,
    /// The messages per second that the clients sent.
    pub sent_per_second: f64,
    /// The messages per second that the clients received.
    pub received_per_second: f64,
    /// The time from a message to its receipt by each other client, in microseconds: the median, 99 % and 99.9 %.
    pub latency_us: [f64; 3],
    /// The time by which the load sent messages late, in microseconds: the median, 99 % and 99.9 %.
    pub delay_us: [f64; 3],
    /// The number of messages that did not arrive.
    pub lost: usize,
    /// The number of connections that have ended.
    pub disconnects: usize,
    /// `true` if the server keeps up: 99 % of the messages arrived within the limit, and all of them arrived.
    pub holds: bool,
}

/// The pause after clients have joined. Godot's server needs it to return to its frame rate.
const SETTLE: Duration = Duration::from_secs(1);

/// A disturbance of the machine should not end the measurement, so a number of rooms is measured again if the server
/// does not keep up.
const ATTEMPTS: usize = 2;

/// Runs the measurement.
///
/// # Errors
/// The server does not relay correctly.
pub fn run(plan: &Plan, command: &[OsString]) -> Result<Measured> {
    let largest = plan.rooms.iter().copied().max().unwrap_or_default();
    allow_descriptors(largest * (plan.players + 2))?;
    let cores = Cores::find()?;
    let mut hosts =
        if plan.processes { Hosts::for_each_room(cores, command) } else { Hosts::one(cores, command)? };
    let mut members = Members::new(plan.players)?;
    let mut measured = Measured { steps: Vec::new(), out_of_memory: false };
    for &rooms in &plan.rooms {
        let Some(places) = hosts.open(rooms - members.rooms())? else {
            measured.out_of_memory = true;
            break;
        };
        members.join(&places)?;
        members.poll_for(SETTLE)?;
        let step = step(plan, &mut members, &hosts)?;
        let holds = step.holds;
        measured.steps.push(step);
        if !holds {
            break;
        }
    }
    // The servers close first, so that they, not the load, keep the connections in TIME_WAIT.
    drop(hosts);
    Ok(measured)
}

fn step(plan: &Plan, members: &mut Members, hosts: &Hosts) -> Result<Step> {
    let mut traffic = Traffic::new(members, plan.bytes, plan.hz)?;
    let mut attempt = 1;
    loop {
        traffic.run(members, plan.warm_up, || Ok(Duration::ZERO))?;
        let before = hosts.cpu_time()?;
        let timed = traffic.run(members, plan.time, || Ok(hosts.cpu_time()? - before))?;
        let is_last = attempt == ATTEMPTS || timed.lost > 0;
        let step = evaluate(plan, members, timed, hosts.memory()?);
        if step.holds || is_last {
            return Ok(step);
        }
        attempt += 1;
    }
}

fn evaluate(plan: &Plan, members: &Members, timed: Timed, memory: u64) -> Step {
    let seconds = timed.time.as_secs_f64();
    let received = timed.latencies.len();
    let latency_us = latency_us(timed.latencies);
    let disconnects = members.gone();
    let is_in_time = latency_us[1] <= plan.limit.as_secs_f64() * 1e6;
    Step {
        rooms: members.rooms(),
        memory,
        server_share: timed.server_cpu.as_secs_f64() / seconds,
        load_share: timed.load_cpu.as_secs_f64() / seconds,
        sent_per_second: timed.sent as f64 / seconds,
        received_per_second: received as f64 / seconds,
        latency_us,
        delay_us: self::latency_us(timed.delays),
        lost: timed.lost,
        disconnects,
        holds: is_in_time && timed.lost == 0 && disconnects == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            rooms: vec![1],
            players: 2,
            hz: 20,
            bytes: 100,
            warm_up: Duration::ZERO,
            time: Duration::from_secs(1),
            limit: Duration::from_millis(10),
            processes: false,
        }
    }

    fn timed(late: usize, lost: usize) -> Timed {
        let time = |index: usize| Duration::from_millis(if index < late { 11 } else { 10 });
        let latencies = (0..1000).map(time).collect();
        Timed { time: Duration::from_secs(1), sent: 1000, latencies, lost, ..Timed::default() }
    }

    #[test]
    fn a_server_keeps_up_if_99_percent_are_in_time_and_nothing_is_lost() {
        let members = Members::new(2).unwrap();
        let holds = |late, lost| evaluate(&plan(), &members, timed(late, lost), 0).holds;
        assert!(holds(9, 0));
        assert!(!holds(10, 0));
        assert!(!holds(0, 1));
    }
}
