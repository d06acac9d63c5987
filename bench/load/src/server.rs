//! The measured server: a separate program on its own core.

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

/// The deadline for starting, or for the final line.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The deadline for exiting on request.
const EXIT_TIMEOUT: Duration = Duration::from_secs(2);

/// A running server. Dropping this stops it.
pub struct Server {
    child: Child,
    /// Kept open, because a server may exit when it is closed.
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    addr: SocketAddr,
}

impl Server {
    /// Starts a program on the server's core, and waits until it prints its address. Then pins this thread to the
    /// load's core.
    ///
    /// # Errors
    /// The program does not start, or does not print a line like `Listening on ws://127.0.0.1:9080`.
    pub fn start(cores: Cores, command: &[OsString]) -> Result<Self> {
        let (program, args) = command.split_first().context("the command line has no server")?;
        let mut prepared = Command::new(program);
        prepared.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        // A process inherits the core of the thread that starts it.
        cores.pin_to_server()?;
        let spawned = prepared.spawn();
        cores.pin_to_load()?;
        let mut child = spawned.with_context(|| format!("cannot start {}", Path::new(program).display()))?;

        let stdout = child.stdout.take().context("the server has no output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            // The receiver is gone once the server has been stopped.
            lines.for_each(|line| drop(sender.send(line)));
        });
        let stdin = child.stdin.take();
        let mut server = Self { child, stdin, lines, addr: SocketAddr::from(([0; 4], 0)) };
        server.addr = server.wait_for_address()?;
        Ok(server)
    }

    /// The server's address.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the CPU time of all its threads, in user space and in the kernel.
    ///
    /// # Errors
    /// The server has exited.
    pub fn cpu_time(&self) -> Result<Duration> {
        let clock = clock_getcpuclockid(Pid::from_raw(self.child.id().cast_signed()));
        let time = clock.and_then(|clock| clock.now()).context("the server's CPU time cannot be read")?;
        Ok(time.into())
    }

    /// Returns the resident memory, in bytes. `smaps_rollup` counts every page; the kernel's faster counters are off by
    /// some dozens.
    ///
    /// # Errors
    /// The server has exited.
    pub fn memory(&self) -> Result<u64> {
        self.memory_line("Rss:")
    }

    /// Returns the same, but of a page that several processes have, such as one of their program, only this process's
    /// share.
    ///
    /// # Errors
    /// The server has exited.
    pub fn proportional_memory(&self) -> Result<u64> {
        self.memory_line("Pss:")
    }

    fn memory_line(&self, name: &str) -> Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = fs::read_to_string(path).context("the server's memory cannot be read")?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kib = kib.with_context(|| format!("smaps_rollup has no line {name}"))?;
        Ok(kib.trim().parse::<u64>()? * 1024)
    }

    /// Writes an empty line to the server's standard input: its final line covers the time from now on.
    ///
    /// # Errors
    /// The server has exited.
    pub fn mark(&mut self) -> Result<()> {
        self.request("")
    }

    /// Writes a line to the server's standard input.
    ///
    /// # Errors
    /// The server has exited.
    pub fn request(&mut self, line: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("the server has no input")?;
        stdin.write_all(format!("{line}\n").as_bytes()).context("the server does not read its input")
    }

    /// Returns the next line that the server has printed, if there is one.
    ///
    /// # Errors
    /// The server has exited.
    pub fn response(&self) -> Result<Option<String>> {
        match self.lines.try_recv() {
            Ok(line) => Ok(Some(line)),
            Err(mpsc::TryRecvError::Empty) => Ok(None),
            Err(mpsc::TryRecvError::Disconnected) => anyhow::bail!("the server has exited"),
        }
    }

    /// Closes the server's standard input, and returns the last line that it prints before it exits.
    ///
    /// # Errors
    /// The server does not exit.
    pub fn final_line(mut self) -> Result<Option<String>> {
        self.stdin = None;
        let mut last = None;
        let start = Instant::now();
        loop {
            let left = TIMEOUT.saturating_sub(start.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) => last = Some(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(last),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    anyhow::bail!("the server does not exit when its input is closed")
                }
            }
        }
    }

    fn wait_for_address(&self) -> Result<SocketAddr> {
        let start = Instant::now();
        loop {
            let left = TIMEOUT.saturating_sub(start.elapsed());
            let line = self.lines.recv_timeout(left).context("the server does not print its address")?;
            if let Some(addr) = address(&line) {
                return addr.parse().with_context(|| format!("cannot parse {line}"));
            }
        }
    }
}

/// Reads the address in the line that a server prints.
fn address(line: &str) -> Option<&str> {
    line.strip_prefix("Listening on ws://").or_else(|| line.strip_prefix("Listening on wss://"))
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM first: strace passes it to the server, but a killed strace would leave the server running.
        let asked = kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM);
        let start = Instant::now();
        while asked.is_ok() && start.elapsed() < EXIT_TIMEOUT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        // Both fail only if the server has exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
