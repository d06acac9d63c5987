//! A callback that JavaScript holds for exactly as long as Rust does.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Event, EventTarget};

/// One event listener. Dropping it takes it off its target before the callback dies, so an event that comes late
/// finds nobody, rather than freed memory.
pub(super) struct EventListener {
    target: EventTarget,
    name: &'static str,
    // `Fn`: a callback changes things through its bridge, and so needs no guard of its own against being re-entered.
    callback: Closure<dyn Fn(Event)>,
}

impl EventListener {
    /// Calls back at each event of that name, which the platform fires as an `E`.
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
