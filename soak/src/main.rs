//! A soak test: for minutes, thousands of clients connect, talk, stall, vanish and come back. The server must lose and
//! duplicate nothing, report one `Closed` for each `Opened`, and be as large afterwards as before.
//!
//! The server is this process, and the clients are a second one, so that the server is measured alone. A seed, which is
//! printed, determines what the clients do.

mod clients;
mod host;
mod measure;
mod message;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: soak [--connections 5000] [--seconds 180] [--patience 5] [--talk 30] [--seed N]";

type Failure = Box<dyn std::error::Error>;

/// The load: how many clients, for how long.
#[derive(Debug, Clone, Copy)]
struct Load {
    connections: usize,
    time: Duration,
    /// The heartbeat interval and timeout of the server; a slow reader has half as long again. It must exceed the pauses of a
    /// busy machine.
    patience: Duration,
    /// The longest time that a client talks.
    talk: Duration,
    seed: u64,
}

struct Arguments {
    /// The server's address. Without it, this process is the server.
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

/// Returns `true` if there were no faults.
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
