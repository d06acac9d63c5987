//! Measures many Godot sessions in one server, beside a Godot process for each session.

mod tables;

use std::ffi::OsString;

use anyhow::Result;
use serde::Deserialize;

use super::comparison::{Comparison, ROOMS};
use super::document::{Section, Summary};
use super::godot_server::GodotServer;
use tables::Tables;

const BYTES: &str = "100";
/// The frames per second of a game.
const HZ: &str = "60";
/// The clients in each room, and the messages per second of each.
const PLAYERS: usize = 8;
const PLAYER_HZ: usize = 20;
/// One frame: the limit for a server that is woken by data.
const FRAME_MS: &str = "16.7";
/// Two frames: the limit for a server that polls once a frame, because a message waits for the next frame first.
const TWO_FRAMES_MS: &str = "33.3";

/// The number of rounds with a process for each room.
const PROCESS_ROUNDS: usize = 2;

const TEXT: &str = "
Each room is a Godot session of eight clients. Ours has all rooms in one process, a `RoomServer`. The engine has one
session in each process, a `SceneMultiplayer` on `WebSocketMultiplayerPeer` with nothing else in the project, so it has a
process for each room. The clients are the same raw sockets for both. Each sends `send_bytes` of 100 bytes to all others
of its room, twenty times a second. A message has the time of its sending. The receivers check its room, its sender, its
order and every byte, and its latency is the time until a receiver has read it. All servers of a kind share one core,
and the load has the other one. No pings, no rate limits.

Ours is measured twice: it sleeps until data arrives, or it polls sixty times a second, like the engine. A server that
polls sees a message at its next frame, which alone takes up to 16.7 ms. So a server that is woken keeps up while 99 % of
the messages arrive within one frame, and a server that polls while they arrive within two. Both must lose no message and
no connection. The load reads what a frame has sent to all clients one after the other, and this time is part of the
latency.

The number of rooms grows until the server does not keep up, in two attempts. The load reports its own share of its core:
near 100 % it, and not the server, may be the limit. One core does not serve 200 processes of the engine, so these begin
with fewer; memory would suffice for more. Ours runs in three rounds and the engine in two. Numbers in
parentheses are the least and the largest of the rounds.
";

/// The results of one candidate with a growing number of rooms.
#[derive(Deserialize)]
struct Measured {
    steps: Vec<Step>,
    out_of_memory: bool,
}

#[derive(Clone, Deserialize)]
struct Step {
    rooms: usize,
    memory: f64,
    server_share: f64,
    load_share: f64,
    sent_per_second: f64,
    received_per_second: f64,
    latency_us: [f64; 3],
    delay_us: [f64; 3],
    lost: usize,
    disconnects: usize,
    holds: bool,
}

/// What rooms and silent players take.
#[derive(Deserialize)]
struct Costs {
    memory_per_room: f64,
    rooms_per_second: f64,
    bare_rooms_per_second: f64,
    memory_per_player: f64,
    moves_per_second: f64,
    cpu_us_per_move: f64,
}

/// A server or a kind of servers.
struct Candidate {
    name: &'static str,
    command: Vec<OsString>,
    limit_ms: &'static str,
    rooms: &'static [usize],
    /// `true` if there is a process for each room.
    processes: bool,
}

pub async fn measure(comparison: &Comparison<'_>) -> Result<Section> {
    let costs = costs(comparison).await?;
    let (mut candidates, mut engine) = (ours(comparison), String::new());
    match GodotServer::prepare(comparison.project).await? {
        Ok(server) => {
            engine.push_str(&format!("The engine was {}.", server.version));
            candidates.push(Candidate {
                name: "Godot, 60 frames/s",
                command: server.command(&[&format!("--hz={HZ}")]),
                limit_ms: TWO_FRAMES_MS,
                rooms: comparison.by_mode(&[16, 24, 32, 40, 48, 56, 64], &[1, 2]),
                processes: true,
            });
        }
        Err(reason) => {
            engine.push_str(&format!("**Godot's servers DID NOT RUN: {reason}.**"));
            println!("{engine}");
        }
    }
    let seconds = comparison.by_mode("2", "0.5");
    let command = |candidate: &Candidate| {
        let load = comparison.program("load").args(candidate.args(seconds));
        load.arg("--").args(&candidate.command)
    };
    let mut measured: Vec<Vec<Measured>> = candidates.iter().map(|_| Vec::new()).collect();
    for round in 0..comparison.rounds() {
        // Dozens of processes take a minute to start. They are the last candidate.
        let turn = candidates.iter().filter(|candidate| !candidate.processes || round < PROCESS_ROUNDS);
        let turn: Vec<&Candidate> = turn.collect();
        let round = comparison.run_rounds(1, &turn, |candidate| command(candidate)).await?;
        for (measured, round) in measured.iter_mut().zip(round) {
            measured.extend(round);
        }
    }
    let names = candidates.iter().map(|candidate| candidate.name).collect();
    let tables = Tables { names, measured };
    Ok(Section {
        title: "Server: many Godot sessions",
        text: format!("{}\n\n{engine}\n", TEXT.trim()),
        tables: vec![tables.first_step(), tables.limit(), tables::costs(&costs, &Amounts::of(comparison))],
        figures: Vec::new(),
        summary: Summary::default(),
    })
}

fn ours(comparison: &Comparison<'_>) -> Vec<Candidate> {
    let rooms: &[usize] = comparison.by_mode(&[200, 250, 300, 350, 400, 450, 500, 600, 700, 800], &[10, 20]);
    let candidate = |name, args: &[&str], limit_ms| Candidate {
        name,
        command: server(comparison, args),
        limit_ms,
        rooms,
        processes: false,
    };
    let woken = candidate("ours, woken", &[], FRAME_MS);
    vec![woken, candidate("ours, 60 frames/s", &["--hz", HZ], TWO_FRAMES_MS)]
}

fn server(comparison: &Comparison<'_>, args: &[&str]) -> Vec<OsString> {
    let args = ["127.0.0.1:0"].into_iter().chain(args.iter().copied()).map(OsString::from);
    comparison.start(&ROOMS).into_iter().chain(args).collect()
}

impl Candidate {
    fn args(&self, seconds: &str) -> Vec<String> {
        let rooms = self.rooms.iter().flat_map(|rooms| ["--rooms".to_owned(), rooms.to_string()]);
        let [players, hz] = [PLAYERS, PLAYER_HZ].map(|number| number.to_string());
        let load = ["--active", &players, "--hz", &hz, "--bytes", BYTES, "--seconds", seconds];
        let load = load.into_iter().chain(["--limit-ms", self.limit_ms]).map(str::to_owned);
        let processes = self.processes.then(|| "--processes".to_owned());
        ["rooms".to_owned()].into_iter().chain(rooms).chain(load).chain(processes).collect()
    }
}

/// The numbers of rooms, nodes and players of which the costs are measured.
struct Amounts {
    rooms: usize,
    nodes: usize,
    players: usize,
}

impl Amounts {
    fn of(comparison: &Comparison<'_>) -> Self {
        Self { rooms: comparison.by_mode(4000, 400), nodes: 5, players: comparison.by_mode(4000, 400) }
    }
}

async fn costs(comparison: &Comparison<'_>) -> Result<Vec<Costs>> {
    let Amounts { rooms, nodes, players } = Amounts::of(comparison);
    let numbers = [("--rooms", rooms), ("--nodes", nodes), ("--active", players)];
    let numbers = numbers.into_iter().flat_map(|(name, number)| [name.to_owned(), number.to_string()]);
    let args: Vec<String> = ["room-costs".to_owned()].into_iter().chain(numbers).collect();
    let command = |server: &Vec<OsString>| comparison.program("load").args(&args).arg("--").args(server);
    let candidates = [server(comparison, &[])];
    let measured = comparison.run_rounds(comparison.rounds(), &candidates, command).await?;
    Ok(measured.into_iter().flatten().collect())
}
