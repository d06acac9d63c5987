//! Runs a program that listens, prints its address, and keeps printing.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinHandle;

use crate::process::{Cmd, Running};
use crate::wait::within;

/// The deadline for the address.
const START: Duration = Duration::from_secs(60);

/// The deadline for exiting.
const END: Duration = Duration::from_secs(60);

/// A running program. Its output is printed. Dropping this stops the program.
pub struct Service<T> {
    /// The program's address, in the form that it prints.
    pub address: T,
    printing: JoinHandle<()>,
    _running: Running,
}

impl<T> Service<T> {
    /// Starts the program, and waits for a line in which `parse` finds the address.
    pub async fn start(command: Cmd, parse: impl Fn(&str) -> Option<T>) -> Result<Self> {
        let (running, mut lines) = command.start()?;
        let address = async {
            loop {
                let line = lines.recv().await.context("the program exited before it printed its address")?;
                println!("{line}");
                if let Some(address) = parse(&line) {
                    return anyhow::Ok(address);
                }
            }
        };
        let address = within(START, "starting to listen", address).await?;
        let printing = tokio::spawn(async move {
            while let Some(line) = lines.recv().await {
                println!("{line}");
            }
        });
        Ok(Self { address, printing, _running: running })
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

/// Finds the URL at the end of a line.
pub fn websocket_url(line: &str) -> Option<String> {
    Some(line[line.find("ws://")?..].trim_end().to_owned())
}
