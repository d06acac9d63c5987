//! Types that a page declares for what it sends and receives: of a method's parameter, of a property.

use wasm_bindgen::prelude::wasm_bindgen;

use super::kind_of_name;
use crate::variant::{NodePath, StringName, Variant, VariantType};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/**
 * The type of a parameter or a property; `Variant` for any.
 *
 * Where JavaScript's own values leave a choice, it decides what is sent: as a `float`, 2 is sent as 2.0; as a `StringName`
 * or `NodePath`, a string is.
 */
export type DeclaredType = Exclude<VariantTypeName, "Callable"> | "Variant";
"#;

/// A declared type; none is any.
#[derive(Clone, Copy)]
pub(in crate::js) struct Kind(pub(in crate::js) Option<VariantType>);

impl Kind {
    pub(in crate::js) const ANY: Self = Self(None);

    /// The type with this name, if something can be declared as that.
    pub(in crate::js) fn of_name(name: &str) -> Option<Self> {
        match name {
            "Variant" => Some(Self::ANY),
            name => match kind_of_name(name)? {
                VariantType::Nil | VariantType::Callable => None,
                kind => Some(Self(Some(kind))),
            },
        }
    }

    /// The value as one of this type, where that is a question of how to see it.
    pub(in crate::js) fn admit(self, value: Variant) -> Variant {
        match (self.0, value) {
            (Some(VariantType::Float), Variant::Int(number)) => Variant::Float(number as f64),
            (Some(VariantType::StringName), Variant::String(text)) => StringName(text).into(),
            (Some(VariantType::NodePath), Variant::String(text)) => NodePath::from(text).into(),
            (_, value) => value,
        }
    }
}

/// `Parameter::of::<T>(name)`, or the like for another type that has an `of` and an `any`, with the `T` of a [`Kind`].
macro_rules! of_kind {
    ($kind:expr, $declared:ident, $name:expr) => {
        $crate::js::variant::of_kind!(@each $kind, $declared, $name;
            Bool: bool, Int: i64, Float: f64, String: String, StringName: $crate::variant::StringName,
            Vector2: $crate::variant::Vector2, Vector2i: $crate::variant::Vector2i,
            Rect2: $crate::variant::Rect2, Rect2i: $crate::variant::Rect2i,
            Vector3: $crate::variant::Vector3, Vector3i: $crate::variant::Vector3i,
            Transform2D: $crate::variant::Transform2D,
            Vector4: $crate::variant::Vector4, Vector4i: $crate::variant::Vector4i,
            Plane: $crate::variant::Plane, Quaternion: $crate::variant::Quaternion,
            Aabb: $crate::variant::Aabb, Basis: $crate::variant::Basis,
            Transform3D: $crate::variant::Transform3D, Projection: $crate::variant::Projection,
            Color: $crate::variant::Color, NodePath: $crate::variant::NodePath, Rid: $crate::variant::Rid,
            Object: $crate::variant::Object, Signal: $crate::variant::Signal,
            Dictionary: $crate::variant::Dictionary, Array: $crate::variant::Array,
            PackedByteArray: Vec<u8>, PackedInt32Array: Vec<i32>, PackedInt64Array: Vec<i64>,
            PackedFloat32Array: Vec<f32>, PackedFloat64Array: Vec<f64>, PackedStringArray: Vec<String>,
            PackedVector2Array: Vec<$crate::variant::Vector2>, PackedVector3Array: Vec<$crate::variant::Vector3>,
            PackedColorArray: Vec<$crate::variant::Color>, PackedVector4Array: Vec<$crate::variant::Vector4>,
        )
    };
    (@each $kind:expr, $declared:ident, $name:expr; $($variant:ident: $type:ty),+ $(,)?) => {
        match $kind.0 {
            $(Some($crate::variant::VariantType::$variant) => $declared::of::<$type>($name),)+
            // Nothing is declared as these two.
            None | Some($crate::variant::VariantType::Nil | $crate::variant::VariantType::Callable) => {
                $declared::any($name)
            }
        }
    };
}

pub(in crate::js) use of_kind;
