//! Rooms behind one port, with engines as their members.

pub mod browser;
mod members;
mod moving;
mod ours;
mod wire;

use crate::runner::Scenario;

pub fn all() -> Vec<Scenario> {
    let mut scenarios = wire::all();
    scenarios.extend(members::all());
    scenarios.extend(moving::all());
    scenarios
}
