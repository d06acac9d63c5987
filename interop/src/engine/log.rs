//! The output of an engine: shown when a scenario fails, and otherwise searched for errors.

use std::io::{BufRead, BufReader, Read};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The prefixes of the engine's errors.
const COMPLAINTS: [&str; 4] = ["ERROR:", "SCRIPT ERROR:", "USER ERROR:", "WARNING:"];

/// Its root folder has no `/proc`.
const HARMLESS: &str = "executable path";

/// The lines so far.
#[derive(Clone, Default)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    markers: Arc<Mutex<u32>>,
}

impl Log {
    /// Reads the lines of a pipe as they arrive, until it ends, so that the engine never blocks.
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

    /// An incomplete line.
    pub fn next_marker(&self) -> String {
        let mut markers = self.markers.lock().unwrap_or_else(PoisonError::into_inner);
        *markers += 1;
        format!("-- end of scenario {markers}")
    }

    /// Returns the first line from this one on for which `is` is true, with its number.
    pub fn find(&self, from: usize, is: impl Fn(&str) -> bool) -> Option<(usize, String)> {
        let lines = self.lines();
        let mut numbered = lines.iter().enumerate().skip(from);
        numbered.find(|(_, line)| is(line)).map(|(number, line)| (number, line.clone()))
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

    /// Returns the errors without one of these parts.
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
