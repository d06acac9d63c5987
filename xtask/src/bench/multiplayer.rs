//! A server that carries packets between the clients of a Godot session, beside Godot's own.

use std::ffi::OsString;

use anyhow::Result;
use serde::Deserialize;

use super::contest::{Contest, RELAY};
use super::numbers::{median, percent, short, times};
use super::paper::{Section, Table};
use super::rival::Rival;

const BYTES: &str = "100";
/// How many frames a second games have.
const HZ: &str = "60";
/// How many messages a second each player sends where the rate is given.
const PLAYER_HZ: usize = 20;
/// How many join at a time: an engine lets no more wait outside.
const JOINING: &str = "8";

const TEXT: &str = "
The server of a Godot session lets clients in, tells each of each other, and carries packets between them. Ours does that on
`MultiplayerPeer`, the engine by `SceneMultiplayer` on `WebSocketMultiplayerPeer`, with nothing else in the project. The
clients are the same raw sockets for both; what they relay are `send_bytes` of 100 bytes, and every byte is checked that comes.
Each server has one core for all of its threads, no pings, and no limit to how much a client sends.

Each is there twice. Once as fast as it can: ours sleeps until something comes; an engine has no such thing, so its frames
follow each other without a pause (`max_fps` 0, and `low_processor_usage_mode_sleep_usec` 0, or it would sleep 6.9 ms in each
frame). And once as a game has it, at sixty frames a second. While clients come, the engine's frames never pause, for it lets in
one a frame.

Told is the server's CPU time for each message that reached a client, and how many times as much the engine's is. With few
messages at a time most of that is the kernel's, which takes as long for whoever asks: to receive, to send, and to carry what is
sent on loopback all the way to the receiver. Ours sends what it has for a client in one call, the engine each message in two.
Debian's engine is a build with the editor in it, and with the editor's checks; a release template would do without those.
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

/// Ours stands before the engine that has the same pace.
const CONTESTANTS: [&str; 4] =
    ["ours, woken", "Godot, without a pause", "ours, 60 frames/s", "Godot, 60 frames/s"];
const RATIOS: [&str; 2] = ["Godot / ours", "at 60 frames/s"];

pub async fn measure(contest: &Contest<'_>) -> Result<Section> {
    let rival = Rival::prepare(contest.project).await?;
    let load = Load::of(contest);
    let mut commands = vec![ours(contest, &[]), ours(contest, &["--hz", HZ])];
    if let Ok(rival) = &rival {
        let paced = format!("--hz={HZ}");
        commands = vec![commands.remove(0), rival.command(&[]), commands.remove(0), rival.command(&[&paced])];
    }
    let args = load.args();
    let command = |server: &Vec<OsString>| contest.program("load").args(&args).arg("--").args(server);
    let mut measured: Vec<Vec<Measured>> = contest.take_turns(contest.rounds(), &commands, command).await?;

    let engine = match &rival {
        Ok(rival) => format!("The engine was {}.", rival.version),
        Err(why) => {
            let missing = format!("**Godot's server DID NOT RUN: {why}.**");
            println!("{missing}");
            // Nothing was measured of it.
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
    })
}

fn ours(contest: &Contest<'_>, args: &[&str]) -> Vec<OsString> {
    let address = ["127.0.0.1:0"];
    let program = contest.path(&RELAY).into_os_string();
    [program].into_iter().chain(address.iter().chain(args).map(OsString::from)).collect()
}

/// What the clients do.
struct Load {
    players: usize,
    in_flight: &'static [usize],
    listeners: usize,
    bursts: [usize; 2],
    times: usize,
    seconds: &'static str,
}

impl Load {
    fn of(contest: &Contest<'_>) -> Self {
        Self {
            players: contest.full_or_quick(100, 20),
            in_flight: contest.full_or_quick(&[1, 16, 64], &[16]),
            listeners: contest.full_or_quick(1000, 100),
            bursts: [1, 16],
            times: contest.full_or_quick(10, 3),
            seconds: contest.full_or_quick("1", "0.3"),
        }
    }

    fn args(&self) -> Vec<String> {
        let number = |option: &str, number: usize| [option.to_owned(), number.to_string()];
        let mut args = vec!["relay".to_owned()];
        args.extend(number("--active", self.players));
        args.extend(number("--hz", PLAYER_HZ));
        args.extend(self.in_flight.iter().flat_map(|&depth| number("--in-flight", depth)));
        // The one who speaks does not listen.
        args.extend(number("--connections", self.listeners + 1));
        args.extend(self.bursts.iter().flat_map(|&burst| number("--burst", burst)));
        args.extend(number("--times", self.times));
        args.extend(["--seconds", self.seconds, "--bytes", BYTES, "--joining", JOINING].map(str::to_owned));
        args
    }

    fn paced(&self, measured: &[Vec<Measured>]) -> (String, Table) {
        let head = ["", "share of a core", "µs of CPU a message", "latency ms, 50 %", "99 %", "99.9 %"];
        let mut table = Table::new(head);
        for (name, turns) in CONTESTANTS.iter().zip(measured) {
            let share = if turns.is_empty() {
                "did not run".to_owned()
            } else {
                percent(median(turns, |turn| turn.paced.server_share))
            };
            let cost = told(turns, |turn| turn.paced.cpu_us_per_message);
            let latency = [0, 1, 2].map(|part| told(turns, |turn| turn.paced.latency_us[part] / 1000.0));
            table.row([(*name).to_owned(), share, cost].into_iter().chain(latency));
        }
        let rate = short((self.players * PLAYER_HZ) as f64);
        let caption = format!(
            "{} clients, two and two, send each other {PLAYER_HZ} messages a second each, {rate} in all:",
            self.players
        );
        (caption, table)
    }

    fn fastest(&self, measured: &[Vec<Measured>]) -> (String, Table) {
        let mut table = Table::new(["in flight"].into_iter().chain(CONTESTANTS).chain(RATIOS));
        for (index, depth) in self.in_flight.iter().enumerate() {
            let cost = |turn: &Measured| turn.fastest[index].cpu_us_per_message;
            let cells = measured.iter().map(|turns| {
                let rate = told(turns, |turn| turn.fastest[index].messages_per_second);
                format!("{rate} · {}", told(turns, cost))
            });
            table.row([depth.to_string()].into_iter().chain(cells).chain(ratios(measured, cost)));
        }
        let caption = format!(
            "The same {} send as fast as they can, each with so many messages in flight. Messages a second · µs of CPU for each:",
            self.players
        );
        (caption, table)
    }

    fn broadcasts(&self, measured: &[Vec<Measured>]) -> (String, Table) {
        let mut table = Table::new(["messages"].into_iter().chain(CONTESTANTS).chain(RATIOS));
        for (index, burst) in self.bursts.iter().enumerate() {
            let cost = |turn: &Measured| turn.broadcasts[index].cpu_us_per_message;
            let cells = measured.iter().map(|turns| {
                let time = told(turns, |turn| turn.broadcasts[index].us / 1000.0);
                format!("{time} · {}", told(turns, cost))
            });
            table.row([burst.to_string()].into_iter().chain(cells).chain(ratios(measured, cost)));
        }
        let caption = format!(
            "One client sends to all, which are {} others: one message, or several at once, as many who speak in the same frame \
             would. Milliseconds until all have all of it · µs of CPU for each of them and message:",
            self.listeners
        );
        (caption, table)
    }

    fn joined(&self, measured: &[Vec<Measured>]) -> (String, Table) {
        let mut table = Table::new(["", "seconds", "seconds of CPU"]);
        for (name, turns) in CONTESTANTS.iter().zip(measured) {
            let time = told(turns, |turn| turn.joined.seconds);
            table.row([(*name).to_owned(), time, told(turns, |turn| turn.joined.cpu_seconds)]);
        }
        let caption = format!(
            "Until {} have joined, and each was told of each other; {JOINING} come at a time:",
            self.listeners + 1
        );
        (caption, table)
    }
}

/// The median, or that there is none.
fn told(turns: &[Measured], value: impl Fn(&Measured) -> f64) -> String {
    if turns.is_empty() { "did not run".to_owned() } else { short(median(turns, value)) }
}

/// How many times as much the engine's is, for either pace.
fn ratios(measured: &[Vec<Measured>], value: impl Fn(&Measured) -> f64) -> [String; 2] {
    [0, 2].map(|ours| times(median(&measured[ours + 1], &value) / median(&measured[ours], &value)))
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
    fn the_engine_is_compared_with_ours_of_its_own_pace() {
        let (_, table) = LOAD.fastest(&[measured(1.0), measured(20.0), measured(2.0), measured(30.0)]);
        let row = "| 16 | 2,000 · 1.00 | 2,000 · 20.0 | 2,000 · 2.00 | 2,000 · 30.0 | 20.00 | 15.00 |";
        let rows = table.to_string();
        let last = rows.lines().last().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(last, row);
    }

    #[test]
    fn an_engine_that_did_not_run_is_told_of() {
        let without = [measured(1.0), Vec::new(), measured(2.0), Vec::new()];
        for (_, table) in [LOAD.paced(&without), LOAD.fastest(&without), LOAD.joined(&without)] {
            assert!(table.to_string().contains("did not run"), "{table}");
        }
        assert_eq!(ratios(&without, |turn| turn.joined.seconds), ["–", "–"]);
    }
}
