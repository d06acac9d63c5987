//! Waiting for what must happen, with a deadline.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Calls `step` again and again until it answers something.
///
/// # Panics
/// With `what`, when that takes longer than `patience`.
#[track_caller]
pub fn eventually<T>(patience: Duration, what: &str, mut step: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = step() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}
