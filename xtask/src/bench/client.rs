//! Measures our native client beside others.

use anyhow::Result;
use serde::Deserialize;

use super::comparison::{Comparison, PLAIN};
use super::document::{Section, Summary, Table};
use super::numbers::{median, median_ratio, ratio, short};

/// The size of a message in bytes, and the number of messages in flight.
const LOADS: [(usize, usize); 3] = [(64, 1), (64, 64), (1 << 20, 2)];

/// The names for the program `clients` and for the table. Ours is first, followed by both uses of ewebsock.
const CLIENTS: [(&str, &str); 4] = [
    ("websocket-peer", "websocket-peer"),
    ("ewebsock", "ewebsock, in its events"),
    ("ewebsock-polled", "ewebsock, polled"),
    ("tungstenite", "tungstenite, blocking"),
];

const TEXT: &str = "
One connection to the plain tungstenite loop. Each message that comes back is checked and followed by another one. Ours
is polled continuously. ewebsock has its own thread for the socket; it is measured once answering in its event handler,
on that thread, and once polled like ours. tungstenite on a blocking socket is a reference: it can do nothing else
meanwhile. The clients take turns for seven rounds. With 1 MiB the kernel takes 60 % of ours in a profile, copies 14 %, zeroing
the memory of new messages 8 %, the bench's comparison 7 %, and masking 4 %.
";

/// The number of rounds: neighbouring measurements of large messages differ by some percent.
const ROUNDS: usize = 7;

#[derive(Deserialize)]
struct Measured {
    messages_per_second: f64,
}

pub async fn measure(comparison: &Comparison<'_>) -> Result<Section> {
    let seconds = comparison.by_mode("1", "0.3");
    let names = CLIENTS.map(|(_, name)| name);
    let ratios = ["ours / ewebsock", "ours / tungstenite, blocking"];
    let mut table = Table::new(["bytes × in flight"].into_iter().chain(names).chain(ratios));
    for (bytes, in_flight) in LOADS {
        let (bytes, in_flight) = (bytes.to_string(), in_flight.to_string());
        let command = |(client, _): &(&str, &str)| {
            let load = ["--bytes", &bytes, "--in-flight", &in_flight, "--seconds", seconds];
            let args: Vec<String> = [*client].into_iter().chain(load).map(str::to_owned).collect();
            comparison.measuring("clients", &args, &PLAIN, &["--max-message", &bytes])
        };
        let measured = comparison.run_rounds(comparison.by_mode(ROUNDS, 1), &CLIENTS, command).await?;
        table.row([format!("{bytes} × {in_flight}")].into_iter().chain(cells(&measured)));
    }
    let tables = vec![("Messages per second:".to_owned(), table)];
    let (title, text, summary) = ("Client, native", TEXT.to_owned(), Summary::default());
    Ok(Section { title, text, tables, figures: Vec::new(), summary })
}

/// Returns the rates of all clients, and the ratios of ours to the faster use of ewebsock and to tungstenite.
fn cells(measured: &[Vec<Measured>]) -> Vec<String> {
    let rate = |round: &Measured| round.messages_per_second;
    let rates = measured.iter().map(|rounds| short(median(rounds, rate)));
    let relative: Vec<f64> = measured.iter().map(|rounds| median_ratio(&measured[0], rounds, rate)).collect();
    let ratios = [relative[1].min(relative[2]), relative[3]].map(ratio);
    rates.chain(ratios).collect()
}
