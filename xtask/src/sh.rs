//! Running other programs: said before it is done, with a deadline, and stopped together with everything they started when we stop.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, BufRead, BufReader, PipeReader};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::process::Command;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::project::Project;
use crate::wait::Spoken;

/// How long a program may take, unless it is told otherwise. On a slow machine a build from nothing needs many minutes.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// How long the answer to a question such as `--version` may take.
const ANSWER: Duration = Duration::from_secs(60);

/// A program that ended may leave its output open to something it started: how long we go on reading.
const LAST_OUTPUT: Duration = Duration::from_secs(2);

/// A program with its arguments, to be run at the root of the repository.
pub struct Cmd {
    program: String,
    found: Option<PathBuf>,
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
    root: PathBuf,
    search_path: OsString,
    limit: Duration,
    interactive: bool,
}

impl Cmd {
    pub fn new(project: &Project, program: &str) -> Self {
        Self {
            program: program.to_owned(),
            found: project.which(program),
            args: Vec::new(),
            env: Vec::new(),
            root: project.root().to_owned(),
            search_path: project.search_path().to_owned(),
            limit: LIMIT,
            interactive: false,
        }
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// How long it may take before it is stopped.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// It may ask the person at the terminal (for a password), so it stays in the terminal's foreground.
    pub fn interactive(mut self) -> Self {
        self.interactive = true;
        self
    }

    /// Runs it to its end with its output on our terminal. Anything but success is an error.
    pub async fn run(self) -> Result<()> {
        self.say();
        let mut running = self.spawn(|command| command)?;
        let status = running.wait(self.limit).await?;
        self.judge(status)
    }

    /// As [`Cmd::run`], and shows every line of its output to `on_line` too.
    pub async fn watch(self, mut on_line: impl FnMut(&str)) -> Result<()> {
        self.say();
        self.follow(Errors::AmongOutput, |line| {
            println!("{line}");
            on_line(&line);
        })
        .await
    }

    /// Runs it to its end and gives the lines of its output. What it writes as errors or progress goes to our terminal.
    pub async fn read(self) -> Result<Vec<String>> {
        self.say();
        let mut lines = Vec::new();
        self.follow(Errors::ToTerminal, |line| lines.push(line)).await?;
        Ok(lines)
    }

    /// The first line that it answers to a question such as `--version`. Says nothing.
    pub async fn ask(self) -> Result<String> {
        let mut lines = Vec::new();
        self.limit(ANSWER).follow(Errors::ToNobody, |line| lines.push(line)).await?;
        Ok(lines.into_iter().next().unwrap_or_default())
    }

    /// Starts it in the background, with its output as lines. It is stopped when the [`Running`] is dropped.
    pub fn start(self) -> Result<(Running, UnboundedReceiver<String>)> {
        self.say();
        self.spawn_with_lines(Errors::AmongOutput)
    }

    async fn follow(self, errors: Errors, mut on_line: impl FnMut(String)) -> Result<()> {
        let (mut running, mut lines) = self.spawn_with_lines(errors)?;
        let ended = running.wait(self.limit);
        tokio::pin!(ended);
        let status = loop {
            tokio::select! {
                biased;
                Some(line) = lines.recv() => on_line(line),
                status = &mut ended => break status?,
            }
        };
        while let Ok(Some(line)) = tokio::time::timeout(LAST_OUTPUT, lines.recv()).await {
            on_line(line);
        }
        self.judge(status)
    }

    fn say(&self) {
        println!("$ {self}");
    }

    fn judge(&self, status: ExitStatus) -> Result<()> {
        if !status.success() {
            bail!("`{}` failed ({status})", self.short());
        }
        Ok(())
    }

    /// Enough of the line to recognize it in an error.
    fn short(&self) -> String {
        let first_args = self.args.iter().take(2).map(|arg| arg.to_string_lossy());
        [self.program.as_str().into()].into_iter().chain(first_args).collect::<Vec<_>>().join(" ")
    }

    fn command(&self) -> Result<Command> {
        let Some(program) = &self.found else {
            bail!("`{}` is not installed, or not on PATH", self.program);
        };
        let mut command = Command::new(program);
        command.args(&self.args).current_dir(&self.root).stdin(Stdio::null());
        // `cargo run` told us about the package xtask. Passed on, it would make build scripts (ring's is one) run again each time
        // that a build started from here follows one started by hand.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name.as_ref());
            }
        }
        command.env("PATH", &self.search_path);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    fn spawn(&self, set_up: impl FnOnce(&mut Command) -> &mut Command) -> Result<Running> {
        let mut command = self.command()?;
        set_up(&mut command);
        if self.interactive {
            command.stdin(Stdio::inherit());
        }
        let mut wrapped = CommandWrap::from(command);
        if !self.interactive {
            #[cfg(unix)]
            wrapped.wrap(process_wrap::tokio::ProcessGroup::leader());
            #[cfg(windows)]
            wrapped.wrap(process_wrap::tokio::JobObject);
        }
        let child = wrapped.spawn().with_context(|| format!("cannot start `{self}`"))?;
        Ok(Running { name: self.short(), child })
    }

    fn spawn_with_lines(&self, errors: Errors) -> Result<(Running, UnboundedReceiver<String>)> {
        let (reader, output) = io::pipe().context("cannot make a pipe")?;
        let errors = match errors {
            // One pipe for both keeps their lines in the order in which they were written.
            Errors::AmongOutput => output.try_clone().context("cannot make a pipe")?.into(),
            Errors::ToTerminal => Stdio::inherit(),
            Errors::ToNobody => Stdio::null(),
        };
        let running = self.spawn(|command| command.stdout(output).stderr(errors))?;
        Ok((running, lines_of(reader)))
    }
}

/// Where the standard error output of a program goes whose output is read.
enum Errors {
    AmongOutput,
    ToTerminal,
    ToNobody,
}

impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={} ", quoted(value))?;
        }
        write!(f, "{}", self.program)?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    if word.is_empty() || word.contains(char::is_whitespace) {
        format!("\"{word}\"")
    } else {
        word.into_owned()
    }
}

/// Lines are read on a thread of their own, because the pipe blocks; it ends when the last writer is gone.
fn lines_of(reader: PipeReader) -> UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n') {
            let Ok(line) = line else { break };
            let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// A program that runs. Dropping this stops it, and everything that it started.
pub struct Running {
    name: String,
    child: Box<dyn ChildWrapper>,
}

impl Running {
    async fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        match tokio::time::timeout(limit, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => {
                self.stop();
                bail!("`{}` took longer than {} and was stopped", self.name, Spoken(limit))
            }
        }
    }

    fn stop(&mut self) {
        // The only failure is that nothing is left to stop.
        let _ = self.child.start_kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cargo() -> Cmd {
        Project::find().unwrap().command("cargo")
    }

    #[tokio::test]
    async fn lines_are_seen_and_success_is_success() {
        let mut lines = Vec::new();
        cargo().arg("--version").watch(|line| lines.push(line.to_owned())).await.unwrap();
        assert!(lines[0].starts_with("cargo "), "{lines:?}");
    }

    #[tokio::test]
    async fn a_failure_names_the_command() {
        let error = cargo().args(["no-such-command", "--verbose"]).ask().await.unwrap_err();
        assert!(error.to_string().starts_with("`cargo no-such-command --verbose` failed"), "{error}");
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let error = Project::find().unwrap().command("no-such-program").run().await.unwrap_err();
        assert!(error.to_string().contains("`no-such-program` is not installed"), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_takes_too_long_is_stopped_with_its_children() {
        let project = Project::find().unwrap();
        let late = project.target().join("xtask-test-late");
        let script = format!("(sleep 1; touch '{}') & wait", late.display());
        let command = project.command("sh").args(["-c", &script]).limit(Duration::from_millis(300));
        let error = command.run().await.unwrap_err();
        assert!(error.to_string().contains("took longer than 0.3 s"), "{error}");

        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(!late.exists(), "a child outlived its parent, and made {}", late.display());
    }
}
