//! Conversions between Rust types and [`Variant`]. From a `Variant`, they accept what Godot accepts for a typed
//! parameter: [`Variant::convert_to`].

use super::{
    Aabb, Array, Basis, Color, Dictionary, NodePath, Object, Plane, Projection, Quaternion, Rect2, Rect2i,
    Rid, Signal, StringName, Transform2D, Transform3D, Variant, VariantType, Vector2, Vector2i, Vector3,
    Vector3i, Vector4, Vector4i, WrongType,
};

fn wrong(expected: VariantType, value: &Variant) -> WrongType {
    WrongType::new(expected.name(), value.kind())
}

/// Implements both conversions for a type that a variant contains directly or in a box.
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

                /// Converts as [`Variant::convert_to`].
                fn try_from(value: Variant) -> Result<Self, WrongType> {
                    match value {
                        // Usually the value has the type, and is moved only once.
                        Variant::$variant($value) => Ok($out),
                        other => match other.convert_to(VariantType::$variant)? {
                            Variant::$variant($value) => Ok($out),
                            other => Err(wrong(VariantType::$variant, &other)),
                        },
                    }
                }
            }

            or_nil!($type);
        )+
    };
}

/// Converts `Nil` and the null object to `None`. A blanket implementation would overlap with the reflexive one.
macro_rules! or_nil {
    ($($type:ty),+) => {
        $(
            impl TryFrom<Variant> for Option<$type> {
                type Error = WrongType;

                fn try_from(value: Variant) -> Result<Self, WrongType> {
                    match value {
                        Variant::Nil | Variant::Object(None) => Ok(None),
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

/// Implements both conversions for integers.
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

                /// Converts as [`Variant::convert_to`]. Fails if the number does not fit.
                fn try_from(value: Variant) -> Result<Self, WrongType> {
                    let wrong = |found| WrongType::new($expected, found);
                    match value {
                        Variant::Int(value) => value.try_into().map_err(|_| wrong(VariantType::Int)),
                        other => {
                            let found = other.kind();
                            match other.convert_to(VariantType::Int) {
                                Ok(Variant::Int(value)) => value.try_into().map_err(|_| wrong(found)),
                                _ => Err(wrong(found)),
                            }
                        }
                    }
                }
            }

            or_nil!($type);
        )+
    };
}

integers! {
    i8: "8-bit int";
    i16: "16-bit int";
    i32: "32-bit int";
    i64: "int";
    u8: "unsigned 8-bit int";
    u16: "unsigned 16-bit int";
    u32: "unsigned 32-bit int";
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

    /// Converts as [`Variant::convert_to`].
    fn try_from(value: Variant) -> Result<Self, WrongType> {
        match value {
            Variant::Float(value) => Ok(value),
            other => match other.convert_to(VariantType::Float)? {
                Variant::Float(value) => Ok(value),
                other => Err(wrong(VariantType::Float, &other)),
            },
        }
    }
}

impl TryFrom<Variant> for f32 {
    type Error = WrongType;

    /// Converts as [`Variant::convert_to`], then to the nearest `f32`.
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

    /// Converts as [`Variant::convert_to`].
    fn try_from(value: Variant) -> Result<Self, WrongType> {
        match value {
            Variant::String(text) => Ok(text),
            other => match other.convert_to(VariantType::String)? {
                Variant::String(text) => Ok(text),
                other => Err(wrong(VariantType::String, &other)),
            },
        }
    }
}

impl TryFrom<Variant> for StringName {
    type Error = WrongType;

    /// Converts as [`Variant::convert_to`].
    fn try_from(value: Variant) -> Result<Self, WrongType> {
        match value.convert_to(VariantType::StringName)? {
            Variant::StringName(name) => Ok(name),
            other => Err(wrong(VariantType::StringName, &other)),
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
            other => Err(wrong(VariantType::Object, &other)),
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
            other => Err(wrong(VariantType::Nil, &other)),
        }
    }
}

impl<T: Into<Variant>> From<Option<T>> for Variant {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nil, T::into)
    }
}

or_nil!(f32, f64, String, StringName, Object);
