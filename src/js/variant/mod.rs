//! Godot's values as JavaScript's, and JavaScript's as Godot's. [`types`] has the table, for TypeScript and for people.
//!
//! Two rules made it. What comes is easy to read: where GDScript takes one type for the other, they are one here. What is sent
//! can be exact: an object with a `type` says which of them is meant.

mod fields;
mod kinds;
mod read;
mod shapes;
mod types;
mod write;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

pub(super) use self::{
    kinds::declared_type,
    read::{read, read_all},
    write::write,
};
use super::values::{self, Thrown};
use crate::variant::{Variant, VariantType};

/// `Number.MAX_SAFE_INTEGER`: up to here each integer is a number of its own.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The bytes that Godot's `var_to_bytes` makes of a value: what `PacketPeer.put_var` sends.
///
/// Throws a `TypeError` for what is no value of Godot's, a `RangeError` for a `bigint` beyond 64 bits and for what is too
/// deep, `InvalidVariant` for what has no bytes: an object that is not by its number, a text with a NUL in it.
#[wasm_bindgen(js_name = encodeVariant, unchecked_return_type = "Uint8Array")]
pub fn encode_variant(
    #[wasm_bindgen(unchecked_param_type = "VariantLike")] value: &JsValue,
) -> Result<JsValue, Thrown> {
    let bytes = read(value)?.encode().map_err(|why| invalid(&why.to_string()))?;
    Ok(values::byte_array(&bytes))
}

/// The value that Godot's `bytes_to_var` makes of bytes: what `PacketPeer.get_var` gives. Bytes behind it are ignored.
///
/// Throws `InvalidVariant` if the bytes are no value.
#[wasm_bindgen(js_name = decodeVariant, unchecked_return_type = "Variant")]
pub fn decode_variant(
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue,
) -> Result<JsValue, Thrown> {
    let bytes = values::bytes("bytes", bytes)?;
    let value = Variant::decode(&bytes).map_err(|why| invalid(&why.to_string()))?;
    Ok(write(&value))
}

/// The type that Godot calls so.
fn kind_of_name(name: &str) -> Option<VariantType> {
    (0..).map_while(|id| VariantType::try_from(id).ok()).find(|kind| kind.name() == name)
}

/// A number that is whole, and small enough to be exact.
fn safe_integer(number: f64) -> Option<i64> {
    let is_one = number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER as f64;
    is_one.then_some(number as i64)
}

/// The 64 bits of a number or `bigint` that is not negative.
fn unsigned(value: &JsValue) -> Option<u64> {
    match value.as_f64() {
        Some(number) => safe_integer(number)?.try_into().ok(),
        None if value.is_bigint() => u64::try_from(value.clone()).ok(),
        None => None,
    }
}

/// A number if it would be exact, else a `bigint`.
fn unsigned_to_js(value: u64) -> JsValue {
    if value <= MAX_SAFE_INTEGER { JsValue::from_f64(value as f64) } else { value.into() }
}

fn invalid(why: &str) -> Thrown {
    Thrown::new("InvalidVariant", why)
}
