//! Conversions between JavaScript values and Rust values, for all classes of the examples.

use js_sys::{Function, Object, Reflect};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

/// An exception for the caller.
pub struct Thrown(JsValue);

impl Thrown {
    /// An `Error` whose `name` is the mistake in the call.
    pub(crate) fn new(name: &str, message: &str) -> Self {
        let error = js_sys::Error::new(message);
        error.set_name(name);
        Self(error.into())
    }

    /// A `TypeError`, as JavaScript's own functions throw for an argument of another type.
    pub(crate) fn wrong_type(argument: &str, wanted: &str) -> Self {
        Self(js_sys::TypeError::new(&format!("{argument} must be {wanted}")).into())
    }
}

/// An exception of the page's own code, such as a getter, is passed on unchanged.
impl From<JsValue> for Thrown {
    fn from(exception: JsValue) -> Self {
        Self(exception)
    }
}

impl From<Thrown> for JsValue {
    fn from(thrown: Thrown) -> Self {
        thrown.0
    }
}

pub(crate) fn string(argument: &str, value: &JsValue) -> Result<String, Thrown> {
    value.as_string().ok_or_else(|| Thrown::wrong_type(argument, "a string"))
}

/// Returns an option that is a string; `None` if it, or the whole object, is undefined.
pub(crate) fn optional_string(options: &JsValue, name: &str) -> Result<Option<String>, Thrown> {
    if options.is_undefined() {
        return Ok(None);
    }
    if !options.is_object() {
        return Err(Thrown::wrong_type("options", "an object"));
    }
    let value = Reflect::get(options, &name.into())?;
    if value.is_undefined() { Ok(None) } else { string(name, &value).map(Some) }
}

pub(crate) fn optional_function(argument: &str, value: &JsValue) -> Result<Option<Function>, Thrown> {
    if value.is_null() || value.is_undefined() {
        return Ok(None);
    }
    let function =
        value.dyn_ref::<Function>().ok_or_else(|| Thrown::wrong_type(argument, "a function or null"))?;
    Ok(Some(function.clone()))
}

/// Returns a hook that calls the function and reports its exceptions, as for an event handler. It must be called on
/// this thread.
pub(crate) fn hook(function: Option<Function>) -> impl Fn() + Send {
    let function = SendWrapper::new(function);
    move || {
        if let Some(Err(exception)) = function.as_ref().map(|function| function.call0(&JsValue::UNDEFINED)) {
            report_error(&exception);
        }
    }
}

#[wasm_bindgen]
extern "C" {
    /// Reports an uncaught exception to `window.onerror` and the console.
    #[wasm_bindgen(js_name = reportError)]
    fn report_error(exception: &JsValue);
}

/// Returns a plain object with a field `type` and these fields.
pub(crate) fn tagged<const N: usize>(kind: &str, fields: [(&str, JsValue); N]) -> JsValue {
    object([("type", kind.into())].into_iter().chain(fields))
}

/// Returns a plain object with these fields.
pub(crate) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, JsValue)>) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        let set = Reflect::set(&object, &name.into(), &value);
        debug_assert!(set.is_ok(), "a plain object takes every field");
    }
    object.into()
}

/// Returns text, or undefined.
pub(crate) fn text(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::UNDEFINED, JsValue::from)
}
