//! One message to everybody.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Result;
use serde::Deserialize;

use super::contest::{Contest, OURS, PLAIN, Server};
use super::numbers::{median, short, times};
use super::paper::{Section, Table};

const BYTES: &str = "256";
/// Where strace writes for a while.
const TRACE: &str = "bench/target/strace.txt";
const CONTESTANTS: [Server; 2] = [OURS, PLAIN];

const TEXT: &str = "
One of the peers sends a message of 256 bytes and the server passes it on to all of them, again and again, each time when all
have got it. Told are the time until the last one has it, and the server's CPU time for each peer; most of that is the
kernel's, which carries what is sent on loopback all the way to the receiver. System calls are counted by `strace` in a run
of their own, and told for each peer and message. The plain loop encodes the message for each peer; ours does so once.
";

#[derive(Deserialize)]
struct Measured {
    us_per_broadcast: f64,
    cpu_us_per_broadcast: f64,
    calls_per_peer: Option<BTreeMap<String, f64>>,
}

pub async fn measure(contest: &Contest<'_>) -> Result<Section> {
    let peers = contest.full_or_quick(1_000, 100);
    let measured = run(contest, peers, contest.full_or_quick("1000", "100"), None).await?;
    let counted = if contest.project.which("strace").is_some() {
        let counted = run(contest, peers, "20", Some(TRACE)).await?;
        fs::remove_file(contest.project.root().join(TRACE))?;
        Some(counted)
    } else {
        println!("system calls are not counted: there is no strace on PATH");
        None
    };

    let mut table = Table::new(["", "ms for all", "µs of CPU a peer", "system calls a peer"]);
    for (number, (server, turns)) in CONTESTANTS.iter().zip(&measured).enumerate() {
        let time = median(turns, |turn| turn.us_per_broadcast) / 1000.0;
        let cost = median(turns, |turn| turn.cpu_us_per_broadcast) / peers as f64;
        let calls = counted.as_ref().and_then(|counted| counted[number].first());
        let calls = calls.and_then(|turn| turn.calls_per_peer.as_ref());
        let calls = calls.map_or_else(|| "not counted".to_owned(), told);
        table.row([server.name.to_owned(), short(time), short(cost), calls]);
    }
    let title = "Server: one message to everybody";
    Ok(Section { title, text: TEXT.to_owned(), tables: vec![(format!("To {peers} peers:"), table)] })
}

async fn run(
    contest: &Contest<'_>,
    peers: usize,
    count: &str,
    trace: Option<&str>,
) -> Result<Vec<Vec<Measured>>> {
    let connections = peers.to_string();
    let crowd = ["broadcast", "--connections", &connections, "--bytes", BYTES, "--times", count];
    let trace = trace.into_iter().flat_map(|path| ["--trace", path]);
    let args: Vec<String> = crowd.into_iter().chain(trace).map(str::to_owned).collect();
    contest
        .take_turns(contest.rounds(), &CONTESTANTS, |server| {
            contest.against("load", &args, server, &["--broadcast"])
        })
        .await
}

/// All calls together, and by name those that are made for each peer.
fn told(calls: &BTreeMap<String, f64>) -> String {
    const FOR_EACH: f64 = 0.1;
    let named = calls.iter().filter(|(_, count)| **count >= FOR_EACH);
    let names: Vec<String> = named.map(|(name, count)| format!("{name} {}", times(*count))).collect();
    format!("{} ({})", times(calls.values().sum()), names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_are_few_are_only_counted() {
        let calls = [("sendto", 1.0), ("epoll_wait", 0.001)].map(|(name, count)| (name.to_owned(), count));
        assert_eq!(told(&calls.into()), "1.00 (sendto 1.00)");
    }
}
