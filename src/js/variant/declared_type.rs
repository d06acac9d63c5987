//! Types that a page declares for parameters of methods and for properties.

use wasm_bindgen::prelude::wasm_bindgen;

use super::kind_of_name;
use crate::variant::VariantType;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/**
 * The type of a parameter or a property. `Variant` is any type.
 *
 * A value of another type is converted if Godot converts it for a typed parameter: to a `float`, 2 becomes 2.0; to a
 * `StringName` or `NodePath`, a string is converted; to a `Color`, the string `"red"`; to a packed array, an array.
 */
export type DeclaredType = Exclude<VariantTypeName, "Callable"> | "Variant";
"#;

/// Returns the type with this name, if it can be declared. `Nil` stands for any type.
pub(in crate::js) fn declared_type(name: &str) -> Option<VariantType> {
    match name {
        "Variant" => Some(VariantType::Nil),
        name => kind_of_name(name).filter(|kind| !matches!(kind, VariantType::Nil | VariantType::Callable)),
    }
}
