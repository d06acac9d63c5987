//! A soak: thousands of clients come, talk, stall, vanish and come back, for minutes. The server must lose and double
//! nothing, tell one `Closed` for each `Opened`, and be as large afterwards as it was before.
//!
//! The server is this program; the clients are a second process of it, so that what is measured is the server's alone. All
//! that the clients do is drawn from a seed, which is printed.

mod clients;
mod host;
mod measure;
mod message;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: soak [--connections 5000] [--seconds 180] [--patience 5] [--talk 30] [--seed N]";

type Failure = Box<dyn std::error::Error>;

/// What is asked of the clients: how many of them, for how long.
#[derive(Debug, Clone, Copy)]
struct Load {
    connections: usize,
    time: Duration,
    /// After how long a silence the server asks, and how long it waits for an answer; it bears half as long again with
    /// somebody who does not read. Longer than a busy machine keeps the clients from their turn.
    patience: Duration,
    /// The longest that somebody talks before he goes.
    talk: Duration,
    seed: u64,
}

struct Arguments {
    /// Where to connect; without it, this process is the server.
    clients_of: Option<SocketAddr>,
    load: Load,
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing was wrong.
fn run() -> Result<bool, Failure> {
    let Arguments { clients_of, load } = arguments()?;
    measure::allow_descriptors(load.connections)?;
    match clients_of {
        Some(addr) => Ok(clients::run(addr, &load)),
        None => host::run(&load),
    }
}

fn arguments() -> Result<Arguments, Failure> {
    use lexopt::prelude::*;

    let mut clients_of = None;
    let mut load = Load {
        connections: 5000,
        time: Duration::from_secs(180),
        patience: Duration::from_secs(5),
        talk: Duration::from_secs(30),
        seed: fastrand::u64(0..1_000_000),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("connections") => load.connections = parser.value()?.parse()?,
            Long("seconds") => load.time = Duration::from_secs(parser.value()?.parse()?),
            Long("seed") => load.seed = parser.value()?.parse()?,
            Long("patience") => load.patience = Duration::from_secs(parser.value()?.parse()?),
            Long("talk") => load.talk = Duration::from_secs(parser.value()?.parse()?),
            // For the second process.
            Long("clients-of") => clients_of = Some(parser.value()?.parse()?),
            Short('h') | Long("help") => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            other => return Err(format!("{}\n{USAGE}", other.unexpected()).into()),
        }
    }
    Ok(Arguments { clients_of, load })
}
