//! A program that listens: it tells where, and its output is shown for as long as it runs.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use crate::sh::{Cmd, Running};
use crate::wait::within;

/// How long it may take to listen.
const START: Duration = Duration::from_secs(30);

/// How long it may take to end by itself.
const END: Duration = Duration::from_secs(60);

/// Dropping this stops the program.
pub struct Service {
    pub url: String,
    shown: JoinHandle<()>,
    _running: Running,
}

impl Service {
    /// Starts the program, and waits until it prints a line with the URL where it listens.
    pub async fn start(command: Cmd) -> Result<Self> {
        let (running, mut lines) = command.start()?;
        let url = within(START, "starting to listen", url(&mut lines)).await?;
        let shown = tokio::spawn(async move {
            while let Some(line) = lines.recv().await {
                println!("{line}");
            }
        });
        Ok(Self { url, shown, _running: running })
    }

    /// Whether it has neither ended nor crashed.
    pub fn is_running(&self) -> bool {
        !self.shown.is_finished()
    }

    /// Waits until it ends by itself.
    pub async fn end(self) -> Result<()> {
        within(END, "the end of a program that has done its work", self.shown).await
    }
}

async fn url(lines: &mut UnboundedReceiver<String>) -> Result<String> {
    while let Some(line) = lines.recv().await {
        println!("{line}");
        if let Some(start) = line.find("ws://") {
            return Ok(line[start..].trim_end().to_owned());
        }
    }
    bail!("it ended before it told where it listens")
}
