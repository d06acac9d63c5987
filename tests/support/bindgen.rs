//! Calls into JavaScript by wasm-bindgen, from a page or a worker.

use js_sys::{Date, Function, Math, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Lets the event loop run. `setTimeout` is looked up in the global scope, because a worker has no window.
pub async fn tick() {
    let global = js_sys::global();
    let set_timeout: Function = Reflect::get(&global, &"setTimeout".into())
        .and_then(JsCast::dyn_into)
        .expect("every scope with an event loop has setTimeout");
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout.call2(&global, &resolve, &JsValue::from(1)).expect("a timer can be set");
    });
    JsFuture::from(promise).await.expect("a timer fires");
}

/// Returns the time since 1970, in milliseconds.
pub fn calendar() -> f64 {
    Date::now()
}

/// Returns a random number from 0 to 1.
pub fn random() -> f64 {
    Math::random()
}

/// Returns `true` in a page, and `false` in a worker.
pub fn is_page() -> bool {
    Reflect::has(&js_sys::global(), &"document".into()).expect("the scope is an object")
}

/// Dispatches an event of the network or the page.
pub fn dispatch(event: &str) {
    let scope = js_sys::global();
    let target = match event {
        "visibilitychange" => Reflect::get(&scope, &"document".into()).expect("a page has a document"),
        _ => scope.into(),
    };
    let event = web_sys::Event::new(event).expect("an event can be created");
    let dispatch: Function = Reflect::get(&target, &"dispatchEvent".into())
        .and_then(JsCast::dyn_into)
        .expect("events can be dispatched to it");
    dispatch.call1(&target, &event).expect("an event is dispatched");
}
