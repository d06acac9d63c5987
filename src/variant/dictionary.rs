//! Values by keys, in the order in which they came.
//!
//! There is no hash, so nothing that a sender could aim at: keys are found by their order, whatever they are.

use std::mem;

use super::{ElementType, Variant, WrongType, order, teardown};

/// Values by keys of any type, in the order in which they were inserted.
///
/// Which keys are the same is as in Godot: `"a"` and `&"a"` are, 1 and 1.0 are not. Two dictionaries are equal if they have
/// the same keys with the same values, and take the same types; in which order they were inserted makes no difference.
///
/// To find a key takes a time that grows with the logarithm of how many there are. To insert or remove one moves some
/// bytes for each of the others, so build large ones by `collect`.
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
    // Invariant: each key and value is one that its type admits, and no two keys are the same.
    entries: Vec<(Variant, Variant)>,
    /// The places of the entries, by the order of their keys.
    #[cfg_attr(feature = "serde", serde(skip))]
    order: Vec<usize>,
}

impl Dictionary {
    /// An empty one that takes keys and values of every type.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty one that takes keys and values of these types only.
    pub fn typed(key_type: ElementType, value_type: ElementType) -> Self {
        Self {
            key_type: key_type.normalized(),
            value_type: value_type.normalized(),
            entries: Vec::new(),
            order: Vec::new(),
        }
    }

    /// What it takes as keys.
    ///
    /// Godot: `get_typed_key_builtin`, `get_typed_key_class_name`, `get_typed_key_script`.
    pub fn key_type(&self) -> &ElementType {
        &self.key_type
    }

    /// What it takes as values.
    ///
    /// Godot: `get_typed_value_builtin`, `get_typed_value_class_name`, `get_typed_value_script`.
    pub fn value_type(&self) -> &ElementType {
        &self.value_type
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether it has this key.
    ///
    /// Godot: `has`.
    pub fn contains_key(&self, key: &Variant) -> bool {
        self.get(key).is_some()
    }

    /// The value of this key.
    pub fn get(&self, key: &Variant) -> Option<&Variant> {
        let place = self.find(key).ok()?;
        self.value_at(place)
    }

    /// The value of this text or name.
    pub fn get_str(&self, key: &str) -> Option<&Variant> {
        let compare = |&index: &usize| order::compare_to_text(&self.entries[index].0, key);
        let place = self.order.binary_search_by(compare).ok()?;
        self.value_at(place)
    }

    /// Gives the key this value; answers the one that it had. A new key goes to the end.
    ///
    /// A typed dictionary converts both as Godot does: between whole and other numbers, and between texts and names.
    ///
    /// # Errors
    /// If it is typed, and the key or the value is of another type.
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

    /// Takes a key away, and answers its value. The others keep their order.
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

    /// Takes all keys away.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }

    /// The keys with their values, in the order of insertion.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Variant, &Variant)> + ExactSizeIterator {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The keys in the order of insertion.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Variant> + ExactSizeIterator {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values in the order of insertion.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Variant> + ExactSizeIterator {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The entry of this number, by the order of keys or of insertion.
    pub(super) fn entry(&self, index: usize, by_key: bool) -> Option<&(Variant, Variant)> {
        let index = if by_key { *self.order.get(index)? } else { index };
        self.entries.get(index)
    }

    /// The entries by the order of their keys.
    pub(super) fn sorted(&self) -> impl DoubleEndedIterator<Item = &(Variant, Variant)> + ExactSizeIterator {
        self.order.iter().map(|&index| &self.entries[index])
    }

    /// An empty one, filled with entries that its types convert. Of equal keys the last one's value stays, at the place of
    /// the first.
    pub(super) fn filled(mut self, entries: Vec<(Variant, Variant)>) -> Self {
        self.entries = entries;
        self.order = (0..self.entries.len()).collect();
        // Equal keys stay in the order of insertion.
        self.order.sort_by(|&a, &b| order::compare(&self.entries[a].0, &self.entries[b].0));
        self.merge_equal_keys();
        self
    }

    fn merge_equal_keys(&mut self) {
        let mut stays = vec![true; self.entries.len()];
        // From the last of equal keys the value goes step by step to the first.
        for pair in self.order.windows(2).rev() {
            let &[earlier, later] = pair else { continue };
            if order::compare(&self.entries[earlier].0, &self.entries[later].0).is_eq() {
                self.entries[earlier].1 = mem::take(&mut self.entries[later].1);
                stays[later] = false;
            }
        }
        if stays.iter().all(|&stays| stays) {
            return;
        }
        let mut kept = stays.iter();
        self.entries.retain(|_| kept.next() != Some(&false));
        self.order.retain(|&index| stays[index]);
        let mut next = 0;
        let places: Vec<usize> = stays
            .iter()
            .map(|&stays| {
                let place = next;
                next += usize::from(stays);
                place
            })
            .collect();
        self.order.iter_mut().for_each(|index| *index = places[*index]);
    }

    /// Copies of its own keys and values in turn, as a dictionary of its own types.
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

    /// Where in `order` the key stands, or would.
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
    /// Of equal keys the last one's value stays, at the place of the first.
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
