//! The bytes of a packet, which its clones share.

use std::{
    hash::{Hash, Hasher},
    ops::Deref,
    sync::Arc,
};

use bytes::Bytes;

/// Bytes, in one of two forms that differ only in their code: a page that makes no [`Bytes`] need not contain the many
/// functions of that type.
#[derive(Clone)]
pub(super) enum Data {
    /// May be a part of other bytes.
    Bytes(Bytes),
    /// Bytes that arrived in a page.
    Vec(Arc<Vec<u8>>),
}

impl Data {
    /// Returns the bytes in the form that backends share, if they have it.
    pub(super) fn as_shared(&self) -> Option<&Bytes> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Vec(_) => None,
        }
    }

    /// Returns the bytes in the form that backends share. Copies them if they have the other form, and clones.
    pub(super) fn into_shared(self) -> Bytes {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Vec(_) => self.into_vec().into(),
        }
    }

    /// Returns the bytes. Copies them if there are clones.
    pub(super) fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.into(),
            Self::Vec(bytes) => Arc::unwrap_or_clone(bytes),
        }
    }
}

impl Deref for Data {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Vec(bytes) => bytes,
        }
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Data {}

impl Hash for Data {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    fn both_forms() -> [Data; 2] {
        [Data::Bytes(Bytes::from_static(b"abc")), Data::Vec(Arc::new(b"abc".to_vec()))]
    }

    #[test]
    fn the_two_forms_are_equal() {
        let [bytes, vec] = both_forms();
        assert!(bytes == vec);
        assert!(vec != Data::Vec(Arc::new(b"abd".to_vec())));
        let hasher = std::hash::RandomState::new();
        assert_eq!(hasher.hash_one(&bytes), hasher.hash_one(&vec));
    }

    #[test]
    fn both_forms_convert_with_and_without_clones() {
        for data in both_forms() {
            let clone = data.clone();
            assert_eq!(clone.as_ptr(), data.as_ptr());
            assert_eq!(clone.clone().into_vec(), b"abc");
            assert_eq!(data.into_shared(), b"abc"[..]);
            assert_eq!(clone.into_vec(), b"abc");
        }
    }

    #[test]
    fn backends_share_bytes_and_no_vectors() {
        let [bytes, vec] = both_forms();
        assert_eq!(bytes.as_shared().map(|shared| shared.as_ptr()), Some(bytes.as_ptr()));
        assert_eq!(vec.as_shared(), None);
    }

    #[test]
    fn bytes_without_clones_are_not_copied() {
        let bytes = vec![7; 10];
        let at = bytes.as_ptr();
        let bytes = Data::Vec(Arc::new(bytes)).into_vec();
        assert_eq!(bytes.as_ptr(), at);
    }
}
