//! What an engine prints: shown when a scenario fails, and searched for complaints when it does not.

use std::io::{BufRead, BufReader, Read};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How the engine's complaints begin.
const COMPLAINTS: [&str; 4] = ["ERROR:", "SCRIPT ERROR:", "USER ERROR:", "WARNING:"];

/// It has no `/proc` in its folder, and gets on without.
const HARMLESS: &str = "executable path";

/// The lines so far.
#[derive(Clone, Default)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    markers: Arc<Mutex<u32>>,
}

impl Log {
    /// Takes the lines of a pipe as they come, so that the engine never waits for a reader. It ends with the pipe.
    pub fn follow(&self, pipe: impl Read + Send + 'static) {
        let log = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n') {
                let Ok(line) = line else { break };
                log.lines().push(String::from_utf8_lossy(&line).into_owned());
            }
        });
    }

    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// A line that has not been printed yet.
    pub fn next_marker(&self) -> String {
        let mut markers = self.markers.lock().unwrap_or_else(PoisonError::into_inner);
        *markers += 1;
        format!("-- end of scenario {markers}")
    }

    pub fn has(&self, line: &str) -> bool {
        self.lines().iter().any(|known| known == line)
    }

    pub fn has_part(&self, part: &str) -> bool {
        self.lines().iter().any(|line| line.contains(part))
    }

    pub fn clear(&self) {
        mem::take(&mut *self.lines());
    }

    /// The lines in which the engine complains, but for those with one of these parts in them.
    pub fn complaints(&self, expected: &[String]) -> Vec<String> {
        let lines = self.lines();
        let complaints = lines.iter().filter(|line| COMPLAINTS.iter().any(|start| line.starts_with(start)));
        complaints
            .filter(|line| !line.contains(HARMLESS) && !expected.iter().any(|part| line.contains(part)))
            .cloned()
            .collect()
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
