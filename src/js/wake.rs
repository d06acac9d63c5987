//! `onwake`: the page's function that is called when there is something to poll for.

use js_sys::{Function, Promise, Reflect};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::values::Thrown;

/// The function that the page has set.
#[derive(Default)]
pub(super) struct OnWake(Option<Function>);

impl OnWake {
    /// Returns the function, or `null`.
    pub(super) fn get(&self) -> JsValue {
        self.0.clone().map_or(JsValue::NULL, JsValue::from)
    }

    /// Reads a function or `null`.
    pub(super) fn read(given: &JsValue) -> Result<Self, Thrown> {
        if given.is_null() || given.is_undefined() {
            return Ok(Self::default());
        }
        match given.dyn_ref::<Function>() {
            Some(function) => Ok(Self(Some(function.clone()))),
            None => Err(Thrown::wrong_type("onwake", "a function or null")),
        }
    }

    /// Returns a hook that calls the function and reports its exceptions, as for an event handler. It must be called on
    /// this thread.
    pub(super) fn hook(&self) -> impl Fn() + Send + 'static {
        let function = SendWrapper::new(self.0.clone());
        move || {
            if let Some(Err(exception)) =
                function.as_ref().map(|function| function.call0(&JsValue::UNDEFINED))
            {
                report_error(&exception);
            }
        }
    }
}

/// Reports an uncaught exception to `window.onerror` and the console. Node has no such function, so there it becomes the
/// reason of a promise that nothing handles, which ends the program unless it listens for that.
fn report_error(exception: &JsValue) {
    match has_report_error() {
        true => report_to_page(exception),
        false => drop(Promise::reject(exception)),
    }
}

fn has_report_error() -> bool {
    Reflect::has(&js_sys::global(), &"reportError".into()).unwrap_or_default()
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = reportError)]
    fn report_to_page(exception: &JsValue);
}
