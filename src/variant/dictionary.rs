//! A map that keeps the order of insertion.
//!
//! Keys are found by binary search, not by hash. So a sender cannot make lookups slow with keys that collide.

use std::mem;

use super::{ElementType, Variant, WrongType, order, teardown};

/// A map with keys and values of any type. It keeps the order of insertion.
///
/// Keys are compared as in Godot: `"a"` equals `&"a"`, 1 does not equal 1.0. Two dictionaries are equal if they have
/// the same keys, values and types; the order of insertion makes no difference.
///
/// A lookup takes O(log n) comparisons. Inserting or removing a key moves O(n) bytes, so build large dictionaries by
/// `collect`.
///
/// ```
/// use websocket_peer::variant::{Dictionary, Variant};
///
/// let mut scores: Dictionary = [("ann", 3), ("ben", 5)].into_iter().collect();
/// scores.insert("cat", 8)?;
/// assert_eq!(scores.get_str("ben"), Some(&Variant::Int(5)));
/// assert_eq!(scores.get(&"cat".into()), Some(&Variant::Int(8)));
/// assert_eq!(scores.keys().next(), Some(&"ann".into()));
/// # Ok::<(), websocket_peer::variant::WrongType>(())
/// ```
#[derive(Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Dictionary {
    key_type: ElementType,
    value_type: ElementType,
    // Invariant: keys and values have the declared types, and all keys are different.
    entries: Vec<(Variant, Variant)>,
    /// Indices into `entries`, sorted by key.
    #[cfg_attr(feature = "serde", serde(skip))]
    order: Vec<usize>,
}

impl Dictionary {
    /// Returns an empty dictionary for keys and values of any type.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an empty dictionary for keys and values of these types.
    pub fn typed(key_type: ElementType, value_type: ElementType) -> Self {
        Self {
            key_type: key_type.normalized(),
            value_type: value_type.normalized(),
            entries: Vec::new(),
            order: Vec::new(),
        }
    }

    /// Returns the type of the keys.
    ///
    /// Godot: `get_typed_key_builtin`, `get_typed_key_class_name`, `get_typed_key_script`.
    pub fn key_type(&self) -> &ElementType {
        &self.key_type
    }

    /// Returns the type of the values.
    ///
    /// Godot: `get_typed_value_builtin`, `get_typed_value_class_name`, `get_typed_value_script`.
    pub fn value_type(&self) -> &ElementType {
        &self.value_type
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns `true` if there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns `true` if the key is present.
    ///
    /// Godot: `has`.
    pub fn contains_key(&self, key: &Variant) -> bool {
        self.get(key).is_some()
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &Variant) -> Option<&Variant> {
        let place = self.find(key).ok()?;
        self.value_at(place)
    }

    /// Returns the value of a `String` or `StringName` key.
    pub fn get_str(&self, key: &str) -> Option<&Variant> {
        let compare = |&index: &usize| order::compare_to_text(&self.entries[index].0, key);
        let place = self.order.binary_search_by(compare).ok()?;
        self.value_at(place)
    }

    /// Sets the value of a key, and returns the previous one. A new key is appended.
    ///
    /// A typed dictionary converts as Godot does: between `int` and `float`, and between `String` and `StringName`.
    ///
    /// # Errors
    /// [`WrongType`] if the dictionary is typed and the key or the value has another type.
    pub fn insert(
        &mut self,
        key: impl Into<Variant>,
        value: impl Into<Variant>,
    ) -> Result<Option<Variant>, WrongType> {
        let key = self.key_type.convert(key.into())?;
        let value = self.value_type.convert(value.into())?;
        match self.find(&key) {
            Ok(place) => {
                let entry = &mut self.entries[self.order[place]];
                Ok(Some(mem::replace(&mut entry.1, value)))
            }
            Err(place) => {
                self.order.insert(place, self.entries.len());
                self.entries.push((key, value));
                Ok(None)
            }
        }
    }

    /// Removes a key, and returns its value. The other entries keep their order.
    ///
    /// Godot: `erase`.
    pub fn remove(&mut self, key: &Variant) -> Option<Variant> {
        let place = self.find(key).ok()?;
        let removed = self.order.remove(place);
        for index in &mut self.order {
            if *index > removed {
                *index -= 1;
            }
        }
        Some(self.entries.remove(removed).1)
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }

    /// Iterates over the entries in the order of insertion.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Variant, &Variant)> + ExactSizeIterator {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// Iterates over the keys in the order of insertion.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Variant> + ExactSizeIterator {
        self.entries.iter().map(|(key, _)| key)
    }

    /// Iterates over the values in the order of insertion.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Variant> + ExactSizeIterator {
        self.entries.iter().map(|(_, value)| value)
    }

    /// Returns the entry at an index, in the order of keys or of insertion.
    pub(super) fn entry(&self, index: usize, by_key: bool) -> Option<&(Variant, Variant)> {
        let index = if by_key { *self.order.get(index)? } else { index };
        self.entries.get(index)
    }

    /// Iterates over the entries in the order of the keys.
    pub(super) fn sorted(&self) -> impl DoubleEndedIterator<Item = &(Variant, Variant)> + ExactSizeIterator {
        self.order.iter().map(|&index| &self.entries[index])
    }

    /// Fills an empty dictionary with entries of its types. Of equal keys, the last value is kept, at the index of the
    /// first.
    pub(super) fn filled(mut self, entries: Vec<(Variant, Variant)>) -> Self {
        self.entries = entries;
        self.order = (0..self.entries.len()).collect();
        // Equal keys stay in the order of insertion.
        self.order.sort_by(|&a, &b| order::compare(&self.entries[a].0, &self.entries[b].0));
        self.merge_equal_keys();
        self
    }

    fn merge_equal_keys(&mut self) {
        let mut kept = vec![true; self.entries.len()];
        // Moves the value of the last of several equal keys step by step to the first.
        for pair in self.order.windows(2).rev() {
            let &[earlier, later] = pair else { continue };
            if order::compare(&self.entries[earlier].0, &self.entries[later].0).is_eq() {
                self.entries[earlier].1 = mem::take(&mut self.entries[later].1);
                kept[later] = false;
            }
        }
        if kept.iter().all(|&kept| kept) {
            return;
        }
        let mut keep = kept.iter();
        self.entries.retain(|_| keep.next() != Some(&false));
        self.order.retain(|&index| kept[index]);
        let mut next = 0;
        let places: Vec<usize> = kept
            .iter()
            .map(|&kept| {
                let place = next;
                next += usize::from(kept);
                place
            })
            .collect();
        self.order.iter_mut().for_each(|index| *index = places[*index]);
    }

    /// Returns a dictionary of the same types. `copies` are keys and values in turn.
    pub(super) fn copy_with(&self, copies: Vec<Variant>) -> Self {
        let mut copies = copies.into_iter();
        let mut entries = Vec::with_capacity(self.entries.len());
        while let (Some(key), Some(value)) = (copies.next(), copies.next()) {
            entries.push((key, value));
        }
        Self {
            key_type: self.key_type.clone(),
            value_type: self.value_type.clone(),
            entries,
            order: self.order.clone(),
        }
    }

    pub(super) fn take(&mut self) -> Vec<(Variant, Variant)> {
        self.order.clear();
        mem::take(&mut self.entries)
    }

    /// Returns the position of the key in `order`, or where to insert it.
    fn find(&self, key: &Variant) -> Result<usize, usize> {
        self.order.binary_search_by(|&index| order::compare(&self.entries[index].0, key))
    }

    fn value_at(&self, place: usize) -> Option<&Variant> {
        self.order.get(place).and_then(|&index| self.entries.get(index)).map(|(_, value)| value)
    }
}

impl Drop for Dictionary {
    fn drop(&mut self) {
        teardown::drop_entries(self.take());
    }
}

impl PartialEq for Dictionary {
    fn eq(&self, other: &Self) -> bool {
        self.key_type == other.key_type
            && self.value_type == other.value_type
            && self.len() == other.len()
            && self
                .sorted()
                .zip(other.sorted())
                .all(|(a, b)| order::compare(&a.0, &b.0).is_eq() && a.1 == b.1)
    }
}

impl<K: Into<Variant>, V: Into<Variant>> FromIterator<(K, V)> for Dictionary {
    /// Of equal keys, the last value is kept, at the index of the first.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value.into()));
        Self::new().filled(entries.collect())
    }
}

impl IntoIterator for Dictionary {
    type Item = (Variant, Variant);
    type IntoIter = std::vec::IntoIter<(Variant, Variant)>;

    fn into_iter(mut self) -> Self::IntoIter {
        self.take().into_iter()
    }
}
