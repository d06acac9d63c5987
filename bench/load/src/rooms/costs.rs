//! The memory of rooms and of silent players, and the speed at which rooms are opened and players are moved.
//!
//! The server reads requests from its standard input and answers each with a line: `open ROOMS NODES` and `move`, after
//! which every player is in another room, with `done COUNT SECONDS`.

use std::{
    ffi::OsString,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::members::Members;
use crate::{
    cores::{Cores, allow_descriptors},
    server::Server,
};

/// The parameters of a measurement.
#[derive(Debug)]
pub struct Plan {
    /// The number of empty rooms.
    pub rooms: usize,
    /// The number of nodes that each room declares.
    pub nodes: usize,
    /// The number of silent players.
    pub players: usize,
}

/// The results.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The server's memory per empty room, in bytes.
    pub memory_per_room: f64,
    /// The rooms with nodes that were opened per second.
    pub rooms_per_second: f64,
    /// The same without nodes.
    pub bare_rooms_per_second: f64,
    /// The server's memory per silent player, in bytes.
    pub memory_per_player: f64,
    /// The players per second that were moved to another room, all at once.
    pub moves_per_second: f64,
    /// The server's CPU time per move, in microseconds.
    pub cpu_us_per_move: f64,
}

/// The number of players in a room.
const EACH: usize = 8;

/// The pause before memory is measured.
const SETTLE: Duration = Duration::from_millis(500);

/// The deadline of an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs the measurement.
///
/// # Errors
/// The server does not do what is requested.
pub fn run(plan: &Plan, command: &[OsString]) -> Result<Measured> {
    allow_descriptors(plan.players)?;
    let cores = Cores::find()?;
    let (memory_per_room, rooms_per_second) = open(plan.rooms, plan.nodes, cores, command)?;
    let (_, bare_rooms_per_second) = open(plan.rooms, 0, cores, command)?;

    let mut server = Server::start(cores, command)?;
    let mut members = Members::new(EACH)?;
    let rooms = plan.players / EACH;
    request(&mut server, &mut members, &format!("open {rooms} {}", plan.nodes))?;
    members.poll_for(SETTLE)?;
    let before = server.memory()? as f64;
    let places: Vec<_> = (0..rooms).map(|room| (server.addr(), format!("/room/{room}"))).collect();
    members.join(&places)?;
    members.poll_for(SETTLE)?;
    let memory_per_player = (server.memory()? as f64 - before) / members.len() as f64;

    let cpu = server.cpu_time()?;
    let (moves, seconds) = request(&mut server, &mut members, "move")?;
    let cpu = server.cpu_time()? - cpu;
    ensure!(moves == members.len(), "{moves} of {} players were moved", members.len());
    members.poll_for(SETTLE)?;
    ensure!(members.gone() == 0, "the server closed {} connections", members.gone());
    ensure!(members.all_know_each_other(), "after the moves, clients do not know the others of their room");
    // The server closes first, so that it, not the load, keeps the connections in TIME_WAIT.
    drop(server);
    Ok(Measured {
        memory_per_room,
        rooms_per_second,
        bare_rooms_per_second,
        memory_per_player,
        moves_per_second: moves as f64 / seconds,
        cpu_us_per_move: cpu.as_secs_f64() * 1e6 / moves as f64,
    })
}

/// Opens rooms in a new server. Returns the memory per room, in bytes, and the rooms opened per second.
fn open(rooms: usize, nodes: usize, cores: Cores, command: &[OsString]) -> Result<(f64, f64)> {
    let mut server = Server::start(cores, command)?;
    let mut members = Members::new(EACH)?;
    let before = server.memory()? as f64;
    let (opened, seconds) = request(&mut server, &mut members, &format!("open {rooms} {nodes}"))?;
    ensure!(opened == rooms, "{opened} of {rooms} rooms were opened");
    members.poll_for(SETTLE)?;
    Ok(((server.memory()? as f64 - before) / rooms as f64, rooms as f64 / seconds))
}

/// Sends a request to the server. Returns the count and the seconds of the answer. Meanwhile the clients answer the
/// server.
fn request(server: &mut Server, members: &mut Members, request: &str) -> Result<(usize, f64)> {
    server.request(request)?;
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(line) = server.response()? {
            let done = line.strip_prefix("done ").and_then(|rest| rest.split_once(' '));
            let (count, seconds) = done.with_context(|| format!("the server answered {line:?}"))?;
            return Ok((count.parse()?, seconds.parse()?));
        }
        ensure!(Instant::now() < deadline, "the server has not answered to {request:?}");
        members.poll_once(Duration::from_millis(2), |_, _| Ok(()))?;
    }
}
