//! Conversions between Godot's values and JavaScript's. [`types`] documents them, for TypeScript.
//!
//! Two rules: values that are received are easy to read, so types that GDScript treats as one are one here. Values that
//! are sent can be exact: an object with a `type` names its type.

mod declared_type;
mod fields;
mod read;
mod shapes;
mod types;
mod write;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

pub(super) use self::{
    declared_type::declared_type,
    read::{read, read_all},
    write::write,
};
use super::values::{self, Thrown};
use crate::variant::{Variant, VariantType};

/// `Number.MAX_SAFE_INTEGER`: every integer up to it is exact as a JavaScript number.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Encodes a value, like Godot's `var_to_bytes` and `PacketPeer.put_var`.
///
/// Throws a `TypeError` for a value that Godot has no type for, a `RangeError` for a `bigint` beyond 64 bits and for
/// nesting that is too deep, `InvalidVariant` for a value that cannot be encoded: an object without an id, a string
/// that contains NUL.
#[wasm_bindgen(js_name = encodeVariant, unchecked_return_type = "Uint8Array")]
pub fn encode_variant(
    #[wasm_bindgen(unchecked_param_type = "VariantLike")] value: &JsValue,
) -> Result<JsValue, Thrown> {
    let bytes = read(value)?.encode().map_err(|error| invalid(&error.to_string()))?;
    Ok(values::byte_array(&bytes))
}

/// Decodes a value, like Godot's `bytes_to_var` and `PacketPeer.get_var`. Bytes after it are ignored.
///
/// Throws `InvalidVariant` if the bytes are not a value.
#[wasm_bindgen(js_name = decodeVariant, unchecked_return_type = "Variant")]
pub fn decode_variant(
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue,
) -> Result<JsValue, Thrown> {
    let bytes = values::bytes("bytes", bytes)?;
    let value = Variant::decode(&bytes).map_err(|error| invalid(&error.to_string()))?;
    Ok(write(&value))
}

/// Returns the type with this name in Godot.
fn kind_of_name(name: &str) -> Option<VariantType> {
    (0..).map_while(|id| VariantType::try_from(id).ok()).find(|kind| kind.name() == name)
}

/// Returns the number as an integer, if it is whole and exact.
fn safe_integer(number: f64) -> Option<i64> {
    let is_one = number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER as f64;
    is_one.then_some(number as i64)
}

/// Returns the 64 bits of a number or `bigint` that is not negative.
fn unsigned(value: &JsValue) -> Option<u64> {
    match value.as_f64() {
        Some(number) => safe_integer(number)?.try_into().ok(),
        None if value.is_bigint() => u64::try_from(value.clone()).ok(),
        None => None,
    }
}

/// Returns a number if it is exact, otherwise a `bigint`.
fn unsigned_to_js(value: u64) -> JsValue {
    if value <= MAX_SAFE_INTEGER { JsValue::from_f64(value as f64) } else { value.into() }
}

fn invalid(message: &str) -> Thrown {
    Thrown::new("InvalidVariant", message)
}
