//! The events of connections, as lines of text, so that a client can request them afterwards.
//!
//! | line | event |
//! |---|---|
//! | `path /echo?key=K` | the request's target, as it was sent |
//! | `request NAME: VALUE` | one header line of the request |
//! | `frame masked=yes mask=HEX` | one frame arrived (`masked=no` without a mask) |
//! | `text N`, `binary N` | a whole message of N bytes |
//! | `ping N`, `pong HEX` | a ping of N bytes, a pong with this payload |
//! | `close CODE REASON`, `close -` | a close frame, an empty close frame |
//! | `count N`, `sent N` | the totals of `/count` and `/flood` |
//! | `eof`, `reset` | how TCP ended |
//! | `stopped`, `expired`, `broken REASON` | the server ended it: it was dropped, the connection lasted too long, a frame was invalid |

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The lines of every connection with a key.
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
    /// The number of connections with this key that have not ended. A client that connects again uses the same key.
    running: usize,
}

impl Events {
    /// Begins to record a connection; without a key it keeps nothing.
    pub(crate) fn begin(&self, key: Option<&str>) -> Recorder {
        if let Some(key) = key {
            self.lock().entry(key.to_owned()).or_default().running += 1;
        }
        Recorder { events: self.clone(), key: key.map(str::to_owned) }
    }

    /// Waits until a line of `key` contains `want`, or without `want` until all its connections have ended, but no
    /// longer than
    /// `within`. Returns its lines, joined by `\n`.
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

    // A panic in one script must not affect the events of other connections.
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

/// Adds lines for one connection. The connection has ended when this is dropped.
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
    fn events_are_complete_when_the_last_connection_of_a_key_has_ended() {
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
    fn a_wanted_line_is_returned_while_the_connection_lasts() {
        let events = Events::default();
        let recorder = events.begin(Some("a"));
        recorder.line("close 1000 bye");
        assert_eq!(events.wait("a", Some("bye"), LONG), "close 1000 bye");
        recorder.line("eof");
    }

    #[test]
    fn a_connection_without_a_key_is_not_recorded() {
        let events = Events::default();
        events.begin(None).line("text 1");
        assert_eq!(events.wait("", None, SOON), "");
    }
}
