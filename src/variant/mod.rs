//! Godot's `Variant`: values of any type, and their binary formats.
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
//! The binary formats allow 1024 levels of nested containers. Values are encoded, cloned, compared, formatted and
//! dropped without recursion, so deep nesting cannot overflow the stack. The exception: nested [`Object::Full`] values
//! are dropped recursively.

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

/// The largest number of nested containers in the binary formats.
const MAX_DEPTH: usize = 1024;

/// A value of any of Godot's types.
///
/// `Display` writes what Godot's `var_to_str` writes. Two values are equal if they have the same type and content.
/// Floating-point numbers are compared as in Rust: NaN does not equal NaN.
///
/// Godot: `Variant`.
#[derive(Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Variant {
    /// `null`.
    #[default]
    Nil,
    /// A boolean.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A 64-bit floating-point number.
    Float(f64),
    /// A string.
    String(String),
    /// A vector of two 32-bit floats.
    Vector2(Vector2),
    /// A vector of two 32-bit integers.
    Vector2i(Vector2i),
    /// A rectangle.
    Rect2(Rect2),
    /// A rectangle with integer coordinates.
    Rect2i(Rect2i),
    /// A vector of three 32-bit floats.
    Vector3(Vector3),
    /// A vector of three 32-bit integers.
    Vector3i(Vector3i),
    /// A 2D transformation.
    Transform2D(Transform2D),
    /// A vector of four 32-bit floats.
    Vector4(Vector4),
    /// A vector of four 32-bit integers.
    Vector4i(Vector4i),
    /// A plane in 3D space.
    Plane(Plane),
    /// A 3D rotation.
    Quaternion(Quaternion),
    /// An axis-aligned 3D box.
    Aabb(Aabb),
    /// A 3×3 matrix.
    Basis(Box<Basis>),
    /// A 3D transformation.
    Transform3D(Box<Transform3D>),
    /// A 4×4 matrix.
    Projection(Box<Projection>),
    /// A colour.
    Color(Color),
    /// A string that Godot interns.
    StringName(StringName),
    /// A path to a node or to one of its properties.
    NodePath(Box<NodePath>),
    /// The id of a low-level resource in an engine.
    Rid(Rid),
    /// An object of an engine, or a null reference.
    Object(#[cfg_attr(feature = "serde", serde(with = "crate::serialization::nested"))] Option<Box<Object>>),
    /// A function. The binary formats do not contain which one.
    Callable,
    /// A signal of an object.
    Signal(Box<Signal>),
    /// A map.
    Dictionary(#[cfg_attr(feature = "serde", serde(with = "crate::serialization::nested"))] Box<Dictionary>),
    /// A list of values.
    Array(#[cfg_attr(feature = "serde", serde(with = "crate::serialization::nested"))] Box<Array>),
    /// Bytes.
    PackedByteArray(Vec<u8>),
    /// A list of 32-bit integers.
    PackedInt32Array(Vec<i32>),
    /// A list of 64-bit integers.
    PackedInt64Array(Vec<i64>),
    /// A list of 32-bit floats.
    PackedFloat32Array(Vec<f32>),
    /// A list of 64-bit floats.
    PackedFloat64Array(Vec<f64>),
    /// A list of strings.
    PackedStringArray(Vec<String>),
    /// A list of 2D vectors.
    PackedVector2Array(Vec<Vector2>),
    /// A list of 3D vectors.
    PackedVector3Array(Vec<Vector3>),
    /// A list of colours.
    PackedColorArray(Vec<Color>),
    /// A list of 4D vectors.
    PackedVector4Array(Vec<Vector4>),
}

impl Variant {
    /// Returns the type of the value.
    ///
    /// Godot: `typeof`.
    #[doc(alias = "typeof")]
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

    /// Returns `true` if the value is `Nil`.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// Returns `true` for a value of a fixed size, and for a short string: its conversion takes a short time.
    pub(crate) fn is_short(&self) -> bool {
        /// In bytes.
        const SHORT: usize = 64;
        match self {
            Self::String(text) | Self::StringName(StringName(text)) => text.len() <= SHORT,
            Self::Nil
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Vector2(_)
            | Self::Vector3(_) => true,
            value => value.emptied().is_none(),
        }
    }

    /// Returns an empty value of the same type; `None` if values of this type have a fixed size.
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

    /// Decodes a value. Bytes after it are ignored. [`Object::Full`] is rejected.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes do not begin with a valid value.
    ///
    /// Godot: `bytes_to_var`.
    #[doc(alias = "bytes_to_var")]
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_prefix(bytes, Objects::ById).map(|(value, _)| value)
    }

    /// Decodes a value, and returns it with the number of bytes read.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes do not begin with a valid value.
    ///
    /// Godot: `bytes_to_var_with_objects`.
    #[doc(alias = "bytes_to_var_with_objects")]
    pub fn decode_prefix(bytes: &[u8], objects: Objects) -> Result<(Self, usize), DecodeError> {
        decode::decode(bytes, objects)
    }

    /// Encodes the value. [`Object::Full`] is rejected.
    ///
    /// # Errors
    /// [`EncodeError`] if the value cannot be encoded.
    ///
    /// Godot: `var_to_bytes`.
    #[doc(alias = "var_to_bytes")]
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::new();
        self.encode_into(&mut bytes, Objects::ById)?;
        Ok(bytes)
    }

    /// Encodes the value at the end of `out`.
    ///
    /// # Errors
    /// [`EncodeError`] if the value cannot be encoded. `out` is unchanged then.
    ///
    /// Godot: `var_to_bytes_with_objects`.
    #[doc(alias = "var_to_bytes_with_objects")]
    pub fn encode_into(&self, out: &mut Vec<u8>, objects: Objects) -> Result<(), EncodeError> {
        encode::encode(self, out, objects)
    }

    /// Decodes a value in the compact format of RPC arguments, and returns it with the number of bytes read.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes do not begin with a valid value.
    pub fn decode_compressed(bytes: &[u8], objects: Objects) -> Result<(Self, usize), DecodeError> {
        compressed::decode_compressed(bytes, objects)
    }

    /// Decodes a value in the compact format of RPC arguments, appends it to `values`, and returns the number of bytes
    /// read.
    pub(crate) fn decode_compressed_onto(
        values: &mut Vec<Self>,
        bytes: &[u8],
        objects: Objects,
    ) -> Result<usize, DecodeError> {
        compressed::decode_compressed_onto(values, bytes, objects)
    }

    /// Encodes the value at the end of `out`, in the compact format of RPC arguments.
    ///
    /// # Errors
    /// [`EncodeError`] if the value cannot be encoded. `out` is unchanged then.
    pub fn encode_compressed(&self, out: &mut Vec<u8>, objects: Objects) -> Result<(), EncodeError> {
        compressed::encode_compressed(self, out, objects)
    }
}
