//! Our native client beside others.

use anyhow::Result;
use serde::Deserialize;

use super::contest::{Contest, PLAIN};
use super::numbers::{best, median, short, times};
use super::paper::{Section, Table};

/// Bytes in a message, and messages in flight.
const LOADS: [(usize, usize); 3] = [(64, 1), (64, 64), (1 << 20, 2)];

/// As the program `clients` knows them, and as the table does. Ours is first, and ewebsock's two follow it.
const CLIENTS: [(&str, &str); 4] = [
    ("websocket-peer", "websocket-peer"),
    ("ewebsock", "ewebsock, in its events"),
    ("ewebsock-polled", "ewebsock, polled"),
    ("tungstenite", "tungstenite, blocking"),
];

const TEXT: &str = "
One connection to the plain tungstenite loop; each message that comes back is looked at and followed by another one. Ours is
polled without pause. ewebsock has a thread of its own for the socket: once it is answered from its event handler, on that
thread, and once it is polled as ours is. tungstenite on a blocking socket is there as a yardstick; it can do nothing else
meanwhile.
";

#[derive(Deserialize)]
struct Measured {
    messages_per_second: f64,
}

pub async fn measure(contest: &Contest<'_>) -> Result<Section> {
    let seconds = contest.full_or_quick("1", "0.3");
    let names = CLIENTS.map(|(_, name)| name);
    let mut table = Table::new(["bytes × in flight"].into_iter().chain(names).chain(["ours / ewebsock"]));
    for (bytes, in_flight) in LOADS {
        let (bytes, in_flight) = (bytes.to_string(), in_flight.to_string());
        let command = |(client, _): &(&str, &str)| {
            let asked = ["--bytes", &bytes, "--in-flight", &in_flight, "--seconds", seconds];
            let args: Vec<String> = [*client].into_iter().chain(asked).map(str::to_owned).collect();
            contest.against("clients", &args, &PLAIN, &["--max-message", &bytes])
        };
        let measured: Vec<Vec<Measured>> = contest.take_turns(contest.rounds(), &CLIENTS, command).await?;
        let rates: Vec<f64> =
            measured.iter().map(|turns| median(turns, |turn| turn.messages_per_second)).collect();
        let cells = rates.iter().map(|&rate| short(rate));
        let ratio = times(rates[0] / best(&rates[1..3]));
        table.row([format!("{bytes} × {in_flight}")].into_iter().chain(cells).chain([ratio]));
    }
    let tables = vec![("Messages a second:".to_owned(), table)];
    Ok(Section { title: "Client, native", text: TEXT.to_owned(), tables })
}
