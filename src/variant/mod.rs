//! Godot's `Variant`: the values that its programs exchange, and their binary forms.
//!
//! ```
//! use websocket_peer::variant::{Dictionary, Variant, Vector2};
//!
//! let state: Dictionary = [("health", Variant::Int(3)), ("at", Vector2::new(1.5, 2.0).into())].into_iter().collect();
//! let bytes = Variant::from(state).encode()?;
//!
//! let state = Dictionary::try_from(Variant::decode(&bytes)?)?;
//! assert_eq!(state.get_str("health"), Some(&Variant::Int(3)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The binary forms hold 1024 containers within each other. No depth overflows the stack: values are walked through, copied,
//! compared, shown and dropped without recursion. Only whole objects within whole objects are dropped as the compiler does it.

mod array;
mod casts;
mod clone;
mod colors;
mod compressed;
mod convert_to;
mod decimal;
mod decode;
mod decode_leaf;
mod dictionary;
mod display;
mod element_type;
mod encode;
mod eq;
mod error;
mod geometry;
mod names;
mod number;
mod object;
mod order;
mod reader;
mod rotation;
mod rust_types;
#[cfg(feature = "serde")]
mod serialization;
mod stringify;
mod teardown;
mod variant_type;
mod vectors;
mod visitor;

pub use array::Array;
pub use dictionary::Dictionary;
pub use element_type::ElementType;
pub use error::{DecodeError, EncodeError, WrongType};
pub use geometry::{Aabb, Basis, Plane, Projection, Rect2, Rect2i, Transform2D, Transform3D};
pub use names::{NodePath, StringName};
pub use object::{Object, Objects, Rid, Signal};
pub use variant_type::VariantType;
pub use vectors::{Color, Quaternion, Vector2, Vector2i, Vector3, Vector3i, Vector4, Vector4i};

/// How many containers can be within each other in the binary forms.
const MAX_DEPTH: usize = 1024;

/// One value of any of Godot's types.
///
/// It is displayed as Godot's `var_to_str` writes it. Two are equal if they have the same type and content; floating-point
/// numbers are compared as Rust does, so no NaN equals another.
///
/// Godot: `Variant`.
#[derive(Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Variant {
    /// Nothing: `null`.
    #[default]
    Nil,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A text.
    String(String),
    /// Two numbers.
    Vector2(Vector2),
    /// Two integers.
    Vector2i(Vector2i),
    /// A rectangle.
    Rect2(Rect2),
    /// A rectangle of whole numbers.
    Rect2i(Rect2i),
    /// Three numbers.
    Vector3(Vector3),
    /// Three integers.
    Vector3i(Vector3i),
    /// A transformation of the plane.
    Transform2D(Transform2D),
    /// Four numbers.
    Vector4(Vector4),
    /// Four integers.
    Vector4i(Vector4i),
    /// A plane in space.
    Plane(Plane),
    /// A rotation in space.
    Quaternion(Quaternion),
    /// A box in space.
    Aabb(Aabb),
    /// A matrix of three rows and columns.
    Basis(Box<Basis>),
    /// A transformation of space.
    Transform3D(Box<Transform3D>),
    /// A matrix of four rows and columns.
    Projection(Box<Projection>),
    /// A colour.
    Color(Color),
    /// A text that is a name.
    StringName(StringName),
    /// The way to a node, or to a property of it.
    NodePath(Box<NodePath>),
    /// A resource of an engine.
    Rid(Rid),
    /// An object of an engine, or none where there could be one.
    Object(#[cfg_attr(feature = "serde", serde(with = "crate::serialization::nested"))] Option<Box<Object>>),
    /// A function. Which one is never told to others.
    Callable,
    /// A signal of an object.
    Signal(Box<Signal>),
    /// Values by keys.
    Dictionary(#[cfg_attr(feature = "serde", serde(with = "crate::serialization::nested"))] Box<Dictionary>),
    /// A list of values.
    Array(#[cfg_attr(feature = "serde", serde(with = "crate::serialization::nested"))] Box<Array>),
    /// Bytes.
    PackedByteArray(Vec<u8>),
    /// Integers of 32 bits.
    PackedInt32Array(Vec<i32>),
    /// Integers of 64 bits.
    PackedInt64Array(Vec<i64>),
    /// Numbers of 32 bits.
    PackedFloat32Array(Vec<f32>),
    /// Numbers of 64 bits.
    PackedFloat64Array(Vec<f64>),
    /// Texts.
    PackedStringArray(Vec<String>),
    /// Pairs of numbers.
    PackedVector2Array(Vec<Vector2>),
    /// Triples of numbers.
    PackedVector3Array(Vec<Vector3>),
    /// Colours.
    PackedColorArray(Vec<Color>),
    /// Fours of numbers.
    PackedVector4Array(Vec<Vector4>),
}

impl Variant {
    /// Which type it has.
    ///
    /// Godot: `typeof`.
    pub fn kind(&self) -> VariantType {
        match self {
            Self::Nil => VariantType::Nil,
            Self::Bool(_) => VariantType::Bool,
            Self::Int(_) => VariantType::Int,
            Self::Float(_) => VariantType::Float,
            Self::String(_) => VariantType::String,
            Self::Vector2(_) => VariantType::Vector2,
            Self::Vector2i(_) => VariantType::Vector2i,
            Self::Rect2(_) => VariantType::Rect2,
            Self::Rect2i(_) => VariantType::Rect2i,
            Self::Vector3(_) => VariantType::Vector3,
            Self::Vector3i(_) => VariantType::Vector3i,
            Self::Transform2D(_) => VariantType::Transform2D,
            Self::Vector4(_) => VariantType::Vector4,
            Self::Vector4i(_) => VariantType::Vector4i,
            Self::Plane(_) => VariantType::Plane,
            Self::Quaternion(_) => VariantType::Quaternion,
            Self::Aabb(_) => VariantType::Aabb,
            Self::Basis(_) => VariantType::Basis,
            Self::Transform3D(_) => VariantType::Transform3D,
            Self::Projection(_) => VariantType::Projection,
            Self::Color(_) => VariantType::Color,
            Self::StringName(_) => VariantType::StringName,
            Self::NodePath(_) => VariantType::NodePath,
            Self::Rid(_) => VariantType::Rid,
            Self::Object(_) => VariantType::Object,
            Self::Callable => VariantType::Callable,
            Self::Signal(_) => VariantType::Signal,
            Self::Dictionary(_) => VariantType::Dictionary,
            Self::Array(_) => VariantType::Array,
            Self::PackedByteArray(_) => VariantType::PackedByteArray,
            Self::PackedInt32Array(_) => VariantType::PackedInt32Array,
            Self::PackedInt64Array(_) => VariantType::PackedInt64Array,
            Self::PackedFloat32Array(_) => VariantType::PackedFloat32Array,
            Self::PackedFloat64Array(_) => VariantType::PackedFloat64Array,
            Self::PackedStringArray(_) => VariantType::PackedStringArray,
            Self::PackedVector2Array(_) => VariantType::PackedVector2Array,
            Self::PackedVector3Array(_) => VariantType::PackedVector3Array,
            Self::PackedColorArray(_) => VariantType::PackedColorArray,
            Self::PackedVector4Array(_) => VariantType::PackedVector4Array,
        }
    }

    /// Whether it is `Nil`.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// An empty one of the same type, if values of this type may be large.
    pub(crate) fn emptied(&self) -> Option<Self> {
        Some(match self {
            Self::String(_) => Self::String(String::new()),
            Self::StringName(_) => Self::StringName(StringName::default()),
            Self::NodePath(_) => Self::NodePath(Box::default()),
            Self::Signal(_) => Self::Signal(Box::default()),
            Self::Dictionary(_) => Self::Dictionary(Box::default()),
            Self::Array(_) => Self::Array(Box::default()),
            Self::PackedByteArray(_) => Self::PackedByteArray(Vec::new()),
            Self::PackedInt32Array(_) => Self::PackedInt32Array(Vec::new()),
            Self::PackedInt64Array(_) => Self::PackedInt64Array(Vec::new()),
            Self::PackedFloat32Array(_) => Self::PackedFloat32Array(Vec::new()),
            Self::PackedFloat64Array(_) => Self::PackedFloat64Array(Vec::new()),
            Self::PackedStringArray(_) => Self::PackedStringArray(Vec::new()),
            Self::PackedVector2Array(_) => Self::PackedVector2Array(Vec::new()),
            Self::PackedVector3Array(_) => Self::PackedVector3Array(Vec::new()),
            Self::PackedColorArray(_) => Self::PackedColorArray(Vec::new()),
            Self::PackedVector4Array(_) => Self::PackedVector4Array(Vec::new()),
            _ => return None,
        })
    }

    /// Reads a value. Bytes behind it are ignored; whole objects are refused.
    ///
    /// # Errors
    /// If the bytes are no value.
    ///
    /// Godot: `bytes_to_var`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_prefix(bytes, Objects::ById).map(|(value, _)| value)
    }

    /// Reads a value, and tells how many bytes it took.
    ///
    /// # Errors
    /// If the bytes do not begin with a value.
    ///
    /// Godot: `bytes_to_var_with_objects`.
    pub fn decode_prefix(bytes: &[u8], objects: Objects) -> Result<(Self, usize), DecodeError> {
        decode::decode(bytes, objects)
    }

    /// Writes the value. Whole objects are refused.
    ///
    /// # Errors
    /// If it has no binary form: see [`EncodeError`].
    ///
    /// Godot: `var_to_bytes`.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::new();
        self.encode_into(&mut bytes, Objects::ById)?;
        Ok(bytes)
    }

    /// Appends the value to `out`.
    ///
    /// # Errors
    /// If it has no binary form: see [`EncodeError`]. Then `out` is as it was.
    ///
    /// Godot: `var_to_bytes_with_objects`.
    pub fn encode_into(&self, out: &mut Vec<u8>, objects: Objects) -> Result<(), EncodeError> {
        encode::encode(self, out, objects)
    }

    /// Reads a value in the form that remote calls use for their arguments, and tells how many bytes it took.
    ///
    /// # Errors
    /// If the bytes do not begin with a value.
    pub fn decode_compressed(bytes: &[u8], objects: Objects) -> Result<(Self, usize), DecodeError> {
        compressed::decode_compressed(bytes, objects)
    }

    /// Appends the value to `out`, in the form that remote calls use for their arguments.
    ///
    /// # Errors
    /// If it has no binary form: see [`EncodeError`]. Then `out` is as it was.
    pub fn encode_compressed(&self, out: &mut Vec<u8>, objects: Objects) -> Result<(), EncodeError> {
        compressed::encode_compressed(self, out, objects)
    }
}
