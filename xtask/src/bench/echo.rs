//! Measures how many messages a second an echo server handles.

use anyhow::Result;
use serde::Deserialize;

use super::chart::{Chart, Panel};
use super::comparison::{Comparison, SERVERS};
use super::document::{Section, Summary, Table};
use super::numbers::{best, median, percent, ratio, short};

/// Connections, messages in flight on each, and the size of a message in bytes.
const LOADS: [(usize, usize, usize); 4] = [(32, 16, 64), (32, 64, 64), (100, 1, 1024), (4, 2, 1 << 20)];

const TEXT: &str = "
Each connection keeps a number of messages in flight, and sends a new one for each that comes back. The table shows
messages per second over all connections, and the server's CPU time per message in microseconds. \"plain tungstenite
loop\" is a loop written by hand: non-blocking sockets with `mio`, 16 KiB buffers, collected answers, one flush per
pass. The other servers follow the examples of their crates: one task per connection on tokio's single-threaded runtime,
and a flush after each message.

Many small messages show the cost of a message, few small messages the cost of a wake-up, and large messages the cost of
copying.
";

#[derive(Deserialize)]
struct Measured {
    messages_per_second: f64,
    cpu_us_per_message: f64,
}

pub async fn measure(comparison: &Comparison<'_>) -> Result<Section> {
    let seconds = comparison.by_mode("1", "0.3");
    let names = SERVERS.map(|server| server.name);
    let heads = ["ours / plain loop", "ours / best of the rest"];
    let mut table = Table::new(["connections × in flight × bytes"].into_iter().chain(names).chain(heads));
    let mut rates = Vec::new();
    for (connections, in_flight, bytes) in LOADS {
        let (connections, in_flight, bytes) =
            (connections.to_string(), in_flight.to_string(), bytes.to_string());
        let load = ["--connections", &connections, "--in-flight", &in_flight, "--bytes", &bytes];
        let args: Vec<String> =
            ["echo"].into_iter().chain(load).chain(["--seconds", seconds]).map(str::to_owned).collect();
        let command = |server: &_| comparison.measuring("load", &args, server, &["--max-message", &bytes]);
        let measured: Vec<Vec<Measured>> =
            comparison.run_rounds(comparison.rounds(), &SERVERS, command).await?;

        let rate = |index: usize| median(&measured[index], |round| round.messages_per_second);
        let rates_of_load: [f64; SERVERS.len()] = std::array::from_fn(rate);
        let costs = measured.iter().map(|rounds| median(rounds, |round| round.cpu_us_per_message));
        let cells = rates_of_load.iter().zip(costs);
        let cells = cells.map(|(&rate, cost)| format!("{} · {}", short(rate), short(cost)));
        let ratios = [to_plain_loop(&rates_of_load), rates_of_load[0] / best(&rates_of_load[2..])].map(ratio);
        table.row([format!("{connections} × {in_flight} × {bytes}")].into_iter().chain(cells).chain(ratios));
        rates.push(rates_of_load);
    }
    Ok(Section {
        title: "Server: messages per second",
        text: TEXT.to_owned(),
        tables: vec![("Messages per second · µs of CPU per message:".to_owned(), table)],
        summary: summary(&rates),
    })
}

/// Our rate relative to that of the plain loop.
fn to_plain_loop(rates: &[f64; SERVERS.len()]) -> f64 {
    rates[0] / rates[1]
}

/// Makes the summary of the rates at each of [`LOADS`].
fn summary(rates: &[[f64; SERVERS.len()]]) -> Summary {
    let mut columns = Vec::new();
    let mut panels = Vec::new();
    for ((connections, in_flight, bytes), rates) in LOADS.into_iter().zip(rates) {
        let size = match bytes {
            1..1024 => format!("{bytes} B"),
            1024..0x10_0000 => format!("{} KiB", bytes >> 10),
            _ => format!("{} MiB", bytes >> 20),
        };
        let title = format!("{size}, {connections} connections × {in_flight} in flight");
        let bars = SERVERS.iter().zip(rates).map(|(server, rate)| (server.name, *rate)).collect();
        panels.push(Panel { title, bars });
        // The second load differs from the first one only in its depth.
        if (connections, in_flight, bytes) != LOADS[1] {
            columns.push((format!("messages/s, {size}"), rates.iter().copied().map(short).collect()));
        }
    }
    let slowest = rates.iter().map(to_plain_loop).fold(f64::NAN, f64::min);
    let note = (slowest < 1.0).then(|| {
        format!(
            "With many small messages in flight the plain tungstenite loop is up to {} faster than this crate, because it has no \
             limits, events or accounting.",
            percent(1.0 / slowest - 1.0)
        )
    });
    let title = "Echo server on one core: messages per second (longer is better)";
    Summary { columns, chart: Some(Chart { title, panels }), note }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_has_the_rates_and_names_the_faster_loop() {
        let rates = [[100.0, 125.0, 10.0, 20.0, 30.0]; LOADS.len()];
        let summary = summary(&rates);
        let heads: Vec<_> = summary.columns.iter().map(|(head, _)| head.as_str()).collect();
        assert_eq!(heads, ["messages/s, 64 B", "messages/s, 1 KiB", "messages/s, 1 MiB"]);
        assert_eq!(summary.columns[0].1, ["100", "125", "10.0", "20.0", "30.0"]);
        assert_eq!(summary.chart.unwrap().panels.len(), LOADS.len());
        assert!(summary.note.unwrap().contains("up to 25.0 % faster"));
    }
}
