//! The element types of typed containers.

use super::{StringName, Variant, VariantType, WrongType, casts::to_i64};

/// The type of the elements of an [`Array`](super::Array), or of the keys or values of a
/// [`Dictionary`](super::Dictionary).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ElementType {
    /// Any value.
    #[default]
    Untyped,
    /// Values of this type. [`VariantType::Nil`] means any value, too.
    Builtin(VariantType),
    /// Objects of this engine class.
    Class(String),
    /// Objects with the script at this path.
    Script(String),
}

impl ElementType {
    /// Returns the type of the elements; `Nil` if it is not fixed.
    pub fn kind(&self) -> VariantType {
        match self {
            Self::Untyped => VariantType::Nil,
            Self::Builtin(kind) => *kind,
            Self::Class(_) | Self::Script(_) => VariantType::Object,
        }
    }

    /// Replaces `Builtin(Nil)` by `Untyped`, which means the same.
    pub(super) fn normalized(self) -> Self {
        match self {
            Self::Builtin(VariantType::Nil) => Self::Untyped,
            other => other,
        }
    }

    /// Converts a value to an element, where Godot does.
    pub(super) fn convert(&self, value: Variant) -> Result<Variant, WrongType> {
        let kind = self.kind();
        if kind == VariantType::Nil || value.kind() == kind {
            return Ok(value);
        }
        match (kind, value) {
            (VariantType::Object, Variant::Nil) => Ok(Variant::Nil),
            (VariantType::Int, Variant::Float(number)) => Ok(Variant::Int(to_i64(number))),
            (VariantType::Float, Variant::Int(number)) => Ok(Variant::Float(number as f64)),
            (VariantType::String, Variant::StringName(name)) => Ok(Variant::String(name.0)),
            (VariantType::StringName, Variant::String(text)) => Ok(Variant::StringName(StringName(text))),
            (_, value) => Err(WrongType::new(kind.name(), value.kind())),
        }
    }
}
