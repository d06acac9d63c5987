//! What can run the page's own code while a value is looked at: getters, iterators, traps of proxies.
//!
//! All of it is called in ways that catch what such code throws. An exception that flies through Rust's frames leaves behind
//! it whatever was borrowed or allocated there. And everything is read once, into something that no longer changes.

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

/// The elements of an array of strings; `None` for what is none.
pub(super) fn strings(array: &JsValue) -> Result<Option<Vec<String>>, Thrown> {
    match is_array(array)? {
        true => Ok(elements(array)?.iter().map(|element| element.as_string()).collect()),
        false => Ok(None),
    }
}

/// The keys and values of a map, in turn.
pub(super) fn map_entries(map: &JsValue) -> Result<Array, Thrown> {
    let entries = flat(&array_from(map)?)?;
    match entries.length() % 2 {
        0 => Ok(entries),
        // It iterates in a way of its own.
        _ => Err(Thrown::type_error("a Map has a key without a value")),
    }
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

/// The content of a typed array, `None` for what is none of this kind: copied by JavaScript's own constructor, which does
/// not ask the array itself for its length or its elements.
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
