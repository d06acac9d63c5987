//! `cargo xtask soak`: the program in `soak/`, built for release: a server of this crate, and thousands of clients that
//! connect, send, stall, vanish and come back.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::project::Project;

/// The time that building, warming up and winding down may take.
const OVERHEAD: Duration = Duration::from_secs(30 * 60);

#[derive(Args, Debug, PartialEq)]
pub struct Options {
    /// The number of clients
    #[arg(long, value_name = "N", default_value_t = 5000)]
    pub connections: usize,
    /// How long it runs, without the time to warm up
    #[arg(long = "minutes", value_name = "M", value_parser = parse_minutes, default_value = "3")]
    pub time: Duration,
    /// How long the server waits for a silent client, in seconds. On a busy machine a client that is only slow must not
    /// be taken for one that is gone.
    #[arg(skip = 5u64)]
    pub patience: u64,
    /// How long a client stays, in seconds.
    #[arg(skip = 30u64)]
    pub talk: u64,
}

impl Options {
    /// The options of a short run, which only shows that everything works.
    pub fn short() -> Self {
        Self { connections: 300, time: Duration::from_secs(10), patience: 2, talk: 4 }
    }
}

fn parse_minutes(minutes: &str) -> Result<Duration> {
    Ok(Duration::from_secs(60) * minutes.parse()?)
}

/// Runs the soak. The program exits with an error if it finds one.
pub async fn run(project: &Project, options: &Options) -> Result<()> {
    let program = ["run", "--release", "--package", "soak", "--"];
    let arguments = [
        ("--connections", options.connections as u64),
        ("--seconds", options.time.as_secs()),
        ("--patience", options.patience),
        ("--talk", options.talk),
    ];
    let mut command = project.command("cargo").args(program).limit(options.time + OVERHEAD);
    for (name, value) in arguments {
        command = command.arg(name).arg(value.to_string());
    }
    command.run().await
}
