//! The browser's clock.

use std::time::Duration;

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    type Performance;

    /// Pages and workers have it under the same name. A worker has no `window`.
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: Performance;

    #[wasm_bindgen(method)]
    fn now(this: &Performance) -> f64;
}

/// Returns the time since this page or worker began.
pub(crate) fn now() -> Duration {
    let milliseconds = PERFORMANCE.with(Performance::now);
    // The cast saturates, so no number can cause a panic.
    Duration::from_micros((milliseconds * 1000.0) as u64)
}

/// Returns the time since 1970. It advances while the machine sleeps.
pub(super) fn calendar() -> Duration {
    Duration::from_millis(js_sys::Date::now() as u64)
}
