//! Programs that are used through pipes, as a person uses them in a terminal.

use std::io::{PipeWriter, Write, pipe};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::mpsc::UnboundedReceiver;

use super::steps::RESULT_LIMIT;
use crate::process::{Cmd, Running};
use crate::project::Project;
use crate::wait::within;

/// The deadline for a program to start: cargo checks that it is built.
const START: Duration = Duration::from_secs(60);

/// A running program. Its output is printed. Dropping this stops it.
pub struct Terminal {
    name: &'static str,
    input: PipeWriter,
    output: UnboundedReceiver<String>,
    running: Running,
    seen: Vec<String>,
}

impl Terminal {
    /// Starts the line that the demo prints, with more arguments.
    pub fn start(project: &Project, name: &'static str, line: &str, more: &[&str]) -> Result<Self> {
        let mut words = line.split_whitespace();
        let program = words.next().context("the line is empty")?;
        let (reader, input) = pipe().context("cannot make a pipe")?;
        let command: Cmd = project.command(program).args(words).args(more).input(reader);
        let (running, output) = command.start()?;
        Ok(Self { name, input, output, running, seen: Vec::new() })
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Types a line.
    pub fn enter(&mut self, line: &str) -> Result<()> {
        println!("{} < {line}", self.name);
        writeln!(self.input, "{line}").with_context(|| format!("{} does not read", self.name))
    }

    /// Waits until the program prints a line with this in it.
    pub async fn prints(&mut self, part: &str) -> Result<String> {
        let name = self.name;
        let found = async {
            loop {
                match self.output.recv().await {
                    Some(line) if self.note(&line).contains(part) => return Ok(line),
                    Some(_) => {}
                    None => bail!("{name} has ended"),
                }
            }
        };
        within(START, format_args!("waiting for “{part}” of {name}"), found).await
    }

    /// Returns the lines that have arrived since the last time.
    pub fn lines(&mut self) -> Vec<String> {
        let lines: Vec<String> = std::iter::from_fn(|| self.output.try_recv().ok()).collect();
        for line in &lines {
            self.note(line);
        }
        lines
    }

    /// All lines that were read.
    pub fn seen(&self) -> &[String] {
        &self.seen
    }

    /// Waits until the program exits with success.
    pub async fn exits(mut self) -> Result<()> {
        self.running.succeed(RESULT_LIMIT).await?;
        self.lines();
        Ok(())
    }

    fn note<'a>(&mut self, line: &'a str) -> &'a str {
        println!("{} > {line}", self.name);
        self.seen.push(line.to_owned());
        line
    }
}
