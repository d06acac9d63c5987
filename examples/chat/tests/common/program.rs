//! The built programs: their input, their output, and their end with the test.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use chat::Mode;

use super::{PATIENCE, eventually};

/// A running program. Dropping it kills the program.
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    out: Output,
    err: Output,
}

/// The lines of a pipe, which a thread reads.
struct Output {
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts a server on a free port, and returns its URL.
    #[track_caller]
    pub fn server(mode: Mode) -> (Self, String) {
        let mut server = Self::start(server_command(mode), Stdio::piped());
        let line = server.line(|line| line.starts_with("Listening on "));
        (server, format!("{}/test/", line.trim_start_matches("Listening on ")))
    }

    /// Starts a terminal client, whose input is a pipe.
    #[track_caller]
    pub fn client(url: &str, mode: Mode, arguments: &[&str]) -> Self {
        let mut command = client_command(url, mode);
        command.args(arguments);
        Self::start(command, Stdio::piped())
    }

    #[track_caller]
    pub fn start(mut command: Command, input: Stdio) -> Self {
        let command = command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let out = Output::follow(child.stdout.take().expect("a pipe"));
        let err = Output::follow(child.stderr.take().expect("a pipe"));
        let input = child.stdin.take();
        Self { child, input, out, err }
    }

    /// Writes a line to its input.
    #[track_caller]
    pub fn type_line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("a pipe that is open");
        input.write_all(format!("{line}\n").as_bytes()).expect("the program reads its input");
    }

    /// Ends its input.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits for a line of its output that fits, and returns it.
    #[track_caller]
    pub fn line(&mut self, fits: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let has_ended = self.child.try_wait().expect("the child can be asked").is_some();
            if has_ended {
                self.out.finish();
                self.err.finish();
            }
            let (out, err) = (self.out.lines(), self.err.lines());
            if let Some(found) = out.iter().find(|line| fits(line)) {
                return found.clone();
            }
            let is_late = start.elapsed() > PATIENCE;
            assert!(!has_ended && !is_late, "no such line; ended: {has_ended}, printed {out:#?}, {err:#?}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for this line of its output.
    #[track_caller]
    pub fn prints(&mut self, expected: &str) {
        self.line(|line| line == expected);
    }

    /// Returns the lines of its output so far.
    pub fn lines(&self) -> Vec<String> {
        self.out.lines()
    }

    /// Waits until it ends. Returns its exit code, the lines of its output, and those of its errors.
    #[track_caller]
    pub fn end(mut self) -> (Option<i32>, Vec<String>, Vec<String>) {
        let status = eventually("the program ends", || {
            thread::sleep(Duration::from_millis(2));
            self.child.try_wait().expect("the child can be asked")
        });
        self.out.finish();
        self.err.finish();
        (status.code(), self.out.lines(), self.err.lines())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Output {
    fn follow(pipe: impl Read + Send + 'static) -> Self {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let shared = Arc::clone(&lines);
        let reader = thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                shared.lock().unwrap_or_else(PoisonError::into_inner).push(line);
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

/// Returns the command of a server on a free port.
pub fn server_command(mode: Mode) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat_server"));
    command.arg("127.0.0.1:0").args(flag(mode));
    command
}

/// Returns the command of a terminal client.
pub fn client_command(url: &str, mode: Mode) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat"));
    command.arg(url).args(flag(mode));
    command
}

pub fn flag(mode: Mode) -> Option<&'static str> {
    (mode == Mode::Multiplayer).then_some("--multiplayer")
}
