//! What a synchronizer keeps in step: properties, and when each of them is sent.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::{
    multiplayer::{memory::ALLOCATION, rpc::AcceptedType},
    variant::{Variant, VariantType, WrongType},
};

/// A mask has a bit for each property that is sent when it changes.
const MAX_ON_CHANGE: usize = u64::BITS as usize;

/// When a property is sent after its node was spawned.
///
/// Godot: `SceneReplicationConfig.ReplicationMode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ReplicationMode {
    /// Not at all.
    ///
    /// Godot: `REPLICATION_MODE_NEVER`.
    Never,
    /// Every time.
    ///
    /// Godot: `REPLICATION_MODE_ALWAYS`.
    #[default]
    Always,
    /// When it has changed.
    ///
    /// Godot: `REPLICATION_MODE_ON_CHANGE`.
    OnChange,
}

/// One property of a synchronizer: what it is called, what it holds, and when it is sent.
///
/// Godot: `SceneReplicationConfig.add_property`.
#[derive(Clone)]
#[non_exhaustive]
pub struct Property {
    /// Its name, for this program; it is not on the wire.
    pub name: Cow<'static, str>,
    /// Whether it is sent when its node is spawned. It is, unless said otherwise.
    ///
    /// Godot: `property_get_spawn`.
    pub at_spawn: bool,
    /// When it is sent after that. Every time, unless said otherwise.
    ///
    /// Godot: `property_get_replication_mode`, `property_set_replication_mode`.
    pub mode: ReplicationMode,
    accepts: AcceptedType,
}

impl Property {
    /// A property that holds what can be made into a `T`. Its value becomes what the `T` becomes as a [`Variant`].
    ///
    /// The types of this crate take what a typed variable of GDScript takes: see [`Variant::convert_to`].
    pub fn of<T>(name: impl Into<Cow<'static, str>>) -> Self
    where
        T: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>>,
    {
        Self::new(name.into(), AcceptedType::of::<T>())
    }

    /// A property that holds what a variable of this type holds in GDScript: see [`Variant::convert_to`].
    pub fn typed(name: impl Into<Cow<'static, str>>, kind: VariantType) -> Self {
        Self::new(name.into(), AcceptedType::Kind(kind))
    }

    /// A property that holds anything.
    pub fn any(name: impl Into<Cow<'static, str>>) -> Self {
        Self::typed(name, VariantType::Nil)
    }

    fn new(name: Cow<'static, str>, accepts: AcceptedType) -> Self {
        Self { name, at_spawn: true, mode: ReplicationMode::default(), accepts }
    }

    /// Sends it when it has changed.
    #[must_use]
    pub fn on_change(mut self) -> Self {
        self.mode = ReplicationMode::OnChange;
        self
    }

    /// Sends it at the spawn alone.
    #[must_use]
    pub fn never(mut self) -> Self {
        self.mode = ReplicationMode::Never;
        self
    }

    /// Does not send it at the spawn.
    ///
    /// Godot: `property_set_spawn`.
    #[must_use]
    pub fn not_at_spawn(mut self) -> Self {
        self.at_spawn = false;
        self
    }

    /// Makes the value one of the declared type, as Godot does when a typed variable is set.
    ///
    /// # Errors
    /// [`WrongType`], if the property cannot hold it.
    pub fn convert(&self, value: Variant) -> Result<Variant, WrongType> {
        self.accepts.convert(value)
    }

    /// Whether it can hold this value.
    ///
    /// # Errors
    /// [`WrongType`], if it cannot.
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

/// The properties of one synchronizer, in the order of the other end's configuration. A clone shares them.
///
/// Their order is what both ends have to agree on: no name and no type is on the wire.
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
#[derive(Debug, Clone, Default)]
pub struct Properties {
    tables: Arc<Tables>,
}

#[derive(Debug, Clone, Default)]
struct Tables {
    all: Vec<Property>,
    // Places in `all`.
    at_spawn: Vec<usize>,
    always: Vec<usize>,
    on_change: Vec<usize>,
}

/// Those of the properties that are in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PropertySubset {
    /// What is sent at the spawn.
    Spawn,
    /// What is sent every time.
    Always,
    /// Of what is sent when it changes, that with a bit in the mask.
    Changed(u64),
}

impl Properties {
    /// No property.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a property.
    #[must_use]
    pub fn with(mut self, property: Property) -> Self {
        let tables = Arc::make_mut(&mut self.tables);
        let place = tables.all.len();
        if property.at_spawn {
            tables.at_spawn.push(place);
        }
        match property.mode {
            ReplicationMode::Never => {}
            ReplicationMode::Always => tables.always.push(place),
            ReplicationMode::OnChange => tables.on_change.push(place),
        }
        tables.all.push(property);
        self
    }

    /// All of them, in their order.
    ///
    /// Godot: `get_properties`, `has_property`.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Property> {
        self.tables.all.iter()
    }

    /// Returns the memory that these take where no other clone shares them, in bytes.
    pub(super) fn memory(&self) -> usize {
        let each = size_of::<Property>() + 2 * size_of::<usize>();
        let names = self.iter().map(|property| match &property.name {
            Cow::Borrowed(_) => 0,
            Cow::Owned(name) => name.len() + ALLOCATION,
        });
        // A vector has room for up to twice as many.
        size_of::<Tables>() + 5 * ALLOCATION + 2 * self.iter().len() * each + names.sum::<usize>()
    }

    pub(super) fn get(&self, place: usize) -> Option<&Property> {
        self.tables.all.get(place)
    }

    /// The place of the property with this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.tables.all.iter().position(|property| property.name == name)
    }

    /// The places of some of them, in their order.
    pub(super) fn part(&self, part: PropertySubset) -> impl Iterator<Item = usize> + Clone + '_ {
        let (places, mask) = match part {
            PropertySubset::Spawn => (&self.tables.at_spawn, None),
            PropertySubset::Always => (&self.tables.always, None),
            PropertySubset::Changed(mask) => (&self.tables.on_change, Some(mask)),
        };
        let is_in = move |bit: usize| mask.is_none_or(|mask| mask >> bit & 1 == 1);
        places.iter().enumerate().filter(move |(bit, _)| is_in(*bit)).map(|(_, place)| *place)
    }

    /// The bit of the property at this place, if it is sent when it changes.
    pub(super) fn bit(&self, place: usize) -> Option<u64> {
        self.tables.on_change.iter().position(|other| *other == place).map(|bit| 1 << bit)
    }

    /// Every bit that a mask may have.
    pub(super) fn all_bits(&self) -> u64 {
        match self.tables.on_change.len() {
            MAX_ON_CHANGE.. => u64::MAX,
            count => (1 << count) - 1,
        }
    }

    /// Whether these can be the properties of a synchronizer; else, why not.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.tables.on_change.len() > MAX_ON_CHANGE {
            return Err("it has more than 64 properties that are sent when they change");
        }
        unique_names(std::iter::once(self))
    }
}

/// Whether no two properties of a node have the same name: by that the program calls them.
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
    fn parts_keep_the_order() {
        let properties = sample();
        let places = |part| properties.part(part).collect::<Vec<_>>();
        assert_eq!(places(PropertySubset::Spawn), [0, 2, 3]);
        assert_eq!(places(PropertySubset::Always), [0]);
        assert_eq!(places(PropertySubset::Changed(0b11)), [1, 3]);
        assert_eq!(places(PropertySubset::Changed(0b10)), [3]);
        assert!(places(PropertySubset::Changed(!0b11)).is_empty());
        assert_eq!((properties.bit(1), properties.bit(3), properties.bit(0)), (Some(1), Some(2), None));
        assert_eq!(properties.all_bits(), 0b11);
    }

    #[test]
    fn a_mask_has_64_bits() {
        let many = |count: usize| {
            (0..count)
                .fold(Properties::new(), |all, name| all.with(Property::any(name.to_string()).on_change()))
        };
        assert_eq!((many(64).check(), many(64).all_bits()), (Ok(()), u64::MAX));
        assert_eq!(many(63).all_bits(), u64::MAX >> 1);
        assert!(many(65).check().is_err());
    }

    #[test]
    fn names_are_unique() {
        assert_eq!(sample().check(), Ok(()));
        assert!(sample().with(Property::any("c")).check().is_err());
    }
}
