//! The page, which all scenarios with a client in a browser share.

use std::cell::RefCell;
use std::rc::Rc;

use crate::browser::Browser;
use crate::engine::{Engine, Place};
use crate::runner::Scenario;

/// A scenario of the page and an engine.
pub type Behaviour = fn(&mut Browser, &mut Engine);

pub struct Page(Rc<RefCell<Browser>>);

impl Page {
    pub fn new(browser: Browser) -> Self {
        Self(Rc::new(RefCell::new(browser)))
    }

    /// Makes the scenarios with these names below `path`.
    pub fn scenarios(&self, path: &str, behaviours: &[(&str, Behaviour)]) -> Vec<Scenario> {
        let scenario = |&(name, play): &(&str, Behaviour)| {
            let browser = Rc::clone(&self.0);
            Scenario::new(&format!("{path}::{name}"), move |[engine]| {
                let mut browser = browser.borrow_mut();
                browser.reset();
                play(&mut browser, engine);
                browser.reset();
            })
        };
        behaviours.iter().map(scenario).collect()
    }

    /// Makes a scenario of the page and of examples that it starts.
    pub fn of_examples(&self, path: &str, play: impl Fn(&mut Browser, &Place) + 'static) -> Scenario {
        let browser = Rc::clone(&self.0);
        Scenario::of_examples(path, move |place| {
            let mut browser = browser.borrow_mut();
            browser.reset();
            play(&mut browser, place);
            browser.reset();
        })
    }
}
