//! What the server saw, line by line, so that a client can ask for it afterwards.
//!
//! | line | seen |
//! |---|---|
//! | `path /echo?key=K` | the request's target, as it was sent |
//! | `request NAME: VALUE` | one header line of the request |
//! | `frame masked=yes mask=HEX` | one frame arrived (`masked=no` without a mask) |
//! | `text N`, `binary N` | a whole message of N bytes |
//! | `ping N`, `pong HEX` | a ping of N bytes, a pong with this payload |
//! | `close CODE REASON`, `close -` | a close frame, an empty close frame |
//! | `count N`, `sent N` | `/count` and `/flood` sum up |
//! | `eof`, `reset` | how TCP ended |
//! | `stopped`, `expired`, `broken WHY` | the server gave up: it was dropped, the connection lived too long, a frame made no sense |

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The lines of every connection that gave a key.
#[derive(Clone, Default)]
pub struct Events(Arc<Shared>);

#[derive(Default)]
struct Shared {
    by_key: Mutex<HashMap<String, Record>>,
    changed: Condvar,
}

#[derive(Default)]
struct Record {
    lines: Vec<String>,
    /// Connections of this key that have not ended. Several may share one key: a client that connects again.
    running: usize,
}

impl Events {
    /// Begins to record one connection; without a key nothing is kept.
    pub(crate) fn begin(&self, key: Option<&str>) -> Recorder {
        if let Some(key) = key {
            self.lock().entry(key.to_owned()).or_default().running += 1;
        }
        Recorder { events: self.clone(), key: key.map(str::to_owned) }
    }

    /// The lines of `key`, joined by `\n`: once a line holds `want` if that is given, else once all its connections have ended;
    /// what there is when `within` has passed.
    pub fn wait(&self, key: &str, want: Option<&str>, within: Duration) -> String {
        let deadline = Instant::now() + within;
        let mut by_key = self.lock();
        loop {
            let record = by_key.get(key);
            let left = deadline.saturating_duration_since(Instant::now());
            if record.is_some_and(|record| record.satisfies(want)) || left.is_zero() {
                return record.map_or_else(String::new, |record| record.lines.join("\n"));
            }
            by_key = self.0.changed.wait_timeout(by_key, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    // A script that panicked must not take the other connections' events with it.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Record>> {
        self.0.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn satisfies(&self, want: Option<&str>) -> bool {
        match want {
            Some(want) => self.lines.iter().any(|line| line.contains(want)),
            None => self.running == 0,
        }
    }
}

/// Adds lines for one connection; the connection counts as ended when this drops.
pub(crate) struct Recorder {
    events: Events,
    key: Option<String>,
}

impl Recorder {
    pub(crate) fn line(&self, line: impl Display) {
        self.change(|record| record.lines.push(line.to_string()));
    }

    fn change(&self, change: impl FnOnce(&mut Record)) {
        if let Some(key) = &self.key {
            change(self.events.lock().entry(key.clone()).or_default());
            self.events.0.changed.notify_all();
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.change(|record| record.running -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(5);

    #[test]
    fn a_key_is_answered_when_its_last_connection_has_ended() {
        let events = Events::default();
        let (first, second) = (events.begin(Some("a")), events.begin(Some("a")));
        first.line("text 1");
        drop(first);
        assert_eq!(events.wait("a", Some("nothing like it"), SOON), "text 1");
        second.line("text 2");
        drop(second);
        assert_eq!(events.wait("a", None, LONG), "text 1\ntext 2");
    }

    #[test]
    fn a_wanted_line_is_answered_while_the_connection_runs() {
        let events = Events::default();
        let recorder = events.begin(Some("a"));
        recorder.line("close 1000 bye");
        assert_eq!(events.wait("a", Some("bye"), LONG), "close 1000 bye");
        recorder.line("eof");
    }

    #[test]
    fn a_connection_without_a_key_leaves_nothing() {
        let events = Events::default();
        events.begin(None).line("text 1");
        assert_eq!(events.wait("", None, SOON), "");
    }
}
