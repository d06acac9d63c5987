//! The events' data about nodes of other peers.

use std::{borrow::Cow, slice, vec};

use super::{error::ReplicationError, property::Property, spawner::SpawnKind};
use crate::{
    multiplayer::{id::PeerId, node::NodeKey, rpc::convert_all, wire::EncodedValues},
    variant::Variant,
};

/// A node that another peer has spawned.
///
/// Godot: the signal `MultiplayerSpawner.spawned`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Spawned {
    /// The peer.
    pub from: PeerId,
    /// The spawner.
    pub spawner: NodeKey,
    /// The key of the node. Later events about the node have the same key.
    pub node: NodeKey,
    /// The name of the node, below the node at the spawner's spawn path.
    ///
    /// Godot: a child of `MultiplayerSpawner.spawn_path`.
    pub name: String,
    /// The scene or the value that the node is created from.
    pub kind: SpawnKind,
    /// The values of the properties that are sent at the spawn.
    pub state: State,
}

/// The values of some properties of a node, converted to the declared types.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    values: Vec<(Cow<'static, str>, Variant)>,
}

impl State {
    /// Returns the value of a property; `None` if it is not contained.
    pub fn get(&self, property: &str) -> Option<&Variant> {
        self.values.iter().find(|(name, _)| name == property).map(|(_, value)| value)
    }

    /// Removes and returns the value of a property; `None` if it is not contained, or cannot be converted to a `T`.
    pub fn take<T: TryFrom<Variant>>(&mut self, property: &str) -> Option<T> {
        let index = self.values.iter().position(|(name, _)| name == property)?;
        T::try_from(self.values.remove(index).1).ok()
    }

    /// Iterates over the properties and their values, in the order of the declaration.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Variant)> {
        self.values.iter().map(|(name, value)| (&**name, value))
    }

    /// Decodes the values of these properties. There must be exactly one value for each.
    pub(super) fn read<'p>(
        values: EncodedValues<'_>,
        properties: impl Iterator<Item = &'p Property>,
    ) -> Result<Self, ReplicationError> {
        let properties: Vec<&Property> = properties.collect();
        let expected = properties.len();
        // Decodes one more than expected, to detect surplus values.
        let mut values = values.decode(expected.saturating_add(1)).map_err(ReplicationError::InvalidValue)?;
        if values.len() != expected {
            return Err(ReplicationError::ValueCount { expected });
        }
        convert_all(&mut values, |index, value| properties[index].convert_in_place(value)).map_err(
            |(index, error)| ReplicationError::WrongType { property: properties[index].name.clone(), error },
        )?;
        let names = properties.iter().map(|property| property.name.clone());
        Ok(Self { values: names.zip(values).collect() })
    }
}

impl IntoIterator for State {
    type Item = (Cow<'static, str>, Variant);
    type IntoIter = vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

impl<'a> IntoIterator for &'a State {
    type Item = &'a (Cow<'static, str>, Variant);
    type IntoIter = slice::Iter<'a, (Cow<'static, str>, Variant)>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.iter()
    }
}
