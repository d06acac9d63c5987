//! Runs a program that listens, prints its URL, and keeps printing.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use crate::process::{Cmd, Running};
use crate::wait::within;

/// The deadline for listening.
const START: Duration = Duration::from_secs(30);

/// The deadline for exiting.
const END: Duration = Duration::from_secs(60);

/// A running program that listens. Dropping this stops the program.
pub struct Service {
    pub url: String,
    printing: JoinHandle<()>,
    _running: Running,
}

impl Service {
    /// Starts the program and waits until it prints the URL that it listens on.
    pub async fn start(command: Cmd) -> Result<Self> {
        let (running, mut lines) = command.start()?;
        let url = within(START, "starting to listen", url(&mut lines)).await?;
        let printing = tokio::spawn(async move {
            while let Some(line) = lines.recv().await {
                println!("{line}");
            }
        });
        Ok(Self { url, printing, _running: running })
    }

    /// Returns `true` if the program has neither exited nor crashed.
    pub fn is_running(&self) -> bool {
        !self.printing.is_finished()
    }

    /// Waits until the program exits.
    pub async fn exited(self) -> Result<()> {
        within(END, "waiting for the program to exit", self.printing).await
    }
}

async fn url(lines: &mut UnboundedReceiver<String>) -> Result<String> {
    while let Some(line) = lines.recv().await {
        println!("{line}");
        if let Some(start) = line.find("ws://") {
            return Ok(line[start..].trim_end().to_owned());
        }
    }
    bail!("the program exited before it printed its URL")
}
