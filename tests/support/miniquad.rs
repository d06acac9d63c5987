//! Calls into JavaScript without wasm-bindgen, from a page: by the imports of `testkit/miniquad`.

pub use crate::imports::{calendar, dispatch, random};

/// Lets the event loop run.
pub async fn tick() {
    crate::run::next_step().await;
}

/// Returns `true`: there is no worker without wasm-bindgen.
pub fn is_page() -> bool {
    true
}
