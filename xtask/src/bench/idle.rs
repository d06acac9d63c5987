//! What a server costs when nearly everybody is silent.

use anyhow::Result;
use serde::Deserialize;

use super::contest::{Contest, OURS, SERVERS, Server};
use super::numbers::{median, percent, short};
use super::paper::{Section, Table};

/// How many play, and how many frames a second games have.
const ACTIVE: usize = 10;
const HZ: &str = "60";

const TEXT: &str = "
Thousands of connections are silent, and ten of them send a message of 64 bytes sixty times a second. The plain loop and ours
run as a game does: sixty frames a second, in each of which everything that has come is answered; so an answer waits for the
end of a frame, half of one on average (8 ms). The plain loop looks at each of its sockets in every frame. The others have
no frames, and answer when something comes: a game would still have to bring it into its loop, which is not measured.

Memory is what each silent connection added to the resident memory of the server's process: once after its handshake, once
after it had sent and got one message. What the kernel keeps for a socket is not in it, and is the same for all. Each had one
turn, of 10 seconds.
";

#[derive(Deserialize)]
struct Measured {
    memory_joined: f64,
    memory_spoken: f64,
    server_share: f64,
    latency_us: [f64; 3],
    last_words: Option<String>,
}

pub async fn measure(contest: &Contest<'_>) -> Result<Section> {
    let mut tables = Vec::new();
    if contest.full_or_quick(true, false) {
        tables.push(with(contest, 5_000, &SERVERS).await?);
        // What more of them cost is asked of ours, and of the loop that looks at each of them.
        tables.push(with(contest, 15_000, &SERVERS[..2]).await?);
    } else {
        tables.push(with(contest, 500, &SERVERS).await?);
    }
    Ok(Section { title: "Server: thousands who are silent", text: TEXT.to_owned(), tables })
}

async fn with(contest: &Contest<'_>, idle: usize, servers: &[Server]) -> Result<(String, Table)> {
    let (connections, active) = (idle.to_string(), ACTIVE.to_string());
    let seconds = contest.full_or_quick("10", "1");
    let crowd = ["idle", "--connections", &connections, "--active", &active];
    let args: Vec<String> =
        crowd.into_iter().chain(["--hz", HZ, "--seconds", seconds]).map(str::to_owned).collect();
    let command = |server: &Server| {
        // Ours tells in the end how long its polls took.
        let last_words = (*server == OURS).then(|| "--last-words".to_owned());
        let args: Vec<String> = args.iter().cloned().chain(last_words).collect();
        contest.against("load", &args, server, &["--hz", HZ])
    };
    let measured: Vec<Vec<Measured>> = contest.take_turns(1, servers, command).await?;

    let mut table = Table::new([
        "",
        "share of a core",
        "KiB each, silent",
        "KiB each, spoke once",
        "latency ms, 50 %",
        "99 %",
        "99.9 %",
    ]);
    for (server, turns) in servers.iter().zip(&measured) {
        let kib = |value: fn(&Measured) -> f64| short(median(turns, value) / 1024.0);
        let latency = [0, 1, 2].map(|part| short(median(turns, |turn| turn.latency_us[part]) / 1000.0));
        let share = percent(median(turns, |turn| turn.server_share));
        let memory = [kib(|turn| turn.memory_joined), kib(|turn| turn.memory_spoken)];
        table.row([server.name.to_owned(), share].into_iter().chain(memory).chain(latency));
    }
    let polls: Vec<&str> =
        measured[0].iter().filter_map(|turn| turn.last_words.as_deref()?.strip_prefix("poll: ")).collect();
    let caption = format!(
        "{idle} silent, {ACTIVE} active. How long our `poll` took, in each round: {}.",
        polls.join("; ")
    );
    Ok((caption, table))
}
