//! From Rust's values to [`Variant`], and back.

use super::{
    Aabb, Array, Basis, Color, Dictionary, NodePath, Object, Plane, Projection, Quaternion, Rect2, Rect2i,
    Rid, Signal, StringName, Transform2D, Transform3D, Variant, VariantType, Vector2, Vector2i, Vector3,
    Vector3i, Vector4, Vector4i, WrongType,
};

/// Both ways for a type that each variant of its kind holds as it is, or in a box.
macro_rules! both_ways {
    ($($type:ty: $variant:ident, $value:ident => $in:expr, $out:expr;)+) => {
        $(
            impl From<$type> for Variant {
                fn from($value: $type) -> Self {
                    Self::$variant($in)
                }
            }

            impl TryFrom<Variant> for $type {
                type Error = WrongType;

                fn try_from(value: Variant) -> Result<Self, WrongType> {
                    match value {
                        Variant::$variant($value) => Ok($out),
                        other => Err(WrongType {
                            expected: VariantType::$variant.name(),
                            found: other.kind(),
                        }),
                    }
                }
            }

            or_nil!($type);
        )+
    };
}

/// `Nil` as `None`. A blanket implementation would overlap with the one that everything has for itself.
macro_rules! or_nil {
    ($($type:ty),+) => {
        $(
            impl TryFrom<Variant> for Option<$type> {
                type Error = WrongType;

                fn try_from(value: Variant) -> Result<Self, WrongType> {
                    match value {
                        Variant::Nil => Ok(None),
                        value => <$type>::try_from(value).map(Some),
                    }
                }
            }
        )+
    };
}

both_ways! {
    bool: Bool, value => value, value;
    Vector2: Vector2, value => value, value;
    Vector2i: Vector2i, value => value, value;
    Rect2: Rect2, value => value, value;
    Rect2i: Rect2i, value => value, value;
    Vector3: Vector3, value => value, value;
    Vector3i: Vector3i, value => value, value;
    Transform2D: Transform2D, value => value, value;
    Vector4: Vector4, value => value, value;
    Vector4i: Vector4i, value => value, value;
    Plane: Plane, value => value, value;
    Quaternion: Quaternion, value => value, value;
    Aabb: Aabb, value => value, value;
    Basis: Basis, value => Box::new(value), *value;
    Transform3D: Transform3D, value => Box::new(value), *value;
    Projection: Projection, value => Box::new(value), *value;
    Color: Color, value => value, value;
    NodePath: NodePath, value => Box::new(value), *value;
    Rid: Rid, value => value, value;
    Signal: Signal, value => Box::new(value), *value;
    Dictionary: Dictionary, value => Box::new(value), *value;
    Array: Array, value => Box::new(value), *value;
    Vec<u8>: PackedByteArray, value => value, value;
    Vec<i32>: PackedInt32Array, value => value, value;
    Vec<i64>: PackedInt64Array, value => value, value;
    Vec<f32>: PackedFloat32Array, value => value, value;
    Vec<f64>: PackedFloat64Array, value => value, value;
    Vec<String>: PackedStringArray, value => value, value;
    Vec<Vector2>: PackedVector2Array, value => value, value;
    Vec<Vector3>: PackedVector3Array, value => value, value;
    Vec<Color>: PackedColorArray, value => value, value;
    Vec<Vector4>: PackedVector4Array, value => value, value;
    Vec<Variant>: Array, value => Box::new(value.into()), value.into_vec();
}

/// Both ways for integers, which must fit.
macro_rules! integers {
    ($($type:ty: $expected:literal;)+) => {
        $(
            impl From<$type> for Variant {
                fn from(value: $type) -> Self {
                    Self::Int(value.into())
                }
            }

            impl TryFrom<Variant> for $type {
                type Error = WrongType;

                fn try_from(value: Variant) -> Result<Self, WrongType> {
                    let wrong = WrongType { expected: $expected, found: value.kind() };
                    match value {
                        Variant::Int(value) => value.try_into().map_err(|_| wrong),
                        _ => Err(wrong),
                    }
                }
            }

            or_nil!($type);
        )+
    };
}

integers! {
    i8: "int of 8 bits";
    i16: "int of 16 bits";
    i32: "int of 32 bits";
    i64: "int";
    u8: "int of 8 bits, not negative";
    u16: "int of 16 bits, not negative";
    u32: "int of 32 bits, not negative";
}

impl From<f64> for Variant {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<f32> for Variant {
    fn from(value: f32) -> Self {
        Self::Float(value.into())
    }
}

impl TryFrom<Variant> for f64 {
    type Error = WrongType;

    /// A whole number, too, as in Godot.
    fn try_from(value: Variant) -> Result<Self, WrongType> {
        match value {
            Variant::Float(value) => Ok(value),
            Variant::Int(value) => Ok(value as f64),
            other => Err(WrongType { expected: VariantType::Float.name(), found: other.kind() }),
        }
    }
}

impl TryFrom<Variant> for f32 {
    type Error = WrongType;

    /// The nearest one. A whole number, too, as in Godot.
    fn try_from(value: Variant) -> Result<Self, WrongType> {
        f64::try_from(value).map(|value| value as f32)
    }
}

impl From<&str> for Variant {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Variant {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<StringName> for Variant {
    fn from(value: StringName) -> Self {
        Self::StringName(value)
    }
}

impl TryFrom<Variant> for String {
    type Error = WrongType;

    /// A name's text, too, as in Godot.
    fn try_from(value: Variant) -> Result<Self, WrongType> {
        match value {
            Variant::String(text) | Variant::StringName(StringName(text)) => Ok(text),
            other => Err(WrongType { expected: VariantType::String.name(), found: other.kind() }),
        }
    }
}

impl TryFrom<Variant> for StringName {
    type Error = WrongType;

    /// A text as a name, too, as in Godot.
    fn try_from(value: Variant) -> Result<Self, WrongType> {
        match value {
            Variant::String(text) | Variant::StringName(StringName(text)) => Ok(Self(text)),
            other => Err(WrongType { expected: VariantType::StringName.name(), found: other.kind() }),
        }
    }
}

impl From<Object> for Variant {
    fn from(object: Object) -> Self {
        Self::Object(Some(Box::new(object)))
    }
}

impl TryFrom<Variant> for Object {
    type Error = WrongType;

    fn try_from(value: Variant) -> Result<Self, WrongType> {
        match value {
            Variant::Object(Some(object)) => Ok(*object),
            other => Err(WrongType { expected: VariantType::Object.name(), found: other.kind() }),
        }
    }
}

impl From<()> for Variant {
    fn from((): ()) -> Self {
        Self::Nil
    }
}

impl TryFrom<Variant> for () {
    type Error = WrongType;

    fn try_from(value: Variant) -> Result<Self, WrongType> {
        match value {
            Variant::Nil => Ok(()),
            other => Err(WrongType { expected: VariantType::Nil.name(), found: other.kind() }),
        }
    }
}

impl<T: Into<Variant>> From<Option<T>> for Variant {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nil, T::into)
    }
}

or_nil!(f32, f64, String, StringName, Object);
