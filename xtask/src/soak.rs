//! `cargo xtask soak`: the program in `soak/`, built for release. The server of this crate, and thousands of clients that
//! come, talk, stall, vanish and come back.

use std::time::Duration;

use anyhow::Result;

use crate::project::Project;

/// How long it may take beside the time that was asked for: to build, to warm up, to calm down.
const BESIDE: Duration = Duration::from_secs(30 * 60);

/// How much of it, and for how long.
#[derive(Debug, PartialEq)]
pub struct Options {
    pub connections: usize,
    pub time: Duration,
    /// In seconds, how long the server bears with silence: it must not take a busy machine for a client that has gone.
    pub patience: u64,
    /// In seconds, how long a client stays.
    pub talk: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 5000, time: Duration::from_secs(3 * 60), patience: 5, talk: 30 }
    }
}

impl Options {
    /// Enough to see that it works.
    pub fn short() -> Self {
        Self { connections: 300, time: Duration::from_secs(10), patience: 2, talk: 4 }
    }
}

/// Runs it; what it finds wrong is an error.
pub async fn run(project: &Project, options: &Options) -> Result<()> {
    let program = ["run", "--release", "--package", "soak", "--"];
    let arguments = [
        ("--connections", options.connections as u64),
        ("--seconds", options.time.as_secs()),
        ("--patience", options.patience),
        ("--talk", options.talk),
    ];
    let mut command = project.command("cargo").args(program).limit(options.time + BESIDE);
    for (name, value) in arguments {
        command = command.arg(name).arg(value.to_string());
    }
    command.run().await
}
