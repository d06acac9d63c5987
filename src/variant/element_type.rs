//! What a typed container takes.

use super::{StringName, Variant, VariantType, WrongType, casts::to_i64};

/// What an [`Array`](super::Array) takes, or a [`Dictionary`](super::Dictionary) as keys or as values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ElementType {
    /// Everything.
    #[default]
    Untyped,
    /// Values of this type. [`VariantType::Nil`] is everything, too.
    Builtin(VariantType),
    /// Objects of this class of the engine's.
    Class(String),
    /// Objects with the script at this path.
    Script(String),
}

impl ElementType {
    /// The type of every element; `Nil` where they differ.
    pub fn kind(&self) -> VariantType {
        match self {
            Self::Untyped => VariantType::Nil,
            Self::Builtin(kind) => *kind,
            Self::Class(_) | Self::Script(_) => VariantType::Object,
        }
    }

    /// With one way to say "everything", not two.
    pub(super) fn normalized(self) -> Self {
        match self {
            Self::Builtin(VariantType::Nil) => Self::Untyped,
            other => other,
        }
    }

    /// The value as an element: itself, or converted where Godot converts.
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
            (_, value) => Err(WrongType { expected: kind.name(), found: value.kind() }),
        }
    }
}
