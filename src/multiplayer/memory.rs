//! Estimates of the memory that collections take, for limits on what a peer can make this end store.

/// The overhead of one allocation, in bytes.
pub(super) const ALLOCATION: usize = 16;

/// Returns the memory that one entry takes in a `BTreeMap` with at least a few entries, in bytes.
///
/// The map's nodes have room for 11 entries, and contain at least 5. With the pointers of the inner nodes, that is at
/// most 2.15 times the entry and 9 bytes.
pub(super) const fn map_entry<K, V>() -> usize {
    let entry = size_of::<K>() + size_of::<V>();
    entry * 9 / 4 + 16
}
