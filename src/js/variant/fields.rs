//! Objects with a `type`: put together, and taken apart strictly, so that a misspelt field is noticed.

use js_sys::{Array, BigInt64Array, Float32Array, Float64Array, Int32Array, Map, Object, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use crate::{
    js::values::{Thrown, object},
    variant::VariantType,
};
