//! How many messages a server can turn around.

use anyhow::Result;
use serde::Deserialize;

use super::contest::{Contest, SERVERS};
use super::numbers::{best, median, short, times};
use super::paper::{Section, Table};

/// Connections, messages in flight on each, and bytes in each of these.
const LOADS: [(usize, usize, usize); 4] = [(32, 16, 64), (32, 64, 64), (100, 1, 1024), (4, 2, 1 << 20)];

const TEXT: &str = "
A closed loop: each connection keeps so many messages in flight, and sends a new one for each that comes back. Told are
messages a second, all connections together, and the server's CPU time for each in microseconds. \"plain tungstenite loop\" is
what one would write by hand: non-blocking sockets behind `mio`, 16 KiB buffers, answers gathered, one flush a pass. The others
have a task for each connection, as their examples have, and tokio's single-threaded runtime; they flush after each message.

Small messages in great numbers show what a message costs, few of them what a wake-up costs, large ones what copying costs.
";

#[derive(Deserialize)]
struct Measured {
    messages_per_second: f64,
    cpu_us_per_message: f64,
}

pub async fn measure(contest: &Contest<'_>) -> Result<Section> {
    let seconds = contest.full_or_quick("1", "0.3");
    let names = SERVERS.map(|server| server.name);
    let ratios = ["ours / plain loop", "ours / best of the rest"];
    let mut table = Table::new(["connections × in flight × bytes"].into_iter().chain(names).chain(ratios));
    for (connections, in_flight, bytes) in LOADS {
        let (connections, in_flight, bytes) =
            (connections.to_string(), in_flight.to_string(), bytes.to_string());
        let asked = ["--connections", &connections, "--in-flight", &in_flight, "--bytes", &bytes];
        let args: Vec<String> =
            ["echo"].into_iter().chain(asked).chain(["--seconds", seconds]).map(str::to_owned).collect();
        let command = |server: &_| contest.against("load", &args, server, &["--max-message", &bytes]);
        let measured: Vec<Vec<Measured>> = contest.take_turns(contest.rounds(), &SERVERS, command).await?;

        let rates: Vec<f64> =
            measured.iter().map(|turns| median(turns, |turn| turn.messages_per_second)).collect();
        let costs = measured.iter().map(|turns| median(turns, |turn| turn.cpu_us_per_message));
        let cells = rates.iter().zip(costs).map(|(&rate, cost)| format!("{} · {}", short(rate), short(cost)));
        let ratios = [rates[0] / rates[1], rates[0] / best(&rates[2..])].map(times);
        table.row([format!("{connections} × {in_flight} × {bytes}")].into_iter().chain(cells).chain(ratios));
    }
    Ok(Section {
        title: "Server: messages a second",
        text: TEXT.to_owned(),
        tables: vec![("Messages a second · µs of CPU for each:".to_owned(), table)],
    })
}
