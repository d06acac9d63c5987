//! What lives in an engine and is only named here: objects, resources and signals.

use super::{StringName, Variant};

/// A resource of the engine, by its number. It means something only within that engine.
///
/// Godot: `RID`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rid(pub u64);

/// A signal of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Signal {
    /// Its name.
    pub name: StringName,
    /// The object's number within its engine; 0 for none.
    pub object: u64,
}

/// An object of an engine.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Object {
    /// By its number, which means something only within its engine.
    ///
    /// Godot: `EncodedObjectAsID`.
    Id(u64),
    /// With all that it is made of. An engine that decodes it runs the script that it names: see [`Objects::Full`].
    Full {
        /// The name of its class.
        class: String,
        /// Its properties in order. One named `script` holds the path of a script.
        properties: Vec<(String, Variant)>,
    },
}

/// Whether objects come with all that they are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Objects {
    /// By number only; whole ones are refused.
    #[default]
    ById,
    /// Whole ones are read and written, too. An engine that is sent one may run a script of the sender's choice.
    ///
    /// Godot: `bytes_to_var_with_objects`, `var_to_bytes_with_objects`, `allow_object_decoding`.
    Full,
}
