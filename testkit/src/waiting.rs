//! Waiting for a condition, with a deadline.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Calls `step` until it returns a value.
///
/// # Panics
/// With `what`, if that takes longer than `patience`.
#[track_caller]
pub fn eventually<T>(patience: Duration, what: &str, mut step: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = step() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}
