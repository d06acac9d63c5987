//! The encoded values of a synchronizer's properties. Values are encoded once, when they are set.

use std::mem;

use super::property::{Properties, PropertySubset};
use crate::{
    error::Error,
    multiplayer::{
        error::SessionError,
        wire::{DeltaEntry, EncodedValues, SyncEntry, encode_values},
    },
    variant::Variant,
};

/// The length of the header of a SYNC and of a DELTA, in bytes.
pub(super) const SYNC_HEADER_LEN: usize = 3;
pub(super) const DELTA_HEADER_LEN: usize = 1;

/// The encoded values of a synchronizer's properties.
#[derive(Debug)]
pub(super) struct EncodedProperties {
    properties: Properties,
    /// The encoded value of each property; empty if it was not set yet.
    values: Vec<Vec<u8>>,
    /// The concatenated values that each SYNC contains; empty until all are set.
    always: Vec<u8>,
    /// The mask of on-change properties that have changed since the last [`take_changes`](Self::take_changes).
    changed: u64,
    /// The changes that the current frame sends.
    delta: Delta,
}

/// The values of changed properties.
#[derive(Debug, Default)]
pub(super) struct Delta {
    changed: u64,
    values: Vec<u8>,
}

impl Delta {
    /// Returns the entry for a DELTA, if there are changes.
    pub(super) fn entry(&self, sync_id: u32) -> Option<DeltaEntry<'_>> {
        let (changed, values) = (self.changed, EncodedValues::new(&self.values));
        (changed != 0).then_some(DeltaEntry { sync_id, changed, values })
    }
}

impl EncodedProperties {
    pub(super) fn new(properties: Properties) -> Self {
        let values = vec![Vec::new(); properties.iter().len()];
        Self { properties, values, always: Vec::new(), changed: 0, delta: Delta::default() }
    }

    pub(super) fn properties(&self) -> &Properties {
        &self.properties
    }

    /// Sets the property at an index.
    ///
    /// # Errors
    /// [`SessionError::InvalidArguments`] if the property does not accept the value; [`Error::InvalidVariant`];
    /// [`Error::PacketTooBig`] if a packet with the values would be longer than `max` bytes. A SPAWN has
    /// `spawn_header_len` bytes besides these values.
    pub(super) fn set(
        &mut self,
        index: usize,
        value: &Variant,
        max: usize,
        spawn_header_len: usize,
    ) -> Result<(), SessionError> {
        let (Some(property), Some(current)) = (self.properties.get(index), self.values.get_mut(index)) else {
            return Ok(());
        };
        let invalid = |why| SessionError::InvalidArguments { reason: format!("`{}`: {why}", property.name) };
        let value = property.convert(value.clone()).map_err(invalid)?;
        let bytes = encode_values([&value])?;
        if *current == bytes {
            return Ok(());
        }
        let before = mem::replace(current, bytes);
        let len = self.max_packet_len(spawn_header_len);
        if len > max {
            self.values[index] = before;
            return Err(Error::PacketTooBig { len, max }.into());
        }
        self.changed |= self.properties.bit(index).unwrap_or_default();
        self.always.clear();
        if self.missing(PropertySubset::Always).is_none() {
            append(&self.values, self.properties.subset(PropertySubset::Always), &mut self.always);
        }
        Ok(())
    }

    /// Returns the name of the first property that was not set.
    pub(super) fn missing(&self, subset: PropertySubset) -> Option<&str> {
        let index = self.properties.subset(subset).find(|index| self.values[*index].is_empty())?;
        self.properties.get(index).map(|property| &*property.name)
    }

    /// Returns the length of the values, in bytes.
    pub(super) fn size(&self, subset: PropertySubset) -> usize {
        self.properties.subset(subset).map(|index| self.values[index].len()).sum()
    }

    /// Appends the values to `out`.
    pub(super) fn append(&self, subset: PropertySubset, out: &mut Vec<u8>) {
        append(&self.values, self.properties.subset(subset), out);
    }

    /// Returns the entry for a SYNC; `None` if there are no such properties, or one of them is not set.
    pub(super) fn sync(&self, sync_id: u32) -> Option<SyncEntry<'_>> {
        (!self.always.is_empty()).then(|| SyncEntry { sync_id, values: EncodedValues::new(&self.always) })
    }

    /// Marks all properties as unchanged.
    pub(super) fn forget_changes(&mut self) {
        self.changed = 0;
    }

    /// Sets [`delta`](Self::delta) to the changes since the previous call.
    pub(super) fn take_changes(&mut self) {
        self.delta.changed = mem::take(&mut self.changed);
        self.delta.values.clear();
        let indices = self.properties.subset(PropertySubset::Changed(self.delta.changed));
        append(&self.values, indices, &mut self.delta.values);
    }

    pub(super) fn delta(&self, sync_id: u32) -> Option<DeltaEntry<'_>> {
        self.delta.entry(sync_id)
    }

    /// Returns all on-change properties that are set. If `was_spawned`, those that the SPAWN contains are left out.
    pub(super) fn catch_up(&self, was_spawned: bool) -> Delta {
        let indices = self.properties.subset(PropertySubset::Changed(u64::MAX));
        let is_missing = |index: &usize| {
            let was_in_spawn = was_spawned && self.properties.get(*index).is_some_and(|of| of.at_spawn);
            !was_in_spawn && !self.values[*index].is_empty()
        };
        let mut delta = Delta::default();
        for index in indices.filter(is_missing) {
            delta.changed |= self.properties.bit(index).unwrap_or_default();
            delta.values.extend_from_slice(&self.values[index]);
        }
        delta
    }

    /// Returns the length of the longest packet for this synchronizer alone.
    fn max_packet_len(&self, spawn_header_len: usize) -> usize {
        let values = EncodedValues::new(&[]);
        let sync =
            SYNC_HEADER_LEN + SyncEntry { sync_id: 0, values }.len() + self.size(PropertySubset::Always);
        let delta = DeltaEntry { sync_id: 0, changed: 0, values }.len()
            + self.size(PropertySubset::Changed(u64::MAX));
        sync.max(DELTA_HEADER_LEN + delta).max(spawn_header_len + self.size(PropertySubset::Spawn))
    }
}

fn append(values: &[Vec<u8>], indices: impl Iterator<Item = usize>, out: &mut Vec<u8>) {
    indices.for_each(|index| out.extend_from_slice(&values[index]));
}
