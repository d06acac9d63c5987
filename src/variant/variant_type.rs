//! The types that a value can have, by Godot's numbers and names.

use std::fmt;

/// Which type a [`Variant`](super::Variant) has. The numbers are those that stand on the wire.
///
/// It is displayed by Godot's name.
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
    /// Nothing.
    #[default]
    Nil = 0,
    /// True or false.
    Bool = 1,
    /// An integer of 64 bits.
    Int = 2,
    /// A floating-point number of 64 bits.
    Float = 3,
    /// A text.
    String = 4,
    /// Two numbers.
    Vector2 = 5,
    /// Two integers.
    Vector2i = 6,
    /// A rectangle.
    Rect2 = 7,
    /// A rectangle of whole numbers.
    Rect2i = 8,
    /// Three numbers.
    Vector3 = 9,
    /// Three integers.
    Vector3i = 10,
    /// A transformation of the plane.
    Transform2D = 11,
    /// Four numbers.
    Vector4 = 12,
    /// Four integers.
    Vector4i = 13,
    /// A plane in space.
    Plane = 14,
    /// A rotation in space.
    Quaternion = 15,
    /// A box in space.
    Aabb = 16,
    /// A matrix of three rows and columns.
    Basis = 17,
    /// A transformation of space.
    Transform3D = 18,
    /// A matrix of four rows and columns.
    Projection = 19,
    /// A colour.
    Color = 20,
    /// A text that is a name.
    StringName = 21,
    /// The way to a node, or to a property of it.
    NodePath = 22,
    /// A resource of the engine.
    Rid = 23,
    /// An object.
    Object = 24,
    /// A function.
    Callable = 25,
    /// A signal of an object.
    Signal = 26,
    /// Values by keys.
    Dictionary = 27,
    /// A list of values.
    Array = 28,
    /// Bytes.
    PackedByteArray = 29,
    /// Integers of 32 bits.
    PackedInt32Array = 30,
    /// Integers of 64 bits.
    PackedInt64Array = 31,
    /// Numbers of 32 bits.
    PackedFloat32Array = 32,
    /// Numbers of 64 bits.
    PackedFloat64Array = 33,
    /// Texts.
    PackedStringArray = 34,
    /// Pairs of numbers.
    PackedVector2Array = 35,
    /// Triples of numbers.
    PackedVector3Array = 36,
    /// Colours.
    PackedColorArray = 37,
    /// Fours of numbers.
    PackedVector4Array = 38,
}

/// The types with Godot's names, at the places of their numbers.
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
    /// Godot's name for it.
    pub const fn name(self) -> &'static str {
        ALL[self as usize].1
    }
}

impl TryFrom<u32> for VariantType {
    type Error = u32;

    /// The type of this number; the number itself where there is none.
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
    fn each_type_stands_at_the_place_of_its_number() {
        for (number, (kind, _)) in (0..).zip(ALL) {
            assert_eq!(kind as u32, number);
            assert_eq!(VariantType::try_from(number), Ok(kind));
        }
        assert_eq!(VariantType::try_from(39), Err(39));
        assert_eq!(VariantType::try_from(u32::MAX), Err(u32::MAX));
    }
}
