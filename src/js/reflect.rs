//! Access to JavaScript values that can run the page's own code: getters, iterators, traps of proxies.
//!
//! All of these functions catch what such code throws: an exception that unwinds through Rust frames leaks what was
//! borrowed or allocated there. Each value is read once, into something that no longer changes.

use js_sys::{Array, BigInt64Array, Float32Array, Float64Array, Int32Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::values::Thrown;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Array, js_name = isArray, catch)]
    fn is_array_of_js(value: &JsValue) -> Result<bool, JsValue>;

    #[wasm_bindgen(js_namespace = Array, js_name = from, catch)]
    fn array_from(iterable: &JsValue) -> Result<Array, JsValue>;

    #[wasm_bindgen(js_namespace = ["Array", "prototype", "flat"], js_name = call, catch)]
    fn flat(array: &Array) -> Result<Array, JsValue>;

    #[wasm_bindgen(js_namespace = Object, js_name = entries, catch)]
    fn object_entries(object: &JsValue) -> Result<Array, JsValue>;

    #[wasm_bindgen(js_namespace = Reflect, catch)]
    fn construct(constructor: &JsValue, arguments: &Array) -> Result<JsValue, JsValue>;
}

/// Returns `true` for an array, and for a proxy of one.
pub(super) fn is_array(value: &JsValue) -> Result<bool, Thrown> {
    Ok(is_array_of_js(value)?)
}

/// Returns `true` if the prototype is that of all objects, or `null`.
pub(super) fn is_plain(object: &JsValue) -> Result<bool, Thrown> {
    let prototype = Reflect::get_prototype_of(object)?;
    // Each frame of a page has its own `Object.prototype`. It is the one that has no prototype itself.
    Ok(prototype.is_null() || Reflect::get_prototype_of(&prototype)?.is_null())
}

/// Returns the elements of an array, or of another iterable.
pub(super) fn elements(iterable: &JsValue) -> Result<Array, Thrown> {
    Ok(array_from(iterable)?)
}

/// Returns the elements of an array of strings; `None` for anything else.
pub(super) fn strings(array: &JsValue) -> Result<Option<Vec<String>>, Thrown> {
    match is_array(array)? {
        true => Ok(elements(array)?.iter().map(|element| element.as_string()).collect()),
        false => Ok(None),
    }
}

/// Returns the keys and values of a map, alternating.
pub(super) fn map_entries(map: &JsValue) -> Result<Array, Thrown> {
    let entries = flat(&array_from(map)?)?;
    match entries.length() % 2 {
        0 => Ok(entries),
        // The page has replaced its iterator.
        _ => Err(Thrown::type_error("a Map has a key without a value")),
    }
}

/// Returns the names and values of an object's own enumerable properties.
pub(super) fn entries(object: &JsValue) -> Result<Vec<(String, JsValue)>, Thrown> {
    let entries = object_entries(object)?;
    let entries = entries.iter().map(|entry| {
        let entry: Array = entry.unchecked_into();
        (entry.get(0).as_string().unwrap_or_default(), entry.get(1))
    });
    Ok(entries.collect())
}

/// Functions that return the content of a typed array; `None` for a value that is not such an array. JavaScript's own
/// constructor copies it, so the array's own getters are not called.
macro_rules! typed_arrays {
    ($($name:ident: $array:ident of $element:ty, $constructor:ident = $path:ident;)+) => {
        #[wasm_bindgen]
        extern "C" {
            $(
                #[wasm_bindgen(thread_local_v2, js_name = $path)]
                static $constructor: JsValue;
            )+
        }
        $(
            pub(super) fn $name(value: &JsValue) -> Result<Option<Vec<$element>>, Thrown> {
                if !value.is_instance_of::<$array>() {
                    return Ok(None);
                }
                let copy = $constructor.with(|constructor| construct(constructor, &Array::of1(value)))?;
                Ok(Some(copy.unchecked_into::<$array>().to_vec()))
            }
        )+
    };
}

typed_arrays! {
    uint8_array: Uint8Array of u8, UINT8_ARRAY = Uint8Array;
    int32_array: Int32Array of i32, INT32_ARRAY = Int32Array;
    big_int64_array: BigInt64Array of i64, BIG_INT64_ARRAY = BigInt64Array;
    float32_array: Float32Array of f32, FLOAT32_ARRAY = Float32Array;
    float64_array: Float64Array of f64, FLOAT64_ARRAY = Float64Array;
}
