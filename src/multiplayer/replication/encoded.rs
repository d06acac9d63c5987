//! What the properties of a synchronizer hold, as it stands in packets: values are encoded when they are set, and never again.

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

/// The head of a SYNC and of a DELTA.
pub(super) const SYNC_HEADER_LEN: usize = 3;
pub(super) const DELTA_HEADER_LEN: usize = 1;

/// The values of a synchronizer's properties.
#[derive(Debug)]
pub(super) struct EncodedProperties {
    properties: Properties,
    /// One for each property, encoded; none is empty but those that were not set yet.
    values: Vec<Vec<u8>>,
    /// Those that are sent every time, in a row; empty until all are set.
    always: Vec<u8>,
    /// Which have changed since that was told, of those that are sent when they do.
    changed: u64,
    /// The changes that are being told.
    delta: Delta,
}

/// EncodedValues of properties that are sent when they change.
#[derive(Debug, Default)]
pub(super) struct Delta {
    changed: u64,
    values: Vec<u8>,
}

impl Delta {
    /// As it is sent, if there is anything.
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

    /// Sets the property at this place.
    ///
    /// # Errors
    /// [`SessionError::InvalidArguments`], if it cannot hold the value; [`Error::InvalidVariant`]; [`Error::PacketTooBig`], if
    /// what is sent together is longer than `max` then. With what is sent at the spawn go `spawn_header_len` other bytes.
    pub(super) fn set(
        &mut self,
        place: usize,
        value: &Variant,
        max: usize,
        spawn_header_len: usize,
    ) -> Result<(), SessionError> {
        let (Some(property), Some(held)) = (self.properties.get(place), self.values.get_mut(place)) else {
            return Ok(());
        };
        let invalid = |why| SessionError::InvalidArguments { reason: format!("`{}`: {why}", property.name) };
        let value = property.convert(value.clone()).map_err(invalid)?;
        let bytes = encode_values([&value])?;
        if *held == bytes {
            return Ok(());
        }
        let before = mem::replace(held, bytes);
        let len = self.longest(spawn_header_len);
        if len > max {
            self.values[place] = before;
            return Err(Error::PacketTooBig { len, max }.into());
        }
        self.changed |= self.properties.bit(place).unwrap_or_default();
        self.always.clear();
        if self.missing(PropertySubset::Always).is_none() {
            append(&self.values, self.properties.part(PropertySubset::Always), &mut self.always);
        }
        Ok(())
    }

    /// The name of the first of these that was not set.
    pub(super) fn missing(&self, part: PropertySubset) -> Option<&str> {
        let place = self.properties.part(part).find(|place| self.values[*place].is_empty())?;
        self.properties.get(place).map(|property| &*property.name)
    }

    /// How many bytes these are.
    pub(super) fn size(&self, part: PropertySubset) -> usize {
        self.properties.part(part).map(|place| self.values[place].len()).sum()
    }

    /// These values in a row.
    pub(super) fn append(&self, part: PropertySubset, out: &mut Vec<u8>) {
        append(&self.values, self.properties.part(part), out);
    }

    /// What is sent every time; `None` where that is nothing, or not known yet.
    pub(super) fn sync(&self, sync_id: u32) -> Option<SyncEntry<'_>> {
        (!self.always.is_empty()).then(|| SyncEntry { sync_id, values: EncodedValues::new(&self.always) })
    }

    /// What has changed is known to everybody.
    pub(super) fn forget_changes(&mut self) {
        self.changed = 0;
    }

    /// From now on [`delta`](Self::delta) is what has changed since the last time that this was called.
    pub(super) fn take_changes(&mut self) {
        self.delta.changed = mem::take(&mut self.changed);
        self.delta.values.clear();
        let places = self.properties.part(PropertySubset::Changed(self.delta.changed));
        append(&self.values, places, &mut self.delta.values);
    }

    pub(super) fn delta(&self, sync_id: u32) -> Option<DeltaEntry<'_>> {
        self.delta.entry(sync_id)
    }

    /// All that is sent when it changes, as far as it is known here; but what was in the SPAWN, if there was one.
    pub(super) fn catch_up(&self, was_spawned: bool) -> Delta {
        let places = self.properties.part(PropertySubset::Changed(u64::MAX));
        let is_news = |place: &usize| {
            let was_in_spawn = was_spawned && self.properties.get(*place).is_some_and(|of| of.at_spawn);
            !was_in_spawn && !self.values[*place].is_empty()
        };
        let mut delta = Delta::default();
        for place in places.filter(is_news) {
            delta.changed |= self.properties.bit(place).unwrap_or_default();
            delta.values.extend_from_slice(&self.values[place]);
        }
        delta
    }

    /// The longest packet with what is sent together.
    fn longest(&self, spawn_header_len: usize) -> usize {
        let values = EncodedValues::new(&[]);
        let sync =
            SYNC_HEADER_LEN + SyncEntry { sync_id: 0, values }.len() + self.size(PropertySubset::Always);
        let delta = DeltaEntry { sync_id: 0, changed: 0, values }.len()
            + self.size(PropertySubset::Changed(u64::MAX));
        sync.max(DELTA_HEADER_LEN + delta).max(spawn_header_len + self.size(PropertySubset::Spawn))
    }
}

fn append(values: &[Vec<u8>], places: impl Iterator<Item = usize>, out: &mut Vec<u8>) {
    places.for_each(|place| out.extend_from_slice(&values[place]));
}
