//! A program whose standard input is written by a test, and whose output the test reads.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The deadline of each wait, for a machine that is slow and busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program. Dropping it kills the program.
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    out: Lines,
    err: Lines,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: Vec<String>,
    pub err: Vec<String>,
}

impl Program {
    #[track_caller]
    pub fn start(path: &str, args: &[&str]) -> Self {
        let mut command = Command::new(path);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("cargo has built the program");
        let input = child.stdin.take();
        let out = Lines::follow(child.stdout.take().expect("a pipe"));
        let err = Lines::follow(child.stderr.take().expect("a pipe"));
        Self { child, input, out, err }
    }

    /// Writes a line to its standard input.
    #[track_caller]
    pub fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        writeln!(input, "{line}").expect("the program reads");
    }

    /// Ends its standard input.
    pub fn end_input(mut self) -> Self {
        self.input = None;
        self
    }

    /// Waits for a line of its output that begins with `start`, and returns it.
    #[track_caller]
    pub fn line(&mut self, start: &str) -> String {
        until(&format!("a line that begins with {start:?}"), || {
            let ended = self.has_ended();
            let found = self.out.so_far(ended).iter().find(|line| line.starts_with(start)).cloned();
            let (out, err) = (&self.out.lines, self.err.so_far(ended));
            assert!(found.is_some() || !ended, "ended without {start:?}: {out:#?}, errors {err:#?}");
            found
        })
    }

    /// Returns the lines of its output so far.
    pub fn lines(&mut self) -> Vec<String> {
        self.out.so_far(false).to_vec()
    }

    /// Waits until it ends.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        until("the end of the program", || self.has_ended().then_some(()));
        let code = self.child.wait().expect("it has ended").code();
        Ended { code, out: self.out.so_far(true).to_vec(), err: self.err.so_far(true).to_vec() }
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the child can be asked").is_some()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a pipe. A thread reads them, so that the program is never blocked.
struct Lines {
    receiver: Receiver<String>,
    lines: Vec<String>,
}

impl Lines {
    fn follow(pipe: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        thread::spawn(move || {
            BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { receiver, lines: Vec::new() }
    }

    /// Returns the lines so far, or all of them if the program `has_ended`.
    fn so_far(&mut self, has_ended: bool) -> &[String] {
        match has_ended {
            true => self.lines.extend(self.receiver.iter()),
            false => self.lines.extend(self.receiver.try_iter()),
        }
        &self.lines
    }
}

/// Waits until there is a result.
#[track_caller]
pub fn until<T>(what: &str, mut result: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(result) = result() {
            return result;
        }
        assert!(start.elapsed() < PATIENCE, "timed out after {PATIENCE:?}, waiting for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
