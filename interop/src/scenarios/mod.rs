//! The scenarios. A scenario is a function of one or more engines.

mod mid_level;
mod multiplayer;
mod websocket;

use crate::browser::Browser;
use crate::runner::Scenario;

/// All scenarios; those with a page only if there is one.
pub fn all(browser: Option<Browser>) -> Vec<Scenario> {
    let mut scenarios = websocket::all();
    scenarios.extend(mid_level::all());
    scenarios.extend(multiplayer::all());
    scenarios.extend(browser.into_iter().flat_map(multiplayer::browser::all));
    scenarios
}
