//! What other peers say of their nodes, as the program is told.

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
pub struct Spawned {
    /// Who has.
    pub from: PeerId,
    /// The spawner.
    pub spawner: NodeKey,
    /// The node, by a name of this program: what is told of it later has this.
    pub node: NodeKey,
    /// The node's own name, below the node where the spawner puts what it spawns.
    ///
    /// Godot: a child of `MultiplayerSpawner.spawn_path`.
    pub name: String,
    /// What it is made from.
    pub kind: SpawnKind,
    /// What its properties hold: those that are sent at the spawn.
    pub state: State,
}

/// What some properties of a node hold: as many and of such types as declared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    values: Vec<(Cow<'static, str>, Variant)>,
}

impl State {
    /// The value of a property; `None` if it is not among these.
    pub fn get(&self, property: &str) -> Option<&Variant> {
        self.values.iter().find(|(name, _)| name == property).map(|(_, value)| value)
    }

    /// Takes out the value of a property; `None` if it is not among these, or is no `T`.
    pub fn take<T: TryFrom<Variant>>(&mut self, property: &str) -> Option<T> {
        let place = self.values.iter().position(|(name, _)| name == property)?;
        T::try_from(self.values.remove(place).1).ok()
    }

    /// Each property and its value, in the order of the declaration.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Variant)> {
        self.values.iter().map(|(name, value)| (&**name, value))
    }

    /// The values of these properties, of them all, and nothing else.
    pub(super) fn read<'p>(
        values: EncodedValues<'_>,
        properties: impl Iterator<Item = &'p Property>,
    ) -> Result<Self, ReplicationError> {
        let properties: Vec<&Property> = properties.collect();
        let expected = properties.len();
        // One more, to see whether there is one.
        let mut values = values.decode(expected.saturating_add(1)).map_err(ReplicationError::InvalidValue)?;
        if values.len() != expected {
            return Err(ReplicationError::ValueCount { expected });
        }
        convert_all(&mut values, |place, value| properties[place].convert(value)).map_err(
            |(place, error)| ReplicationError::WrongType { property: properties[place].name.clone(), error },
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
