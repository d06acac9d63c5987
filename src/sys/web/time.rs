//! The browser's clock.

use std::time::Duration;

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    type Performance;

    /// The same name in a page and in a worker, where there is no `window`.
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: Performance;

    #[wasm_bindgen(method)]
    fn now(this: &Performance) -> f64;
}

/// The time since this page or worker began.
pub(crate) fn now() -> Duration {
    let milliseconds = PERFORMANCE.with(Performance::now);
    // The cast saturates: no number that JavaScript could answer makes it panic.
    Duration::from_micros((milliseconds * 1000.0) as u64)
}

/// The time since 1970, which goes on while the machine sleeps.
pub(super) fn calendar() -> Duration {
    Duration::from_millis(js_sys::Date::now() as u64)
}
