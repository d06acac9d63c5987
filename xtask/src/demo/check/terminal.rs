//! Programs that are used through pipes, as a person uses them in a terminal.

use std::env::consts::EXE_SUFFIX;
use std::io::{PipeWriter, Write, pipe};

use anyhow::{Context, Result, bail};
use tokio::sync::mpsc::UnboundedReceiver;

use super::steps::RESULT_LIMIT;
use crate::demo::lines::Program;
use crate::process::Running;
use crate::project::Project;
use crate::wait::within;

/// A running program. Its output is printed. Dropping this stops it.
pub struct Terminal {
    name: &'static str,
    input: PipeWriter,
    output: UnboundedReceiver<String>,
    running: Running,
    seen: Vec<String>,
}

impl Terminal {
    /// Starts a program of this repository, which was built.
    pub fn start(project: &Project, name: &'static str, program: &Program, args: &[&str]) -> Result<Self> {
        let path = project.target().join("debug").join(format!("{}{EXE_SUFFIX}", program.path));
        let (reader, input) = pipe().context("cannot make a pipe")?;
        let command = project.command(&path.to_string_lossy()).args(args).input(reader);
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
        within(RESULT_LIMIT, format_args!("waiting for “{part}” of {name}"), found).await
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

    /// Waits until the program exits with success. Returns all lines.
    pub async fn exits(mut self) -> Result<Vec<String>> {
        self.running.succeed(RESULT_LIMIT).await?;
        while let Some(line) = self.output.recv().await {
            self.note(&line);
        }
        Ok(self.seen)
    }

    fn note<'a>(&mut self, line: &'a str) -> &'a str {
        println!("{} > {line}", self.name);
        self.seen.push(line.to_owned());
        line
    }
}
