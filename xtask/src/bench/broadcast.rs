//! Measures a message to all peers.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Result;
use serde::Deserialize;

use super::comparison::{Comparison, OURS, PLAIN, Server, UWEBSOCKETS};
use super::document::{Section, Summary, Table};
use super::numbers::{median, median_ratio, ratio, short};

const BYTES: &str = "256";
/// The number of rounds, and the number of messages in each: many short ones, because the machine's speed changes within a
/// minute.
const ROUNDS: usize = 21;
const TIMES: &str = "200";
/// The temporary file of strace.
const TRACE: &str = "bench/target/strace.txt";
const CANDIDATES: [Server; 3] = [OURS, UWEBSOCKETS, PLAIN];

const TEXT: &str = "
One peer sends a message of 256 bytes, the server sends it to all peers, and the next message follows when all have
received it. The table shows the time until the last peer has the message, and the server's CPU time per peer. The servers
took turns for 21 rounds of 200 messages. In profiles the kernel takes 94 % of the CPU time of ours, and 92 % of uWebSockets':
it delivers loopback data to the receiver within the send call. `strace` counts the system calls per peer and message in
separate runs. Ours encodes the message once, in `broadcast`. uWebSockets publishes it to the subscribers of a topic. The
plain loop encodes it for each peer.
";

#[derive(Deserialize)]
struct Measured {
    us_per_broadcast: f64,
    cpu_us_per_broadcast: f64,
    calls_per_peer: Option<BTreeMap<String, f64>>,
}

pub async fn measure(comparison: &Comparison<'_>) -> Result<Section> {
    let peers = comparison.by_mode(1_000, 100);
    let measured = run(comparison, peers, comparison.by_mode(ROUNDS, 1), TIMES, None).await?;
    let counted = if comparison.project.which("strace").is_some() {
        let counted = run(comparison, peers, 1, "20", Some(TRACE)).await?;
        fs::remove_file(comparison.project.root().join(TRACE))?;
        Some(counted)
    } else {
        println!("system calls are not counted: strace is not on PATH");
        None
    };

    let caption = caption(peers, &measured[0], &measured[1]);
    let mut table = Table::new(["", "ms for all", "µs of CPU per peer", "system calls per peer"]);
    for (number, (server, rounds)) in CANDIDATES.iter().zip(&measured).enumerate() {
        let time = median(rounds, |round| round.us_per_broadcast) / 1000.0;
        let cost = median(rounds, |round| round.cpu_us_per_broadcast) / peers as f64;
        let calls = counted.as_ref().and_then(|counted| counted[number].first());
        let calls = calls.and_then(|round| round.calls_per_peer.as_ref());
        let calls = calls.map_or_else(|| "not counted".to_owned(), describe);
        table.row([server.name.to_owned(), short(time), short(cost), calls]);
    }
    let (title, text, summary) = ("Server: broadcast", TEXT.to_owned(), Summary::default());
    Ok(Section { title, text, tables: vec![(caption, table)], figures: Vec::new(), summary })
}

async fn run(
    comparison: &Comparison<'_>,
    peers: usize,
    rounds: usize,
    count: &str,
    trace: Option<&str>,
) -> Result<Vec<Vec<Measured>>> {
    let connections = peers.to_string();
    let load = ["broadcast", "--connections", &connections, "--bytes", BYTES, "--times", count];
    let trace = trace.into_iter().flat_map(|path| ["--trace", path]);
    let args: Vec<String> = load.into_iter().chain(trace).map(str::to_owned).collect();
    comparison
        .run_rounds(rounds, &CANDIDATES, |server| {
            comparison.measuring("load", &args, server, &["--broadcast"])
        })
        .await
}

fn caption(peers: usize, ours: &[Measured], uwebsockets: &[Measured]) -> String {
    let time = ratio(median_ratio(ours, uwebsockets, |round| round.us_per_broadcast));
    let cost = ratio(median_ratio(ours, uwebsockets, |round| round.cpu_us_per_broadcast));
    format!("To {peers} peers. Ours takes {time} of uWebSockets' time, and {cost} of its CPU time:")
}

/// Describes the number of all calls, and by name those that are made for each peer.
fn describe(calls: &BTreeMap<String, f64>) -> String {
    const PER_PEER: f64 = 0.1;
    let named = calls.iter().filter(|(_, count)| **count >= PER_PEER);
    let names: Vec<String> = named.map(|(name, count)| format!("{name} {}", ratio(*count))).collect();
    format!("{} ({})", ratio(calls.values().sum()), names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_compared_with_uwebsockets() {
        let measured = |us_per_broadcast, cpu_us_per_broadcast| Measured {
            us_per_broadcast,
            cpu_us_per_broadcast,
            calls_per_peer: None,
        };
        let caption = caption(10, &[measured(3.0, 2.0)], &[measured(4.0, 1.0)]);
        assert_eq!(caption, "To 10 peers. Ours takes 0.75 of uWebSockets' time, and 2.00 of its CPU time:");
    }

    #[test]
    fn rare_calls_are_counted_but_not_named() {
        let calls = [("sendto", 1.0), ("epoll_wait", 0.001)].map(|(name, count)| (name.to_owned(), count));
        assert_eq!(describe(&calls.into()), "1.00 (sendto 1.00)");
    }
}
