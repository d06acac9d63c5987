//! What is played. A scenario is a function of as many engines as it wants, and its name is what it shows.

mod multiplayer;
mod websocket;

use crate::runner::Scenario;

pub fn all() -> Vec<Scenario> {
    let mut scenarios = websocket::all();
    scenarios.extend(multiplayer::all());
    scenarios
}
