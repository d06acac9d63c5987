//! The server that is measured: a program of its own, on a core of its own.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use nix::{
    sys::signal::{Signal, kill},
    time::clock_getcpuclockid,
    unistd::Pid,
};

use crate::cores::Cores;

/// How long it may take to start, or to say its last words.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long it may take to end when it is asked to.
const GOODBYE: Duration = Duration::from_secs(2);

/// A server that runs. It is stopped when this is dropped.
pub struct Server {
    child: Child,
    /// Servers may end when this is closed, so it stays open.
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    addr: SocketAddr,
}

impl Server {
    /// Starts a program on the server's core, and waits until it says where it listens. This thread then goes to the load's core.
    ///
    /// # Errors
    /// It does not start, or says nothing like `Listening on ws://127.0.0.1:9080`.
    pub fn start(cores: Cores, command: &[OsString]) -> Result<Self> {
        let (program, args) = command.split_first().context("no server was named")?;
        let mut prepared = Command::new(program);
        prepared.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        // A process begins where the thread was that started it.
        cores.take_server()?;
        let spawned = prepared.spawn();
        cores.take_load()?;
        let mut child = spawned.with_context(|| format!("cannot start {}", Path::new(program).display()))?;

        let stdout = child.stdout.take().context("the server has no output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let said = BufReader::new(stdout).lines().map_while(Result::ok);
            // Nobody listens any more once the server was stopped.
            said.for_each(|line| drop(sender.send(line)));
        });
        let stdin = child.stdin.take();
        let mut server = Self { child, stdin, lines, addr: SocketAddr::from(([0; 4], 0)) };
        server.addr = server.announced()?;
        Ok(server)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The time that it has been running on a core, in its own code and in the kernel's, in all its threads.
    ///
    /// # Errors
    /// It is gone.
    pub fn cpu_time(&self) -> Result<Duration> {
        let clock = clock_getcpuclockid(Pid::from_raw(self.child.id().cast_signed()));
        let time = clock.and_then(|clock| clock.now()).context("the server's CPU time cannot be read")?;
        Ok(time.into())
    }

    /// The memory that it has, in bytes. Pages are counted one by one; the kernel's quick count is off by some dozens.
    ///
    /// # Errors
    /// It is gone.
    pub fn memory(&self) -> Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = fs::read_to_string(path).context("the server's memory cannot be read")?;
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("the kernel tells no Rss")?;
        Ok(kib.trim().parse::<u64>()? * 1024)
    }

    /// Writes an empty line to its standard input: what it has to tell in the end is about what comes from now on.
    ///
    /// # Errors
    /// It is gone.
    pub fn mark(&mut self) -> Result<()> {
        let stdin = self.stdin.as_mut().context("the server has no input")?;
        stdin.write_all(b"\n").context("the server does not read its input")
    }

    /// Closes its standard input, at which it may say something and end.
    ///
    /// # Errors
    /// It goes on running.
    pub fn last_words(mut self) -> Result<Option<String>> {
        self.stdin = None;
        let mut last = None;
        let start = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(start.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) => last = Some(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(last),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    anyhow::bail!("the server does not end when its input is closed")
                }
            }
        }
    }

    fn announced(&self) -> Result<SocketAddr> {
        let start = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(start.elapsed());
            let line = self.lines.recv_timeout(left).context("the server does not say where it listens")?;
            if let Some(addr) = line.strip_prefix("Listening on ws://") {
                return addr.parse().with_context(|| format!("not understood: {line}"));
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A request, for strace would not take the server along if it was simply killed.
        let asked = kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM);
        let start = Instant::now();
        while asked.is_ok() && start.elapsed() < GOODBYE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
