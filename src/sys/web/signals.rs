//! Events of the network, the page and the machine, after which connections are often dead without a close.

use std::{cell::Cell, rc::Rc};

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventTarget};

use super::event_listener::EventListener;
use crate::sys::page::WakeSignal;

/// Events of the page or worker itself. A worker never fires `pageshow`.
const OF_SCOPE: [&str; 3] = ["online", "offline", "pageshow"];

/// The event of a page's document, which is also fired when the page is hidden.
const OF_DOCUMENT: &str = "visibilitychange";

/// Listens for these events as long as it lives.
pub(super) struct Signals {
    has_fired: Rc<Cell<bool>>,
    _listeners: Vec<EventListener>,
}

impl Signals {
    /// Begins to listen. Each event also wakes the program, so that it polls.
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
        // Node has none of these events. Its global object is not an event target.
        if let Some(scope) = scope.dyn_ref::<EventTarget>() {
            for name in OF_SCOPE {
                listeners.push(listen(scope, name)?);
            }
        }
        if let Some(document) = document.dyn_ref::<EventTarget>() {
            listeners.push(listen(document, OF_DOCUMENT)?);
        }
        Ok(Self { has_fired, _listeners: listeners })
    }

    /// Returns `true` if an event was fired since the last call.
    pub(super) fn take(&self) -> bool {
        self.has_fired.take()
    }
}

/// Returns `true` for a hidden page. The probe can wait until it is shown.
fn is_hidden(document: &JsValue) -> bool {
    let state = Reflect::get(document, &"visibilityState".into()).ok();
    state.is_some_and(|state| state == "hidden")
}
