//! Runs other programs: prints each command first, sets a deadline, and stops a program together with every process
//! that it started. `process-wrap` makes the process group (on Windows the job object) that this takes.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::process::Command;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::project::Project;
use crate::wait::Human;

/// The variable that is set for every program, and not printed.
const SEARCH_PATH: &str = "PATH";

/// The default deadline of a program. On a slow machine a build from scratch takes many minutes.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// The deadline of a query such as `--version`.
const QUERY_LIMIT: Duration = Duration::from_secs(60);

/// How long the output is read after the program has ended. A process that it started may keep the output open.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);

/// A program with its arguments, which runs at the root of the repository.
pub struct Cmd {
    program: String,
    is_installed: bool,
    command: Command,
    limit: Duration,
    interactive: bool,
}

impl Cmd {
    pub fn new(project: &Project, program: &str) -> Self {
        let path = project.which(program);
        let mut command = Command::new(path.as_deref().unwrap_or(Path::new(program)));
        command.current_dir(project.root()).stdin(Stdio::null());
        // `cargo run` sets these variables for xtask. Build scripts such as ring's run again when they change, so builds
        // started by xtask and by hand would invalidate each other.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name.as_ref());
            }
        }
        command.env(SEARCH_PATH, project.search_path());
        Self {
            program: program.to_owned(),
            is_installed: path.is_some(),
            command,
            limit: LIMIT,
            interactive: false,
        }
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the deadline, after which the program is stopped.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Gives the program this pipe to read from. Without it, its input is empty.
    pub fn input(mut self, pipe: PipeReader) -> Self {
        self.command.stdin(pipe);
        self
    }

    /// Keeps the program in the terminal's foreground, so that it can ask for a password.
    pub fn interactive(mut self) -> Self {
        self.interactive = true;
        self
    }

    /// Runs the program with its output on the terminal. An exit status other than success is an error.
    pub async fn run(self) -> Result<()> {
        self.print();
        let limit = self.limit;
        self.spawn(None, Stdio::inherit())?.succeed(limit).await
    }

    /// Runs the program as [`Cmd::run`] does, and passes each line of its output to `on_line` as well.
    pub async fn watch(self, mut on_line: impl FnMut(&str)) -> Result<()> {
        self.print();
        self.for_each_line(Stderr::Merged, |line| {
            println!("{line}");
            on_line(&line);
        })
        .await
    }

    /// Runs the program and returns the lines of its output. Its error output goes to the terminal.
    pub async fn read(self) -> Result<Vec<String>> {
        self.print();
        let mut lines = Vec::new();
        self.for_each_line(Stderr::Inherited, |line| lines.push(line)).await?;
        Ok(lines)
    }

    /// Returns the first line of the answer to a query such as `--version`. Prints nothing.
    pub async fn query(self) -> Result<String> {
        let mut lines = Vec::new();
        self.limit(QUERY_LIMIT).for_each_line(Stderr::Discarded, |line| lines.push(line)).await?;
        Ok(lines.into_iter().next().unwrap_or_default())
    }

    /// Starts the program in the background, and returns the lines of its output as they arrive. Dropping the
    /// [`Running`] stops the program.
    pub fn start(self) -> Result<(Running, UnboundedReceiver<String>)> {
        self.print();
        self.spawn_with_lines(Stderr::Merged)
    }

    /// Starts the program in the background, with its output on the terminal.
    pub fn start_printing(self) -> Result<Running> {
        self.print();
        self.spawn(None, Stdio::inherit())
    }

    async fn for_each_line(self, stderr: Stderr, mut on_line: impl FnMut(String)) -> Result<()> {
        let limit = self.limit;
        let (mut running, mut lines) = self.spawn_with_lines(stderr)?;
        let outcome = running.succeed(limit);
        tokio::pin!(outcome);
        let outcome = loop {
            tokio::select! {
                biased;
                Some(line) = lines.recv() => on_line(line),
                outcome = &mut outcome => break outcome,
            }
        };
        while let Ok(Some(line)) = tokio::time::timeout(OUTPUT_GRACE, lines.recv()).await {
            on_line(line);
        }
        outcome
    }

    fn print(&self) {
        println!("$ {self}");
    }

    /// The start of the command line, for errors.
    fn short(&self) -> String {
        let first_args = self.command.as_std().get_args().take(2).map(|arg| arg.to_string_lossy());
        [self.program.as_str().into()].into_iter().chain(first_args).collect::<Vec<_>>().join(" ")
    }

    fn spawn(mut self, stdout: Option<PipeWriter>, stderr: Stdio) -> Result<Running> {
        if !self.is_installed {
            bail!("`{}` is not installed, or not on PATH", self.program);
        }
        let (line, name) = (self.to_string(), self.short());
        self.command.stderr(stderr);
        if let Some(stdout) = stdout {
            self.command.stdout(stdout);
        }
        if self.interactive {
            self.command.stdin(Stdio::inherit());
        }
        let mut wrapped = CommandWrap::from(self.command);
        if !self.interactive {
            #[cfg(unix)]
            wrapped.wrap(process_wrap::tokio::ProcessGroup::leader());
            #[cfg(windows)]
            wrapped.wrap(process_wrap::tokio::JobObject);
        }
        let child = wrapped.spawn().with_context(|| format!("cannot start `{line}`"))?;
        Ok(Running { name, child })
    }

    fn spawn_with_lines(self, stderr: Stderr) -> Result<(Running, UnboundedReceiver<String>)> {
        let (reader, stdout) = io::pipe().context("cannot make a pipe")?;
        let stderr = match stderr {
            // One pipe for both keeps their lines in the order in which they were written.
            Stderr::Merged => stdout.try_clone().context("cannot make a pipe")?.into(),
            Stderr::Inherited => Stdio::inherit(),
            Stderr::Discarded => Stdio::null(),
        };
        Ok((self.spawn(Some(stdout), stderr)?, lines_of(reader)))
    }
}

/// The destination of a program's error output while its output is read.
enum Stderr {
    Merged,
    Inherited,
    Discarded,
}

impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables = self.command.as_std().get_envs().filter(|(name, _)| *name != SEARCH_PATH);
        for (name, value) in variables.filter_map(|(name, value)| Some((name, value?))) {
            write!(f, "{}={} ", name.to_string_lossy(), quoted(value))?;
        }
        write!(f, "{}", self.program)?;
        self.command.as_std().get_args().try_for_each(|arg| write!(f, " {}", quoted(arg)))
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

/// Reads lines on a separate thread, because the pipe blocks. The thread ends when the last writer has closed the pipe.
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

/// A running program. Dropping this stops it and every process that it started.
pub struct Running {
    name: String,
    child: Box<dyn ChildWrapper>,
}

impl Running {
    /// Waits until the program exits. An exit status other than success is an error, and so is a missed deadline.
    pub async fn succeed(&mut self, limit: Duration) -> Result<()> {
        let Ok(status) = tokio::time::timeout(limit, self.child.wait()).await else {
            self.stop();
            bail!("`{}` took longer than {} and was stopped", self.name, Human(limit));
        };
        let status = status?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.name);
        }
        Ok(())
    }

    fn stop(&mut self) {
        // This fails only if the program has ended.
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
    async fn lines_of_a_successful_program_are_passed_on() {
        let mut lines = Vec::new();
        cargo().arg("--version").watch(|line| lines.push(line.to_owned())).await.unwrap();
        assert!(lines[0].starts_with("cargo "), "{lines:?}");
    }

    #[tokio::test]
    async fn an_error_names_the_failed_command() {
        let error = cargo().args(["no-such-command", "--verbose"]).query().await.unwrap_err();
        assert!(error.to_string().starts_with("`cargo no-such-command --verbose` failed"), "{error}");
    }

    #[tokio::test]
    async fn an_error_names_the_missing_program() {
        let error = Project::find().unwrap().command("no-such-program").run().await.unwrap_err();
        assert!(error.to_string().contains("`no-such-program` is not installed"), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_past_its_deadline_is_stopped_with_its_children() {
        let project = Project::find().unwrap();
        let late = project.target().join("xtask-test-late");
        let script = format!("(sleep 1; touch '{}') & wait", late.display());
        let command = project.command("sh").args(["-c", &script]).limit(Duration::from_millis(300));
        let error = command.run().await.unwrap_err();
        assert!(error.to_string().contains("took longer than 0.3 s"), "{error}");

        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(!late.exists(), "a child survived its parent and made {}", late.display());
    }
}
