//! Measures a server whose connections are mostly silent.

use anyhow::Result;
use serde::Deserialize;

use super::comparison::{Comparison, OURS, SERVERS, Server};
use super::document::{Section, Summary, Table};
use super::numbers::{median, percent, short};

/// The number of active connections, and the frames and messages per second.
const ACTIVE: usize = 10;
const HZ: &str = "60";

const TEXT: &str = "
Thousands of connections are silent, and ten send a message of 64 bytes sixty times a second. The plain loop and ours
run like a game, at sixty frames a second, and answer everything that has arrived in each frame. An answer therefore
waits for the end of a frame, half a frame on average (8 ms). The plain loop polls each of its sockets in every frame.
The other servers have no frames and answer at once; a game would still have to pass the message to its loop, which is
not measured. No server sends pings; a heartbeat costs a ping and a pong per peer and interval (20 s by default in this
crate).

Memory is the growth of the server's resident memory per silent connection: once after its handshake, once after it has
sent and received one message. It does not include the kernel's memory for a socket, which is the same for all. Each
server ran for 10 seconds, once. In a profile of ours with 15,000 the kernel takes 58 % of the CPU time, and the C library
12 %: for ten messages in and out, one question for ready sockets, and the sleep, in each frame.
";

#[derive(Deserialize)]
struct Measured {
    memory_after_handshake: f64,
    memory_after_message: f64,
    server_share: f64,
    latency_us: [f64; 3],
    final_line: Option<String>,
}

pub async fn measure(comparison: &Comparison<'_>) -> Result<Section> {
    let mut section = Section {
        title: "Server: thousands of silent connections",
        text: TEXT.to_owned(),
        tables: Vec::new(),
        figures: Vec::new(),
        summary: Summary::default(),
    };
    measure_with(&mut section, comparison, comparison.by_mode(5_000, 500), &SERVERS).await?;
    if !comparison.quick {
        // More connections are measured only for ours, uWebSockets, and the loop that polls each of its sockets.
        measure_with(&mut section, comparison, 15_000, &SERVERS[..3]).await?;
    }
    Ok(section)
}

async fn measure_with(
    section: &mut Section,
    comparison: &Comparison<'_>,
    idle: usize,
    servers: &[Server],
) -> Result<()> {
    let (connections, active) = (idle.to_string(), ACTIVE.to_string());
    let seconds = comparison.by_mode("10", "1");
    let load = ["idle", "--connections", &connections, "--active", &active];
    let args: Vec<String> =
        load.into_iter().chain(["--hz", HZ, "--seconds", seconds]).map(str::to_owned).collect();
    let command = |server: &Server| {
        // At its end our server prints the times of its polls.
        let final_line = (*server == OURS).then(|| "--final-line".to_owned());
        let args: Vec<String> = args.iter().cloned().chain(final_line).collect();
        comparison.measuring("load", &args, server, &["--hz", HZ])
    };
    let measured: Vec<Vec<Measured>> = comparison.run_rounds(1, servers, command).await?;

    let heads = [
        "share of a core",
        "KiB each, silent",
        "KiB each, active once",
        "latency ms, 50 %",
        "99 %",
        "99.9 %",
    ];
    let mut table = Table::new([""].into_iter().chain(heads));
    let (mut shares, mut memory) = (Vec::new(), Vec::new());
    for (server, rounds) in servers.iter().zip(&measured) {
        let kib = |value: fn(&Measured) -> f64| short(median(rounds, value) / 1024.0);
        let latency = [0, 1, 2].map(|part| short(median(rounds, |round| round.latency_us[part]) / 1000.0));
        let share = percent(median(rounds, |round| round.server_share));
        let cells =
            [share, kib(|round| round.memory_after_handshake), kib(|round| round.memory_after_message)];
        shares.push(cells[0].clone());
        memory.push(cells[1].clone());
        table.row([server.name.to_owned()].into_iter().chain(cells).chain(latency));
    }
    if servers.len() == SERVERS.len() {
        let heads = [format!("CPU, {} silent peers", short(idle as f64)), "KiB per silent peer".to_owned()];
        section.summary.columns = heads.into_iter().zip([shares, memory]).collect();
    }
    let polls: Vec<&str> =
        measured[0].iter().filter_map(|round| round.final_line.as_deref()?.strip_prefix("poll: ")).collect();
    let caption = format!(
        "{idle} silent, {ACTIVE} active. The duration of our `poll` in each round: {}.",
        polls.join("; ")
    );
    section.tables.push((caption, table));
    Ok(())
}
