//! Waiting for what must happen, with one deadline for all of it.

use std::time::Duration;

/// How long anything may take. Generous: the machine may be busy with something else.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Calls `step` again and again until it answers something; fails with `what` when that takes too long.
#[track_caller]
pub fn eventually<T>(what: &str, step: impl FnMut() -> Option<T>) -> T {
    testkit::waiting::eventually(PATIENCE, what, step)
}

/// Calls `done` again and again until it says so.
#[track_caller]
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    eventually(what, || done().then_some(()));
}
