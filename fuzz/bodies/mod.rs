//! Fuzz targets: functions that give arbitrary bytes to a part of the library that untrusted peers can reach, and panic
//! if the result is wrong. No socket and no clock.
//!
//! The programs in `fuzz/` call them by name, and `tests/fuzz_replay.rs` replays saved inputs. The library includes
//! this module by path so that it can use private items. It is not for users, and the published package does not have
//! it.

mod session;
mod url;
mod variant;
mod wire;

use crate::sys;

/// Returns the names of all targets of this platform.
pub fn targets() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| name)
}

/// Runs a target with an input.
///
/// # Panics
/// If the input reveals a fault, or if there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let mut runs = all().filter(|(known, _)| *known == name).map(|(_, run)| run(data));
    assert!(runs.next().is_some(), "there is no fuzz target {name}");
}

fn all() -> impl Iterator<Item = sys::FuzzTarget> {
    let everywhere: [sys::FuzzTarget; 4] =
        [("session", session::run), ("url", url::run), ("variant", variant::run), ("wire", wire::run)];
    everywhere.into_iter().chain(sys::FUZZ_TARGETS.iter().copied())
}
