//! What can run the page's own code while a value is looked at: getters, iterators, traps of proxies.
//!
//! All of it is called in ways that catch what such code throws. An exception that flies through Rust's frames leaves behind
//! it whatever was borrowed or allocated there. And everything is read once, into something that no longer changes.

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::values::Thrown;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Array, js_name = isArray, catch)]
    fn is_array_of_js(value: &JsValue) -> Result<bool, JsValue>;

    #[wasm_bindgen(js_namespace = Array, js_name = from, catch)]
    fn array_from(iterable: &JsValue) -> Result<Array, JsValue>;

    #[wasm_bindgen(method, js_class = Array, catch)]
    fn flat(this: &Array) -> Result<Array, JsValue>;

    #[wasm_bindgen(js_namespace = Object, js_name = entries, catch)]
    fn object_entries(object: &JsValue) -> Result<Array, JsValue>;
}

/// Whether it is an array; the proxy of one is.
pub(super) fn is_array(value: &JsValue) -> Result<bool, Thrown> {
    Ok(is_array_of_js(value)?)
}

/// Whether its prototype is that of all objects, or none.
pub(super) fn is_plain(object: &JsValue) -> Result<bool, Thrown> {
    let prototype = Reflect::get_prototype_of(object)?;
    // Each frame of a page has its own, so it is known by having none itself.
    Ok(prototype.is_null() || Reflect::get_prototype_of(&prototype)?.is_null())
}

/// The elements of an array, or of whatever else can be iterated.
pub(super) fn elements(iterable: &JsValue) -> Result<Array, Thrown> {
    Ok(array_from(iterable)?)
}

/// The keys and values of a map, in turn.
pub(super) fn map_entries(map: &JsValue) -> Result<Array, Thrown> {
    Ok(array_from(map)?.flat()?)
}

/// The names and values of an object's own enumerable properties.
pub(super) fn entries(object: &JsValue) -> Result<Vec<(String, JsValue)>, Thrown> {
    let entries = object_entries(object)?;
    let entries = entries.iter().map(|entry| {
        let entry: Array = entry.unchecked_into();
        (entry.get(0).as_string().unwrap_or_default(), entry.get(1))
    });
    Ok(entries.collect())
}

/// A copy of a typed array, made by the constructor of its kind.
pub(super) fn copy<T: JsCast>(constructor: &Function, view: &JsValue) -> Result<T, Thrown> {
    Ok(Reflect::construct(constructor, &Array::of1(view))?.unchecked_into())
}
