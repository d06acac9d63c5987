//! The server as a child process: its address, its log, and its end with the test.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The program of this test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rooms_server");

/// The time in which everything happens on any machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The time between two looks at a condition.
pub const STEP: Duration = Duration::from_millis(5);

/// A running server. Dropping it kills it.
pub struct Program {
    child: Child,
    out: Output,
    err: Output,
    url: String,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code. `None` if a signal ended it.
    pub code: Option<i32>,
    /// The lines of its standard error.
    pub err: Vec<String>,
}

/// A folder for the files of one test, which is removed with it.
pub struct Folder(PathBuf);

impl Program {
    /// Starts a server, and waits until it prints its address.
    #[track_caller]
    pub fn server(arguments: &[&str]) -> Self {
        let mut program = Self::start(arguments);
        const START: &str = "Listening on ";
        let line = program.line(START, |program| &program.out);
        program.url = line.trim_start_matches(START).to_owned();
        program
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run(arguments: &[&str]) -> Ended {
        Self::start(arguments).end()
    }

    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for variable in ["ROOMS_LOG", "JOURNAL_STREAM"] {
            command.env_remove(variable);
        }
        let mut child = command.spawn().expect("the program starts");
        let out = Output::follow(child.stdout.take().expect("a pipe"));
        let err = Output::follow(child.stderr.take().expect("a pipe"));
        Self { child, out, err, url: String::new() }
    }

    /// Returns the URL of the server, without a path.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Returns the address and port of the server.
    pub fn address(&self) -> String {
        self.url.split_once("://").expect("a URL").1.to_owned()
    }

    /// Waits for a line of its log that contains this, and returns it.
    #[track_caller]
    pub fn log_line(&mut self, part: &str) -> String {
        self.line(part, |program| &program.err)
    }

    /// Returns the lines of its log so far.
    pub fn log(&self) -> Vec<String> {
        self.err.lines()
    }

    /// Sends it a signal, such as `TERM`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("the program `kill`").success());
    }

    /// Waits until it ends.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let status = eventually("the program ends", || self.child.try_wait().expect("it can be asked"));
        self.out.finish();
        self.err.finish();
        Ended { code: status.code(), err: self.err.lines() }
    }

    #[track_caller]
    fn line(&mut self, part: &str, output: impl Fn(&Self) -> &Output) -> String {
        let start = Instant::now();
        loop {
            let has_ended = self.child.try_wait().expect("it can be asked").is_some();
            if has_ended {
                self.out.finish();
                self.err.finish();
            }
            let found = output(self).lines().into_iter().find(|line| line.contains(part));
            if let Some(line) = found {
                return line;
            }
            let may_wait = !has_ended && start.elapsed() < PATIENCE;
            assert!(may_wait, "no line with {part:?}: {:#?}\n{:#?}", self.out.lines(), self.err.lines());
            thread::sleep(STEP);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Folder {
    /// Creates the folder. Its name is that of the test.
    pub fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("rooms-server-{name}-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder for the test");
        Self(folder)
    }

    /// Writes a file at once, as programs do that renew certificates, and returns its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let (path, unfinished) = (self.0.join(name), self.0.join("unfinished"));
        fs::write(&unfinished, text).expect("it can be written");
        fs::rename(&unfinished, &path).expect("it can be renamed");
        path.into_os_string().into_string().expect("the folder is text")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Fails if the test has removed it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits for a result.
#[track_caller]
pub fn eventually<T>(what: &str, mut result: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(result) = result() {
            return result;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: it does not happen");
        thread::sleep(STEP);
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
