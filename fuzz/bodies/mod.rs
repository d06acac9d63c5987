//! Fuzz targets: functions that take any bytes, do with them what a stranger could have the library do, and panic if
//! something is not as it must be. No socket, no clock.
//!
//! The programs in `fuzz/` call them by name, and `tests/fuzz_replay.rs` replays what those have found. They stand in here
//! so that they reach private parts; nothing of it is for users.

mod session;
mod url;
mod variant;
mod wire;

use crate::sys;

/// The names of all targets that this platform has.
pub fn targets() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| name)
}

/// Gives an input to the target of this name.
///
/// # Panics
/// If that shows a fault of the library, and if there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let mut runs = all().filter(|(known, _)| *known == name).map(|(_, run)| run(data));
    assert!(runs.next().is_some(), "there is no fuzz target {name}");
}

fn all() -> impl Iterator<Item = sys::FuzzTarget> {
    let everywhere: [sys::FuzzTarget; 4] =
        [("session", session::run), ("url", url::run), ("variant", variant::run), ("wire", wire::run)];
    everywhere.into_iter().chain(sys::FUZZ_TARGETS.iter().copied())
}
