//! References to what exists in an engine: objects, resources and signals.

use super::{StringName, Variant};

/// The id of a low-level resource. It is valid only in the engine that created it.
///
/// Godot: `RID`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rid(pub u64);

/// A signal of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Signal {
    /// The name of the signal.
    pub name: StringName,
    /// The instance id of the object in its engine; 0 for none.
    pub object: u64,
}

/// An object of an engine.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Object {
    /// The instance id of an object. It is valid only in the engine that created it.
    ///
    /// Godot: `EncodedObjectAsID`.
    #[doc(alias = "EncodedObjectAsID")]
    Id(u64),
    /// An object with its class and properties. An engine that decodes it runs the script that it names: see
    /// [`Objects::Full`].
    Full {
        /// The name of the class.
        class: String,
        /// The properties in order. One named `script` contains the path of a script.
        properties: Vec<(String, Variant)>,
    },
}

/// How objects are encoded and decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Objects {
    /// By instance id only. [`Object::Full`] is rejected.
    #[default]
    ById,
    /// [`Object::Full`] is encoded and decoded as well. An engine that decodes one may run a script of the sender's
    /// choice.
    ///
    /// Godot: `bytes_to_var_with_objects`, `var_to_bytes_with_objects`, `allow_object_decoding`.
    Full,
}
