//! Measures a server that relays packets between the clients of a Godot session, beside Godot's own server.

use std::ffi::OsString;

use anyhow::Result;
use serde::Deserialize;

use super::comparison::{Comparison, RELAY};
use super::document::{Section, Summary, Table};
use super::godot_server::GodotServer;
use super::numbers::{median, median_ratio, percent, ratio, short};

/// The number of rounds: the machine's speed changes within a minute.
const ROUNDS: usize = 7;
const BYTES: &str = "100";
/// The frames per second of a game.
const HZ: &str = "60";
/// The messages per second of each player in the paced load.
const PLAYER_HZ: usize = 20;
/// The number of clients that join at a time: an engine allows no more pending connections.
const JOINING: &str = "8";

const TEXT: &str = "
The server of a Godot session admits clients, announces them to each other, and relays packets between them. Ours uses
`SceneMultiplayer`; the engine uses `SceneMultiplayer` on `WebSocketMultiplayerPeer`, with nothing else in the project.
The clients are the same raw sockets for both. They relay `send_bytes` of 100 bytes, and every received byte is checked.
Each server has one core for all of its threads, no pings, and no rate limits. The servers took turns for seven rounds.

Each server is measured twice. First as fast as it can: ours sleeps until data arrives; an engine cannot do that, so it
runs frames without pause (`max_fps` 0, and `low_processor_usage_mode_sleep_usec` 0, because it would otherwise sleep
6.9 ms in each frame). Then like a game, at sixty frames a second. While clients join, the engine always runs without
pause, because it admits one client per frame.

The tables show the server's CPU time for each message that reached a client, and the ratio of the engine's to ours.
With few messages at a time most of that is the kernel's time to receive, send, and deliver loopback data, which is the
same for both. Ours sends all data for a client in one call, the engine makes two calls per message. With 64 in flight
the kernel takes 46 % of the time of ours in a profile, and the rest is 2,260 instructions a message. Debian's engine is an
editor build with the editor's checks, which a release template does not have.
";

#[derive(Deserialize)]
struct Measured {
    paced: Paced,
    fastest: Vec<Fastest>,
    broadcasts: Vec<Broadcast>,
    joined: Joined,
}

#[derive(Deserialize)]
struct Paced {
    cpu_us_per_message: f64,
    server_share: f64,
    latency_us: [f64; 3],
}

#[derive(Deserialize)]
struct Fastest {
    messages_per_second: f64,
    cpu_us_per_message: f64,
}

#[derive(Deserialize)]
struct Broadcast {
    us: f64,
    cpu_us_per_message: f64,
}

#[derive(Deserialize)]
struct Joined {
    seconds: f64,
    cpu_seconds: f64,
}

/// Ours comes before the engine at the same pace.
const CANDIDATES: [&str; 4] =
    ["ours, woken", "Godot, without a pause", "ours, 60 frames/s", "Godot, 60 frames/s"];
const RATIOS: [&str; 2] = ["Godot / ours", "at 60 frames/s"];

pub async fn measure(comparison: &Comparison<'_>) -> Result<Section> {
    let godot = GodotServer::prepare(comparison.project).await?;
    let load = Load::of(comparison);
    let mut commands = vec![ours(comparison, &[]), ours(comparison, &["--hz", HZ])];
    if let Ok(server) = &godot {
        let paced = format!("--hz={HZ}");
        commands =
            vec![commands.remove(0), server.command(&[]), commands.remove(0), server.command(&[&paced])];
    }
    let args = load.args();
    let command = |server: &Vec<OsString>| comparison.program("load").args(&args).arg("--").args(server);
    let mut measured: Vec<Vec<Measured>> =
        comparison.run_rounds(comparison.by_mode(ROUNDS, 1), &commands, command).await?;

    let engine = match &godot {
        Ok(server) => format!("The engine was {}.", server.version),
        Err(reason) => {
            let missing = format!("**Godot's server DID NOT RUN: {reason}.**");
            println!("{missing}");
            measured.insert(1, Vec::new());
            measured.push(Vec::new());
            missing
        }
    };
    Ok(Section {
        title: "Server: a Godot session",
        text: format!("{}\n\n{engine}\n", TEXT.trim()),
        tables: vec![
            load.paced(&measured),
            load.fastest(&measured),
            load.broadcasts(&measured),
            load.joined(&measured),
        ],
        figures: Vec::new(),
        summary: Summary::default(),
    })
}

fn ours(comparison: &Comparison<'_>, args: &[&str]) -> Vec<OsString> {
    let address = ["127.0.0.1:0"];
    comparison.start(&RELAY).into_iter().chain(address.iter().chain(args).map(OsString::from)).collect()
}

/// The load of the clients.
struct Load {
    players: usize,
    in_flight: &'static [usize],
    listeners: usize,
    bursts: [usize; 2],
    times: usize,
    seconds: &'static str,
}

impl Load {
    fn of(comparison: &Comparison<'_>) -> Self {
        Self {
            players: comparison.by_mode(100, 20),
            in_flight: comparison.by_mode(&[1, 16, 64], &[16]),
            listeners: comparison.by_mode(1000, 100),
            bursts: [1, 16],
            times: comparison.by_mode(10, 3),
            seconds: comparison.by_mode("0.6", "0.3"),
        }
    }

    fn args(&self) -> Vec<String> {
        let number = |option: &str, number: usize| [option.to_owned(), number.to_string()];
        let mut args = vec!["relay".to_owned()];
        args.extend(number("--active", self.players));
        args.extend(number("--hz", PLAYER_HZ));
        args.extend(self.in_flight.iter().flat_map(|&depth| number("--in-flight", depth)));
        // The sender does not receive its own messages.
        args.extend(number("--connections", self.listeners + 1));
        args.extend(self.bursts.iter().flat_map(|&burst| number("--burst", burst)));
        args.extend(number("--times", self.times));
        args.extend(["--seconds", self.seconds, "--bytes", BYTES, "--joining", JOINING].map(str::to_owned));
        args
    }

    fn paced(&self, measured: &[Vec<Measured>]) -> (String, Table) {
        let head = ["", "share of a core", "µs of CPU per message", "latency ms, 50 %", "99 %", "99.9 %"];
        let mut table = Table::new(head);
        for (name, rounds) in CANDIDATES.iter().zip(measured) {
            let share = if rounds.is_empty() {
                "did not run".to_owned()
            } else {
                percent(median(rounds, |round| round.paced.server_share))
            };
            let cost = cell(rounds, |round| round.paced.cpu_us_per_message);
            let latency = [0, 1, 2].map(|part| cell(rounds, |round| round.paced.latency_us[part] / 1000.0));
            table.row([(*name).to_owned(), share, cost].into_iter().chain(latency));
        }
        let rate = short((self.players * PLAYER_HZ) as f64);
        let caption = format!(
            "{} clients in pairs send each other {PLAYER_HZ} messages per second each, {rate} in all:",
            self.players
        );
        (caption, table)
    }

    fn fastest(&self, measured: &[Vec<Measured>]) -> (String, Table) {
        let mut table = Table::new(["in flight"].into_iter().chain(CANDIDATES).chain(RATIOS));
        for (index, depth) in self.in_flight.iter().enumerate() {
            let cost = |round: &Measured| round.fastest[index].cpu_us_per_message;
            let cells = measured.iter().map(|rounds| {
                let rate = cell(rounds, |round| round.fastest[index].messages_per_second);
                format!("{rate} · {}", cell(rounds, cost))
            });
            table.row([depth.to_string()].into_iter().chain(cells).chain(ratios(measured, cost)));
        }
        let caption = format!(
            "The same {} clients send as fast as they can, with a number of messages in flight each. Messages per second · µs of CPU per message:",
            self.players
        );
        (caption, table)
    }

    fn broadcasts(&self, measured: &[Vec<Measured>]) -> (String, Table) {
        let mut table = Table::new(["messages"].into_iter().chain(CANDIDATES).chain(RATIOS));
        for (index, burst) in self.bursts.iter().enumerate() {
            let cost = |round: &Measured| round.broadcasts[index].cpu_us_per_message;
            let cells = measured.iter().map(|rounds| {
                let time = cell(rounds, |round| round.broadcasts[index].us / 1000.0);
                format!("{time} · {}", cell(rounds, cost))
            });
            table.row([burst.to_string()].into_iter().chain(cells).chain(ratios(measured, cost)));
        }
        let caption = format!(
            "One client sends to all {} others: one message, or several at once, as several senders in one frame would. \
             Milliseconds until all have received everything · µs of CPU per receiver and message:",
            self.listeners
        );
        (caption, table)
    }

    fn joined(&self, measured: &[Vec<Measured>]) -> (String, Table) {
        let mut table = Table::new(["", "seconds", "seconds of CPU"]);
        for (name, rounds) in CANDIDATES.iter().zip(measured) {
            let time = cell(rounds, |round| round.joined.seconds);
            table.row([(*name).to_owned(), time, cell(rounds, |round| round.joined.cpu_seconds)]);
        }
        let caption = format!(
            "Until {} clients have joined and each has been announced to each other; {JOINING} join at a time:",
            self.listeners + 1
        );
        (caption, table)
    }
}

/// Formats the median, if there was a measurement.
fn cell(rounds: &[Measured], value: impl Fn(&Measured) -> f64) -> String {
    if rounds.is_empty() { "did not run".to_owned() } else { short(median(rounds, value)) }
}

/// The ratio of the engine's value to ours, at either pace.
fn ratios(measured: &[Vec<Measured>], value: impl Fn(&Measured) -> f64) -> [String; 2] {
    [0, 2].map(|ours| ratio(median_ratio(&measured[ours + 1], &measured[ours], &value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(cpu_us_per_message: f64) -> Vec<Measured> {
        vec![Measured {
            paced: Paced { cpu_us_per_message, server_share: 0.5, latency_us: [1000.0; 3] },
            fastest: vec![Fastest { messages_per_second: 2000.0, cpu_us_per_message }],
            broadcasts: vec![Broadcast { us: 3000.0, cpu_us_per_message }],
            joined: Joined { seconds: 2.0, cpu_seconds: 1.0 },
        }]
    }

    const LOAD: Load =
        Load { players: 2, in_flight: &[16], listeners: 3, bursts: [1, 16], times: 1, seconds: "1" };

    #[test]
    fn the_engine_is_compared_with_ours_at_the_same_pace() {
        let (_, table) = LOAD.fastest(&[measured(1.0), measured(20.0), measured(2.0), measured(30.0)]);
        let row = "| 16 | 2,000 · 1.00 | 2,000 · 20.0 | 2,000 · 2.00 | 2,000 · 30.0 | 20.00 | 15.00 |";
        let rows = table.to_string();
        let last = rows.lines().last().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(last, row);
    }

    #[test]
    fn an_engine_that_did_not_run_is_marked() {
        let without = [measured(1.0), Vec::new(), measured(2.0), Vec::new()];
        for (_, table) in [LOAD.paced(&without), LOAD.fastest(&without), LOAD.joined(&without)] {
            assert!(table.to_string().contains("did not run"), "{table}");
        }
        assert_eq!(ratios(&without, |round| round.joined.seconds), ["–", "–"]);
    }
}
