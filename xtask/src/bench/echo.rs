//! Measures how many messages a second an echo server handles.

use anyhow::Result;
use serde::Deserialize;

use super::chart::{Chart, Panel};
use super::comparison::{Comparison, OURS_OVER_TLS, SERVERS, Server, UWEBSOCKETS_OVER_TLS};
use super::document::{Section, Summary, Table};
use super::numbers::{median, median_ratio, percent, ratio, short};

/// Connections, messages in flight on each, and the size of a message in bytes.
type Load = (usize, usize, usize);

const LOADS: [Load; 4] = [(32, 16, 64), (32, 64, 64), (100, 1, 1024), (4, 2, 1 << 20)];

/// With more than one large message in flight, uWebSockets' TLS breaks off connections.
const LOADS_OVER_TLS: [Load; 4] = [LOADS[0], LOADS[1], LOADS[2], (4, 1, 1 << 20)];

const SERVERS_OVER_TLS: [Server; 2] = [OURS_OVER_TLS, UWEBSOCKETS_OVER_TLS];

const TEXT: &str = "
Each connection keeps a number of messages in flight, and sends a new one for each that comes back. The tables show
messages per second over all connections, and the server's CPU time per message in microseconds. The servers took turns
for eleven rounds of 0.4 s each.

uWebSockets corks by itself: it answers all messages of one read with one write. \"plain tungstenite loop\" is a loop
written by hand: non-blocking sockets with `mio`, 16 KiB buffers, collected answers, one flush per pass. yawc and
sockudo-ws collect answers too, yawc up to 32 as in its own benchmark. tokio-tungstenite, fastwebsockets and
tokio-websockets follow the examples of their crates: one task per connection on tokio's single-threaded runtime, and a
flush after each message. Boost.Beast reads and writes one message at a time. `ws` for Node has its native helper
`bufferutil`.

Many small messages show the cost of a message, few small messages the cost of a wake-up, and large messages the cost of
copying. In a closed loop two programs wait for each other: the server is the limit where it uses all of its core. The
columns \"load\" show the share of the other core that the load used meanwhile. Where neither uses all of its core, the
CPU time of a message compares the servers better than the rate.

Much of the CPU time is the kernel's, which does the same for each server that reads and writes many messages at once. In
profiles of ours and of uWebSockets it takes 71 and 81 % with 64 B and 16 in flight, 49 and 62 % with 64 in flight, 80 and
91 % with one message of 1 KiB. Outside of it ours needs 0.14 µs a message with 16 in flight, or 985 instructions, and
uWebSockets 0.09 µs; with one message of 1 KiB 1.1 µs, or 4,150 instructions, and 0.4 µs. Ours are spread over reading,
decoding, the queue of events, limits and accounts, encoding and writing. With 1 MiB the kernel's copies take 56 % of ours, and
unmasking 11 %.
";

#[derive(Deserialize)]
struct Measured {
    messages_per_second: f64,
    cpu_us_per_message: f64,
    server_share: f64,
    load_share: f64,
}

pub async fn measure(comparison: &Comparison<'_>) -> Result<Section> {
    let measured = run_all(comparison, &LOADS, &SERVERS, false).await?;
    let over_tls = run_all(comparison, &LOADS_OVER_TLS, &SERVERS_OVER_TLS, true).await?;
    let tables = vec![
        ("Messages per second · µs of CPU per message:".to_owned(), table(&LOADS, &SERVERS, &measured)),
        (
            "Ours relative to others, and the shares of the two cores:".to_owned(),
            ratios(&LOADS, &measured),
        ),
        (
            "Over TLS 1.3 with AES-128-GCM, ours by rustls, uWebSockets by OpenSSL. The load encrypts and decrypts as much as \
             the server, so the CPU time is the better measure. Messages per second · µs of CPU per message:"
                .to_owned(),
            table_over_tls(&over_tls),
        ),
    ];
    let (title, text, summary) = ("Server: messages per second", TEXT.to_owned(), summary(&measured));
    Ok(Section { title, text, tables, figures: Vec::new(), summary })
}

/// The number of rounds and the seconds of each: many short ones, because the machine's speed changes within a minute.
const ROUNDS: usize = 11;
const SECONDS: &str = "0.4";

/// Returns the measurements by load and server.
async fn run_all(
    comparison: &Comparison<'_>,
    loads: &[Load],
    servers: &[Server],
    tls: bool,
) -> Result<Vec<Vec<Vec<Measured>>>> {
    let mut measured = Vec::new();
    for load in loads {
        let args = args(load, comparison.by_mode(SECONDS, "0.3"), tls);
        let bytes = load.2.to_string();
        let command = |server: &_| comparison.measuring("load", &args, server, &["--max-message", &bytes]);
        measured.push(comparison.run_rounds(comparison.by_mode(ROUNDS, 1), servers, command).await?);
    }
    Ok(measured)
}

/// The command line of the load.
pub fn args(&(connections, in_flight, bytes): &Load, seconds: &str, tls: bool) -> Vec<String> {
    let number = |option: &str, number: usize| [option.to_owned(), number.to_string()];
    let mut args = vec!["echo".to_owned()];
    args.extend(number("--connections", connections));
    args.extend(number("--in-flight", in_flight));
    args.extend(number("--bytes", bytes));
    args.extend(["--seconds", seconds].map(str::to_owned));
    args.extend(tls.then(|| "--tls".to_owned()));
    args
}

fn rate(round: &Measured) -> f64 {
    round.messages_per_second
}

fn cost(round: &Measured) -> f64 {
    round.cpu_us_per_message
}

/// Returns the rate of ours, the first of the servers, relative to that of each.
fn relative_rates(servers: &[Vec<Measured>]) -> Vec<f64> {
    servers.iter().map(|server| median_ratio(&servers[0], server, rate)).collect()
}

fn cell(rounds: &[Measured]) -> String {
    format!("{} · {}", short(median(rounds, rate)), short(median(rounds, cost)))
}

fn name((connections, in_flight, bytes): &Load) -> String {
    format!("{connections} × {in_flight} × {bytes}")
}

/// A row for each server, and a column for each load.
fn table(loads: &[Load], servers: &[Server], measured: &[Vec<Vec<Measured>>]) -> Table {
    let mut table =
        Table::new(["connections × in flight × bytes".to_owned()].into_iter().chain(loads.iter().map(name)));
    for (index, server) in servers.iter().enumerate() {
        let cells = measured.iter().map(|servers| cell(&servers[index]));
        table.row([server.name.to_owned()].into_iter().chain(cells));
    }
    table
}

/// The comparisons of ours, the first of the servers, with uWebSockets, the second, and with the others.
fn ratios(loads: &[Load], measured: &[Vec<Vec<Measured>>]) -> Table {
    let heads = [
        "ours / uWebSockets",
        "ours / best of the rest",
        "CPU, ours / uWebSockets",
        "core of ours",
        "load",
        "core of uWebSockets",
        "load",
    ];
    let mut table = Table::new(["connections × in flight × bytes"].into_iter().chain(heads));
    for (load, servers) in loads.iter().zip(measured) {
        let relative = relative_rates(servers);
        let to_best = relative[2..].iter().copied().fold(f64::NAN, f64::min);
        let relations = [relative[1], to_best, median_ratio(&servers[0], &servers[1], cost)].map(ratio);
        let shares = servers[..2].iter().flat_map(|rounds| {
            let shares =
                [median(rounds, |round| round.server_share), median(rounds, |round| round.load_share)];
            shares.map(percent)
        });
        table.row([name(load)].into_iter().chain(relations).chain(shares));
    }
    table
}

fn table_over_tls(measured: &[Vec<Vec<Measured>>]) -> Table {
    let names = SERVERS_OVER_TLS.map(|server| server.name);
    let heads = ["ours / uWebSockets", "CPU, ours / uWebSockets"];
    let mut table = Table::new(["connections × in flight × bytes"].into_iter().chain(names).chain(heads));
    for (load, servers) in LOADS_OVER_TLS.iter().zip(measured) {
        let relations = [rate, cost].map(|value| ratio(median_ratio(&servers[0], &servers[1], value)));
        table.row([name(load)].into_iter().chain(servers.iter().map(|rounds| cell(rounds))).chain(relations));
    }
    table
}

/// Makes the summary of the measurements at each of [`LOADS`].
fn summary(measured: &[Vec<Vec<Measured>>]) -> Summary {
    let mut columns = Vec::new();
    let mut panels = Vec::new();
    for (load, servers) in LOADS.iter().zip(measured) {
        let rates: Vec<f64> = servers.iter().map(|rounds| median(rounds, rate)).collect();
        let bars = SERVERS.iter().zip(&rates).map(|(server, rate)| (server.name, *rate)).collect();
        panels.push(Panel { title: described(load), bars });
        // The second load differs from the first one only in its depth.
        if *load != LOADS[1] {
            columns.push((format!("messages/s, {}", size(load.2)), rates.into_iter().map(short).collect()));
        }
    }
    let verdicts: Vec<String> =
        LOADS.iter().zip(measured).map(|(load, servers)| verdict(load, &relative_rates(servers))).collect();
    let note = Some(format!("The fastest echo server: {}.", verdicts.join("; ")));
    let title = "Echo server on one core: messages per second (longer is better)";
    Summary { columns, chart: Some(Chart { title, panels }), note }
}

/// States the fastest server at a load, and how it compares with ours, or ours with the next. Takes the rate of ours
/// relative to that of each server.
fn verdict(load: &Load, relative_rates: &[f64]) -> String {
    let fastest_other = SERVERS.iter().zip(relative_rates).skip(1).min_by(|(_, a), (_, b)| a.total_cmp(b));
    let load = described(load);
    match fastest_other {
        Some((server, relative)) if *relative < 1.0 => {
            format!("with {load}, {}, {} times this crate", server.name, ratio(1.0 / relative))
        }
        Some((next, relative)) => {
            format!("with {load}, this crate, {} times the next, {}", ratio(*relative), next.name)
        }
        None => format!("with {load}, this crate"),
    }
}

/// Describes a load in words.
fn described(&(connections, in_flight, bytes): &Load) -> String {
    format!("{}, {connections} connections × {in_flight} in flight", size(bytes))
}

/// Describes a size in its largest unit.
pub fn size(bytes: usize) -> String {
    match bytes {
        1..1024 => format!("{bytes} B"),
        1024..0x10_0000 if bytes.is_multiple_of(1024) => format!("{} KiB", bytes >> 10),
        _ if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ => {
            format!("{} KiB - {} B", bytes.next_multiple_of(1024) >> 10, bytes.next_multiple_of(1024) - bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(rate: f64) -> Vec<Measured> {
        let share = rate / 1000.0;
        vec![Measured {
            messages_per_second: rate,
            cpu_us_per_message: 1.0,
            server_share: share,
            load_share: 0.5,
        }]
    }

    fn last_row(table: &Table) -> String {
        let rows = table.to_string();
        rows.lines().last().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_summary_has_the_rates_of_all_servers() {
        let servers =
            || [100.0, 125.0, 10.0].into_iter().chain([1.0; SERVERS.len() - 3]).map(measured).collect();
        let summary = summary(&LOADS.map(|_| servers()));
        let heads: Vec<_> = summary.columns.iter().map(|(head, _)| head.as_str()).collect();
        assert_eq!(heads, ["messages/s, 64 B", "messages/s, 1 KiB", "messages/s, 1 MiB"]);
        assert_eq!(summary.columns[0].1[..3], ["100", "125", "10.0"]);
        assert_eq!(summary.chart.unwrap().panels.len(), LOADS.len());
    }

    #[test]
    fn the_summary_names_the_fastest_server_whichever_it_is() {
        let slower = verdict(&LOADS[0], &[1.0, 0.8, 2.0]);
        assert_eq!(slower, "with 64 B, 32 connections × 16 in flight, uWebSockets, 1.25 times this crate");
        let faster = verdict(&LOADS[2], &[1.0, 2.0, 1.25]);
        let text = "with 1 KiB, 100 connections × 1 in flight, this crate, 1.25 times the next, plain tungstenite loop";
        assert_eq!(faster, text);
    }

    #[test]
    fn ours_is_compared_with_uwebsockets_and_with_the_best_of_the_rest() {
        let servers: Vec<_> = [100.0, 200.0, 50.0, 80.0].map(measured).into();
        let table = ratios(&LOADS[..1], &[servers]);
        assert_eq!(
            last_row(&table),
            "| 32 × 16 × 64 | 0.50 | 1.25 | 1.00 | 10.0 % | 50.0 % | 20.0 % | 50.0 % |"
        );
    }

    #[test]
    fn a_row_over_tls_has_both_ratios() {
        let servers: Vec<_> = [150.0, 100.0].map(measured).into();
        let row = last_row(&table_over_tls(&[servers]));
        assert_eq!(row, "| 32 × 16 × 64 | 150 · 1.00 | 100 · 1.00 | 1.50 | 1.00 |");
    }

    #[test]
    fn sizes_have_their_largest_unit() {
        assert_eq!([64, 1024, 4095, 1 << 20].map(size), ["64 B", "1 KiB", "4 KiB - 1 B", "1 MiB"]);
    }
}
