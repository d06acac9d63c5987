//! Child processes: their output, their exit, and their end with the test.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread::{self, JoinHandle},
};

use super::eventually;

/// A running program. Dropping it kills the program.
pub struct Program {
    child: Child,
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

impl Program {
    /// Starts a program with an empty standard input.
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{:?} cannot start: {error}", command.get_program()));
        let out = Output::follow(child.stdout.take().expect("a pipe"));
        let err = Output::follow(child.stderr.take().expect("a pipe"));
        Self { child, out, err }
    }

    /// Waits for a line of its output that begins with `start`, and returns it.
    #[track_caller]
    pub fn line(&mut self, start: &str) -> String {
        eventually(&format!("a line that begins with {start:?}"), || {
            let ended = self.child.try_wait().expect("the child can be asked").is_some();
            if ended {
                self.out.finish();
                self.err.finish();
            }
            let found = self.out.lines().into_iter().find(|line| line.starts_with(start));
            let (out, err) = (self.out.lines(), self.err.lines());
            assert!(found.is_some() || !ended, "ended without {start:?}; printed {out:#?}, errors {err:#?}");
            found
        })
    }

    /// Returns the lines of its output so far.
    pub fn lines(&self) -> Vec<String> {
        self.out.lines()
    }

    /// Waits until it ends.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let status =
            eventually("the program ends", || self.child.try_wait().expect("the child can be asked"));
        self.out.finish();
        self.err.finish();
        Ended { code: status.code(), out: self.out.lines(), err: self.err.lines() }
    }

    pub fn is_running(&mut self) -> bool {
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

/// Starts `minimal_client` with this URL.
pub fn minimal_client(url: &str) -> Program {
    let mut command = Command::new(example("minimal_client"));
    command.arg(url);
    Program::start(command)
}

/// Starts `minimal_server`, and returns its URL.
pub fn minimal_server() -> (Program, String) {
    let mut command = Command::new(example("minimal_server"));
    command.arg("127.0.0.1:0");
    let mut server = Program::start(command);
    server.line("Server started.");
    let line = server.line("Listening on ");
    let url = line.trim_start_matches("Listening on ").to_owned();
    (server, url)
}

/// Returns the path of an example's program. `cargo test` puts it beside the folder of this test's own program.
pub fn example(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let test = env::current_exe().expect("a test knows its own path");
        let profile = test.parent().and_then(Path::parent).expect("the folder of the profile");
        build_examples(profile);
        profile.join("examples")
    });
    folder.join(name).with_extension(env::consts::EXE_EXTENSION)
}

/// Builds the examples, because `cargo test --test NAME` does not.
fn build_examples(profile: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline", "--examples", "--no-default-features"]);
    cargo.arg("--features").arg(features());
    cargo.arg("--manifest-path").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    cargo.arg("--target-dir").arg(profile.parent().expect("the folder of all profiles"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    // These variables of the test would count as changes for build scripts, and cause a full rebuild.
    for (name, _) in env::vars_os() {
        let shown = name.to_string_lossy();
        if shown.starts_with("CARGO_PKG_") || shown.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    let built = cargo.output().expect("cargo runs");
    assert!(
        built.status.success(),
        "the examples cannot be built:\n{}",
        String::from_utf8_lossy(&built.stderr)
    );
}

/// Returns the features of this test, so that nothing is built twice.
fn features() -> String {
    let all = [
        ("default", cfg!(feature = "default")),
        ("tls", cfg!(feature = "tls")),
        ("tls-bundled-roots", cfg!(feature = "tls-bundled-roots")),
        ("tls-dangerous", cfg!(feature = "tls-dangerous")),
        ("js", cfg!(feature = "js")),
    ];
    let on: Vec<&str> = all.into_iter().filter_map(|(name, is_on)| is_on.then_some(name)).collect();
    on.join(",")
}
