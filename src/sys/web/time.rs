//! The browser's clock.

use std::time::Duration;

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Pages and workers have it under the same name. A worker has no `window`.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Returns the time since this page or worker began.
pub(crate) fn now() -> Duration {
    let milliseconds = performance_now();
    // The cast saturates, so no number can cause a panic.
    Duration::from_micros((milliseconds * 1000.0) as u64)
}

/// Returns the time since 1970. It advances while the machine sleeps.
pub(crate) fn calendar() -> Duration {
    Duration::from_millis(js_sys::Date::now() as u64)
}
