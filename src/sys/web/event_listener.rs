//! A JavaScript callback that lives exactly as long as its Rust object.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Event, EventTarget};

/// One event listener. Dropping it removes it from its target before the callback is freed, so that a late event is
/// ignored.
pub(super) struct EventListener {
    target: EventTarget,
    name: &'static str,
    // `Fn`, because a callback may be re-entered. It changes state through its bridge.
    callback: Closure<dyn Fn(Event)>,
}

impl EventListener {
    /// Calls the callback for each event of this name, whose type is `E`.
    pub(super) fn new<E: JsCast>(
        target: &EventTarget,
        name: &'static str,
        callback: impl Fn(&E) + 'static,
    ) -> Result<Self, JsValue> {
        let callback = Closure::<dyn Fn(Event)>::new(move |event: Event| callback(event.unchecked_ref()));
        target.add_event_listener_with_callback(name, callback.as_ref().unchecked_ref())?;
        Ok(Self { target: target.clone(), name, callback })
    }
}

impl Drop for EventListener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let removed = self.target.remove_event_listener_with_callback(self.name, callback);
        debug_assert!(removed.is_ok(), "removing a listener never throws");
    }
}
