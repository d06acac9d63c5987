//! Child processes: their input, their output, and their end with the test.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The time in which everything happens on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running program. Dropping it kills the program.
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    out: Output,
    err: Output,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code. `None` if a signal ended it.
    pub code: Option<i32>,
    /// The lines of its standard output.
    pub out: Vec<String>,
    /// The lines of its standard error.
    pub err: Vec<String>,
}

/// Starts `game_host` on a free port, and returns its URL.
pub fn host(arguments: &[&str]) -> (Program, String) {
    let mut host = Program::start(env!("CARGO_BIN_EXE_game_host"), &[&["127.0.0.1:0"], arguments].concat());
    let line = host.line(|line| line.starts_with("hosting on "));
    (host, line.trim_start_matches("hosting on ").to_owned())
}

/// Starts `game_bot`, which thinks for a short time: a host allows 100 packets per second.
pub fn bot(url: &str, arguments: &[&str]) -> Program {
    Program::start(env!("CARGO_BIN_EXE_game_bot"), &[&[url, "--pace", "20"], arguments].concat())
}

impl Program {
    /// Starts a program with pipes.
    #[track_caller]
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program} cannot start: {error}"));
        let out = Output::follow(child.stdout.take().expect("a pipe"));
        let err = Output::follow(child.stderr.take().expect("a pipe"));
        let input = child.stdin.take();
        Self { child, input, out, err }
    }

    /// Types a line.
    #[track_caller]
    pub fn type_line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        writeln!(input, "{line}").expect("it reads its input");
    }

    /// Ends its standard input.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits for a line of its output, and returns it.
    #[track_caller]
    pub fn line(&mut self, is_wanted: impl Fn(&str) -> bool) -> String {
        self.lines_until(1, is_wanted).pop().expect("there is one")
    }

    /// Waits for a number of such lines of its output, and returns them.
    #[track_caller]
    pub fn lines_until(&mut self, count: usize, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let start = Instant::now();
        loop {
            let is_running = self.is_running();
            if !is_running {
                self.out.finish();
                self.err.finish();
            }
            let (out, err) = (self.out.lines(), self.err.lines());
            let found: Vec<String> = out.iter().filter(|line| is_wanted(line)).cloned().collect();
            if found.len() >= count {
                return found;
            }
            let may_wait = is_running && start.elapsed() < PATIENCE;
            assert!(may_wait, "{count} lines expected, but (running: {is_running}) {out:#?}\n{err:#?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Returns the lines of its output so far.
    pub fn lines(&self) -> Vec<String> {
        self.out.lines()
    }

    /// Ends it as the system does, without time for anything.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Waits until it ends.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the child can be asked") {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end: {:#?}", self.out.lines());
            thread::sleep(Duration::from_millis(10));
        };
        self.out.finish();
        self.err.finish();
        Ended { code: status.code(), out: self.out.lines(), err: self.err.lines() }
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the child can be asked").is_none()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a pipe, read by a thread, so that the program is never blocked.
struct Output {
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Output {
    fn follow(pipe: impl Read + Send + 'static) -> Self {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let reader = thread::spawn({
            let lines = Arc::clone(&lines);
            move || {
                for line in BufReader::new(pipe).lines() {
                    let Ok(line) = line else { break };
                    lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            }
        });
        Self { lines, reader: Some(reader) }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the rest of the output of a program that has ended.
    fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader of a pipe does not panic");
        }
    }
}
