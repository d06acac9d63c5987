//! Waiting for conditions, with one timeout for all.

use std::time::Duration;

/// The longest time for any condition, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Calls `step` until it returns a value. Fails with `what` after `PATIENCE`.
#[track_caller]
pub fn eventually<T>(what: &str, step: impl FnMut() -> Option<T>) -> T {
    testkit::waiting::eventually(PATIENCE, what, step)
}

/// Calls `done` until it returns `true`.
#[track_caller]
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    eventually(what, || done().then_some(()));
}
