//! The types of values, with Godot's numbers and names.

use std::fmt;

/// The type of a [`Variant`](super::Variant). The numbers are those of the binary formats.
///
/// `Display` writes Godot's name.
///
/// ```
/// use websocket_peer::variant::VariantType;
///
/// assert_eq!(VariantType::Int as u32, 2);
/// assert_eq!(VariantType::try_from(2), Ok(VariantType::Int));
/// assert_eq!(VariantType::Int.to_string(), "int");
/// ```
///
/// Godot: `Variant.Type`, `typeof`, `type_string`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum VariantType {
    /// `null`.
    #[default]
    Nil = 0,
    /// A boolean.
    Bool = 1,
    /// A 64-bit integer.
    Int = 2,
    /// A 64-bit floating-point number.
    Float = 3,
    /// A string.
    String = 4,
    /// A vector of two 32-bit floats.
    Vector2 = 5,
    /// A vector of two 32-bit integers.
    Vector2i = 6,
    /// A rectangle.
    Rect2 = 7,
    /// A rectangle with integer coordinates.
    Rect2i = 8,
    /// A vector of three 32-bit floats.
    Vector3 = 9,
    /// A vector of three 32-bit integers.
    Vector3i = 10,
    /// A 2D transformation.
    Transform2D = 11,
    /// A vector of four 32-bit floats.
    Vector4 = 12,
    /// A vector of four 32-bit integers.
    Vector4i = 13,
    /// A plane in 3D space.
    Plane = 14,
    /// A 3D rotation.
    Quaternion = 15,
    /// An axis-aligned 3D box.
    Aabb = 16,
    /// A 3×3 matrix.
    Basis = 17,
    /// A 3D transformation.
    Transform3D = 18,
    /// A 4×4 matrix.
    Projection = 19,
    /// A colour.
    Color = 20,
    /// A string that Godot interns.
    StringName = 21,
    /// A path to a node or to one of its properties.
    NodePath = 22,
    /// The id of a low-level resource in an engine.
    Rid = 23,
    /// An object.
    Object = 24,
    /// A function.
    Callable = 25,
    /// A signal of an object.
    Signal = 26,
    /// A map.
    Dictionary = 27,
    /// A list of values.
    Array = 28,
    /// Bytes.
    PackedByteArray = 29,
    /// A list of 32-bit integers.
    PackedInt32Array = 30,
    /// A list of 64-bit integers.
    PackedInt64Array = 31,
    /// A list of 32-bit floats.
    PackedFloat32Array = 32,
    /// A list of 64-bit floats.
    PackedFloat64Array = 33,
    /// A list of strings.
    PackedStringArray = 34,
    /// A list of 2D vectors.
    PackedVector2Array = 35,
    /// A list of 3D vectors.
    PackedVector3Array = 36,
    /// A list of colours.
    PackedColorArray = 37,
    /// A list of 4D vectors.
    PackedVector4Array = 38,
}

/// The types with Godot's names, indexed by their numbers.
const ALL: [(VariantType, &str); 39] = [
    (VariantType::Nil, "Nil"),
    (VariantType::Bool, "bool"),
    (VariantType::Int, "int"),
    (VariantType::Float, "float"),
    (VariantType::String, "String"),
    (VariantType::Vector2, "Vector2"),
    (VariantType::Vector2i, "Vector2i"),
    (VariantType::Rect2, "Rect2"),
    (VariantType::Rect2i, "Rect2i"),
    (VariantType::Vector3, "Vector3"),
    (VariantType::Vector3i, "Vector3i"),
    (VariantType::Transform2D, "Transform2D"),
    (VariantType::Vector4, "Vector4"),
    (VariantType::Vector4i, "Vector4i"),
    (VariantType::Plane, "Plane"),
    (VariantType::Quaternion, "Quaternion"),
    (VariantType::Aabb, "AABB"),
    (VariantType::Basis, "Basis"),
    (VariantType::Transform3D, "Transform3D"),
    (VariantType::Projection, "Projection"),
    (VariantType::Color, "Color"),
    (VariantType::StringName, "StringName"),
    (VariantType::NodePath, "NodePath"),
    (VariantType::Rid, "RID"),
    (VariantType::Object, "Object"),
    (VariantType::Callable, "Callable"),
    (VariantType::Signal, "Signal"),
    (VariantType::Dictionary, "Dictionary"),
    (VariantType::Array, "Array"),
    (VariantType::PackedByteArray, "PackedByteArray"),
    (VariantType::PackedInt32Array, "PackedInt32Array"),
    (VariantType::PackedInt64Array, "PackedInt64Array"),
    (VariantType::PackedFloat32Array, "PackedFloat32Array"),
    (VariantType::PackedFloat64Array, "PackedFloat64Array"),
    (VariantType::PackedStringArray, "PackedStringArray"),
    (VariantType::PackedVector2Array, "PackedVector2Array"),
    (VariantType::PackedVector3Array, "PackedVector3Array"),
    (VariantType::PackedColorArray, "PackedColorArray"),
    (VariantType::PackedVector4Array, "PackedVector4Array"),
];

impl VariantType {
    /// Returns Godot's name of the type.
    pub const fn name(self) -> &'static str {
        ALL[self as usize].1
    }
}

impl TryFrom<u32> for VariantType {
    type Error = u32;

    /// Returns the type with this number, or the number itself if there is none.
    fn try_from(id: u32) -> Result<Self, u32> {
        usize::try_from(id).ok().and_then(|id| ALL.get(id)).map(|(kind, _)| *kind).ok_or(id)
    }
}

impl fmt::Display for VariantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_at_the_index_of_its_number() {
        for (number, (kind, _)) in (0..).zip(ALL) {
            assert_eq!(kind as u32, number);
            assert_eq!(VariantType::try_from(number), Ok(kind));
        }
        assert_eq!(VariantType::try_from(39), Err(39));
        assert_eq!(VariantType::try_from(u32::MAX), Err(u32::MAX));
    }
}
