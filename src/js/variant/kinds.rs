//! Types that a page declares for what it sends and receives: of a method's parameter, of a property.

use wasm_bindgen::prelude::wasm_bindgen;

use super::kind_of_name;
use crate::variant::VariantType;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/**
 * The type of a parameter or a property; `Variant` for any.
 *
 * A value of another type is converted, if Godot converts it for a typed parameter: as a `float`, 2 is sent as 2.0; as a
 * `StringName` or `NodePath`, a string is; as a `Color`, the string `"red"`; as a packed array, an array.
 */
export type DeclaredType = Exclude<VariantTypeName, "Callable"> | "Variant";
"#;

/// The type with this name, if something can be declared as that; `Nil` is any.
pub(in crate::js) fn declared_type(name: &str) -> Option<VariantType> {
    match name {
        "Variant" => Some(VariantType::Nil),
        name => kind_of_name(name).filter(|kind| !matches!(kind, VariantType::Nil | VariantType::Callable)),
    }
}
