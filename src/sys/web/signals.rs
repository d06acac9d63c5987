//! What a browser tells of the network, the page and the machine: after it, connections are often dead without a word.

use std::{cell::Cell, rc::Rc};

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventTarget};

use super::{event_listener::EventListener, wake_signal::WakeSignal};

/// Events of the page or worker itself. A worker has no `pageshow`, and is never shown.
const OF_SCOPE: [&str; 3] = ["online", "offline", "pageshow"];

/// The event of a page's document, which is fired when the page is hidden, too.
const OF_DOCUMENT: &str = "visibilitychange";

/// Listens while a connection wants to know.
pub(super) struct Signals {
    has_fired: Rc<Cell<bool>>,
    _listeners: Vec<EventListener>,
}

impl Signals {
    /// The wake is rung for each, so that the program polls.
    pub(super) fn listen(wake: &Rc<WakeSignal>) -> Result<Self, JsValue> {
        let has_fired = Rc::new(Cell::new(false));
        let scope = js_sys::global();
        let document = Reflect::get(&scope, &"document".into())?;
        let listen = |target: &EventTarget, name| {
            let (has_fired, wake, document) = (Rc::clone(&has_fired), Rc::clone(wake), document.clone());
            EventListener::new(target, name, move |_: &Event| {
                if !is_hidden(&document) {
                    has_fired.set(true);
                    wake.notify();
                }
            })
        };
        let mut listeners = Vec::new();
        for name in OF_SCOPE {
            listeners.push(listen(scope.unchecked_ref(), name)?);
        }
        if let Some(document) = document.dyn_ref::<EventTarget>() {
            listeners.push(listen(document, OF_DOCUMENT)?);
        }
        Ok(Self { has_fired, _listeners: listeners })
    }

    /// Returns `true` if there was one since the last call.
    pub(super) fn take(&self) -> bool {
        self.has_fired.take()
    }
}

/// A page that is hidden is told so, too; there is time to ask when it is shown.
fn is_hidden(document: &JsValue) -> bool {
    let state = Reflect::get(document, &"visibilityState".into()).ok();
    state.is_some_and(|state| state == "hidden")
}
