//! What is played. A scenario is a function of as many engines as it wants, and its name is what it shows.

mod multiplayer;
mod websocket;

use crate::browser::Browser;
use crate::runner::Scenario;

/// All of them, those with a page only if there is one.
pub fn all(browser: Option<Browser>) -> Vec<Scenario> {
    let mut scenarios = websocket::all();
    scenarios.extend(multiplayer::all());
    scenarios.extend(browser.into_iter().flat_map(multiplayer::browser::all));
    scenarios
}
