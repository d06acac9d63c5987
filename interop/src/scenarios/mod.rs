//! The scenarios. A scenario is a function of one or more engines.

mod examples;
mod mid_level;
mod multiplayer;
mod page;
mod rooms;
mod websocket;

use crate::browser::Browser;
use crate::runner::Scenario;
use page::Page;

/// All scenarios; those with a page only if there is one.
pub fn all(browser: Option<Browser>) -> Vec<Scenario> {
    let mut scenarios = websocket::all();
    scenarios.extend(mid_level::all());
    scenarios.extend(multiplayer::all());
    scenarios.extend(examples::all());
    scenarios.extend(rooms::all());
    if let Some(page) = browser.map(Page::new) {
        scenarios.extend(mid_level::browser::all(&page));
        scenarios.extend(multiplayer::browser::all(&page));
        scenarios.extend(examples::browser::all(&page));
        scenarios.extend(rooms::browser::all(&page));
    }
    scenarios
}
