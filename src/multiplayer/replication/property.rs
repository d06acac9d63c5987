//! The properties of a synchronizer, and when each of them is sent.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::{
    multiplayer::{memory::ALLOCATION, rpc::AcceptedType},
    variant::{Variant, VariantType, WrongType},
};

/// The largest number of on-change properties: a DELTA has a mask with a bit for each.
const MAX_ON_CHANGE: usize = u64::BITS as usize;

/// When a property is sent, apart from the spawn of its node.
///
/// Godot: `SceneReplicationConfig.ReplicationMode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ReplicationMode {
    /// Never.
    ///
    /// Godot: `REPLICATION_MODE_NEVER`.
    #[doc(alias = "REPLICATION_MODE_NEVER")]
    Never,
    /// In every frame.
    ///
    /// Godot: `REPLICATION_MODE_ALWAYS`.
    #[doc(alias = "REPLICATION_MODE_ALWAYS")]
    #[default]
    Always,
    /// In frames in which it has changed.
    ///
    /// Godot: `REPLICATION_MODE_ON_CHANGE`.
    #[doc(alias = "REPLICATION_MODE_ON_CHANGE")]
    OnChange,
}

/// A property of a synchronizer: its name, its type, and when it is sent.
///
/// Godot: `SceneReplicationConfig.add_property`.
#[doc(alias = "add_property")]
#[derive(Clone)]
#[non_exhaustive]
pub struct Property {
    /// The name, for this program only; it is not sent.
    pub name: Cow<'static, str>,
    /// `true` if the property is sent when its node is spawned. Default: true.
    ///
    /// Godot: `property_get_spawn`.
    #[doc(alias = "property_get_spawn")]
    pub at_spawn: bool,
    /// When the property is sent after that. Default: in every frame.
    ///
    /// Godot: `property_get_replication_mode`, `property_set_replication_mode`.
    #[doc(alias = "property_get_replication_mode")]
    #[doc(alias = "property_set_replication_mode")]
    pub mode: ReplicationMode,
    accepts: AcceptedType,
}

impl Property {
    /// Creates a property that accepts values that convert to a `T`. The stored value is the `T`, converted to a
    /// [`Variant`].
    ///
    /// Types of this crate accept what a typed variable in GDScript accepts: see [`Variant::convert_to`].
    pub fn of<T>(name: impl Into<Cow<'static, str>>) -> Self
    where
        T: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>>,
    {
        Self::new(name.into(), AcceptedType::of::<T>())
    }

    /// Creates a property that accepts what a variable of this type accepts in GDScript: see [`Variant::convert_to`].
    pub fn typed(name: impl Into<Cow<'static, str>>, kind: VariantType) -> Self {
        Self::new(name.into(), AcceptedType::Kind(kind))
    }

    /// Creates a property that accepts any value.
    pub fn any(name: impl Into<Cow<'static, str>>) -> Self {
        Self::typed(name, VariantType::Nil)
    }

    fn new(name: Cow<'static, str>, accepts: AcceptedType) -> Self {
        Self { name, at_spawn: true, mode: ReplicationMode::default(), accepts }
    }

    /// Sets [`mode`](Self::mode) to [`ReplicationMode::OnChange`].
    #[must_use]
    pub fn on_change(mut self) -> Self {
        self.mode = ReplicationMode::OnChange;
        self
    }

    /// Sets [`mode`](Self::mode) to [`ReplicationMode::Never`]: the property is sent only at the spawn.
    #[must_use]
    pub fn never(mut self) -> Self {
        self.mode = ReplicationMode::Never;
        self
    }

    /// Sets [`at_spawn`](Self::at_spawn) to `false`.
    ///
    /// Godot: `property_set_spawn`.
    #[doc(alias = "property_set_spawn")]
    #[must_use]
    pub fn not_at_spawn(mut self) -> Self {
        self.at_spawn = false;
        self
    }

    /// Converts a value to the declared type, as Godot does when a typed variable is set.
    ///
    /// # Errors
    /// [`WrongType`] if the property does not accept the value.
    pub fn convert(&self, mut value: Variant) -> Result<Variant, WrongType> {
        self.convert_in_place(&mut value)?;
        Ok(value)
    }

    /// Converts a value like [`convert`](Self::convert), where it is.
    pub(super) fn convert_in_place(&self, value: &mut Variant) -> Result<(), WrongType> {
        self.accepts.convert(value)
    }

    /// Checks that the property accepts a value.
    ///
    /// # Errors
    /// [`WrongType`] if it does not.
    pub fn check(&self, value: &Variant) -> Result<(), WrongType> {
        self.convert(value.clone()).map(drop)
    }
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut property = f.debug_struct("Property");
        property.field("name", &self.name).field("at_spawn", &self.at_spawn).field("mode", &self.mode);
        property.finish_non_exhaustive()
    }
}

/// The properties of one synchronizer. Clones share them.
///
/// Both ends must declare them in the same order: packets contain neither names nor types.
///
/// ```
/// use websocket_peer::{multiplayer::{Properties, Property}, variant::Vector2};
///
/// let properties = Properties::new()
///     .with(Property::of::<Vector2>("position"))
///     .with(Property::of::<i64>("health").on_change())
///     .with(Property::of::<String>("title").never());
/// assert_eq!(properties.iter().count(), 3);
/// ```
///
/// Godot: `SceneReplicationConfig`, the `replication_config` of a `MultiplayerSynchronizer`.
#[doc(alias = "SceneReplicationConfig")]
#[doc(alias = "MultiplayerSynchronizer")]
#[doc(alias = "replication_config")]
#[derive(Debug, Clone, Default)]
pub struct Properties {
    tables: Arc<PropertyTables>,
}

#[derive(Debug, Clone, Default)]
struct PropertyTables {
    all: Vec<Property>,
    // Indices into `all`.
    at_spawn: Vec<usize>,
    always: Vec<usize>,
    on_change: Vec<usize>,
}

/// The properties that a packet contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PropertySubset {
    /// Those that are sent at the spawn.
    Spawn,
    /// Those that are sent in every frame.
    Always,
    /// The on-change properties with a bit in this mask.
    Changed(u64),
}

impl Properties {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a property.
    #[must_use]
    pub fn with(mut self, property: Property) -> Self {
        let tables = Arc::make_mut(&mut self.tables);
        let index = tables.all.len();
        if property.at_spawn {
            tables.at_spawn.push(index);
        }
        match property.mode {
            ReplicationMode::Never => {}
            ReplicationMode::Always => tables.always.push(index),
            ReplicationMode::OnChange => tables.on_change.push(index),
        }
        tables.all.push(property);
        self
    }

    /// Iterates over the properties in order.
    ///
    /// Godot: `get_properties`, `has_property`.
    #[doc(alias = "get_properties")]
    #[doc(alias = "has_property")]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Property> {
        self.tables.all.iter()
    }

    /// Returns the memory used if no other clone shares it, in bytes.
    pub(super) fn memory(&self) -> usize {
        let each = size_of::<Property>() + 2 * size_of::<usize>();
        let names = self.iter().map(|property| match &property.name {
            Cow::Borrowed(_) => 0,
            Cow::Owned(name) => name.len() + ALLOCATION,
        });
        // The capacity of a vector is up to twice its length.
        size_of::<PropertyTables>() + 5 * ALLOCATION + 2 * self.iter().len() * each + names.sum::<usize>()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Property> {
        self.tables.all.get(index)
    }

    /// Returns the index of the property with this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.tables.all.iter().position(|property| property.name == name)
    }

    /// Returns the indices of a subset, in order.
    pub(super) fn subset(&self, subset: PropertySubset) -> impl Iterator<Item = usize> + Clone + '_ {
        let (indices, mask) = match subset {
            PropertySubset::Spawn => (&self.tables.at_spawn, None),
            PropertySubset::Always => (&self.tables.always, None),
            PropertySubset::Changed(mask) => (&self.tables.on_change, Some(mask)),
        };
        let is_in = move |bit: usize| mask.is_none_or(|mask| mask >> bit & 1 == 1);
        indices.iter().enumerate().filter(move |(bit, _)| is_in(*bit)).map(|(_, index)| *index)
    }

    /// Returns the mask bit of the property at an index, if it is an on-change property.
    pub(super) fn bit(&self, index: usize) -> Option<u64> {
        self.tables.on_change.iter().position(|other| *other == index).map(|bit| 1 << bit)
    }

    /// Returns the mask of all on-change properties.
    pub(super) fn all_bits(&self) -> u64 {
        match self.tables.on_change.len() {
            MAX_ON_CHANGE.. => u64::MAX,
            count => (1 << count) - 1,
        }
    }

    /// Checks that these can be the properties of a synchronizer. The error is the reason.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.tables.on_change.len() > MAX_ON_CHANGE {
            return Err("it has more than 64 on-change properties");
        }
        unique_names(std::iter::once(self))
    }
}

/// Checks that all properties of a node have different names.
pub(super) fn unique_names<'a>(
    synchronizers: impl Iterator<Item = &'a Properties>,
) -> Result<(), &'static str> {
    let mut names: Vec<&str> =
        synchronizers.flat_map(Properties::iter).map(|property| &*property.name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("two of its properties have the same name");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Properties {
        Properties::new()
            .with(Property::any("a"))
            .with(Property::any("b").on_change().not_at_spawn())
            .with(Property::any("c").never())
            .with(Property::any("d").on_change())
    }

    #[test]
    fn subsets_keep_the_order() {
        let properties = sample();
        let indices = |subset| properties.subset(subset).collect::<Vec<_>>();
        assert_eq!(indices(PropertySubset::Spawn), [0, 2, 3]);
        assert_eq!(indices(PropertySubset::Always), [0]);
        assert_eq!(indices(PropertySubset::Changed(0b11)), [1, 3]);
        assert_eq!(indices(PropertySubset::Changed(0b10)), [3]);
        assert!(indices(PropertySubset::Changed(!0b11)).is_empty());
        assert_eq!((properties.bit(1), properties.bit(3), properties.bit(0)), (Some(1), Some(2), None));
        assert_eq!(properties.all_bits(), 0b11);
    }

    #[test]
    fn at_most_64_on_change_properties_are_accepted() {
        let many = |count: usize| {
            (0..count)
                .fold(Properties::new(), |all, name| all.with(Property::any(name.to_string()).on_change()))
        };
        assert_eq!((many(64).check(), many(64).all_bits()), (Ok(()), u64::MAX));
        assert_eq!(many(63).all_bits(), u64::MAX >> 1);
        assert!(many(65).check().is_err());
    }

    #[test]
    fn names_must_be_unique() {
        assert_eq!(sample().check(), Ok(()));
        assert!(sample().with(Property::any("c")).check().is_err());
    }
}
