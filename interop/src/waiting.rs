//! Waiting for what must happen, with one deadline for all of it.

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take. Generous: the machine may be busy with something else.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Calls `step` again and again until it answers something; fails with `what` when that takes too long.
#[track_caller]
pub fn eventually<T>(what: &str, mut step: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = step() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Calls `done` again and again until it says so.
#[track_caller]
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    eventually(what, || done().then_some(()));
}
