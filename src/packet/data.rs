//! The bytes of a packet.

use std::{
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
};

use bytes::{Bytes, BytesMut};

use super::PacketKind;

/// The platform that the crate is compiled for. Its backend implements [`PacketBackend`].
pub(crate) struct Platform;

/// Names the forms in which a backend keeps received bytes.
pub(crate) trait PacketBackend {
    type Bytes: BackendBytes;
    /// Packets that arrived together.
    type Batch: PacketBatch;
}

/// The packets of an inbox that have no memory of their own. They have an order among its other packets.
pub(crate) trait PacketBatch: fmt::Debug + Default {
    /// Returns the length of the inbox's next packet, if that is in here.
    fn next_len(&self) -> Option<usize>;

    /// Takes the inbox's next packet, if that is in here. Otherwise the caller takes another packet.
    fn take(&mut self) -> Option<(PacketKind, Vec<u8>)>;

    /// Frees the memory of packets that were taken.
    #[allow(dead_code, reason = "only servers have thousands of quiet connections")]
    fn shrink(&mut self);
}

/// Bytes in a form of the backend's own.
pub(crate) trait BackendBytes: Clone {
    /// Returns bytes that take over the memory of the vector, in the form that costs the backend least.
    fn from_vec(data: Vec<u8>) -> Data<Self>;

    fn get(&self) -> &[u8];

    /// Returns the bytes. Copies them if they cannot be taken over.
    fn into_vec(self) -> Vec<u8>;

    /// Makes parts of the bytes cost little: shares the bytes, unless all of them are few.
    #[allow(dead_code, reason = "only sessions change packets, and take parts of them")]
    fn share_parts(data: &mut Data<Self>);

    /// Returns a copy of some bytes.
    #[allow(dead_code, reason = "only sessions change packets, and take parts of them")]
    fn copy_of(bytes: &[u8]) -> Data<Self>;

    /// Returns the bytes, to be changed. Copies them if they are shared.
    #[allow(dead_code, reason = "only sessions change packets, and take parts of them")]
    fn make_mut(&mut self) -> &mut [u8];
}

/// Bytes, in one of two forms.
// The tag is smaller than a packet's kind, which then has more spare values, and is as wide as the bytes' alignment. Padding
// after it would be left out of some copies, and reading pieces together that were stored apart takes several times as long.
#[derive(Clone)]
#[repr(u32)]
pub(crate) enum Data<A = <Platform as PacketBackend>::Bytes> {
    /// May be a part of other bytes. Clones share them.
    Bytes(Bytes),
    /// Has arrived, and was not shared.
    Backend(A),
}

impl<A: BackendBytes> Data<A> {
    /// Returns the bytes in the form that backends share, if they have it.
    #[inline]
    pub(super) fn as_shared(&self) -> Option<&Bytes> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Backend(_) => None,
        }
    }

    /// Returns the bytes in the form that backends share. Copies them if they have the other form and cannot be taken over.
    pub(crate) fn into_shared(self) -> Bytes {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Backend(bytes) => bytes.into_vec().into(),
        }
    }

    /// Returns a part of the bytes, which it shares where that costs less than a copy.
    #[allow(dead_code, reason = "only sessions change packets, and take parts of them")]
    pub(super) fn part(&self, part: &[u8]) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(bytes.slice_ref(part)),
            Self::Backend(_) => A::copy_of(part),
        }
    }

    /// Replaces the first bytes: in place if the bytes are not shared.
    #[allow(dead_code, reason = "only sessions change packets, and take parts of them")]
    pub(super) fn replace_start(&mut self, start: &[u8]) {
        match self {
            Self::Bytes(bytes) => {
                // This copies them only if they are shared.
                let mut unshared = BytesMut::from(std::mem::take(bytes));
                unshared[..start.len()].copy_from_slice(start);
                *bytes = unshared.freeze();
            }
            Self::Backend(bytes) => bytes.make_mut()[..start.len()].copy_from_slice(start),
        }
    }

    /// Returns the bytes. Copies them if they cannot be taken over.
    pub(super) fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.into(),
            Self::Backend(bytes) => bytes.into_vec(),
        }
    }
}

impl<A: BackendBytes> Deref for Data<A> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Backend(bytes) => bytes.get(),
        }
    }
}

impl<A: BackendBytes> PartialEq for Data<A> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<A: BackendBytes> Eq for Data<A> {}

impl<A: BackendBytes> Hash for Data<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{hash::BuildHasher, sync::Arc};

    impl BackendBytes for Arc<[u8]> {
        fn from_vec(data: Vec<u8>) -> Data<Self> {
            Data::Backend(data.into())
        }

        fn get(&self) -> &[u8] {
            self
        }

        fn into_vec(self) -> Vec<u8> {
            self.to_vec()
        }

        fn share_parts(_: &mut Data<Self>) {}

        fn copy_of(bytes: &[u8]) -> Data<Self> {
            Data::Backend(bytes.into())
        }

        fn make_mut(&mut self) -> &mut [u8] {
            Arc::make_mut(self)
        }
    }

    fn both_forms() -> [Data<Arc<[u8]>>; 2] {
        [Data::Bytes(Bytes::from_static(b"abc")), Data::Backend(b"abc"[..].into())]
    }

    #[test]
    fn the_two_forms_are_equal() {
        let [bytes, arrived] = both_forms();
        assert!(bytes == arrived);
        assert!(arrived != Data::Backend(b"abd"[..].into()));
        let hasher = std::hash::RandomState::new();
        assert_eq!(hasher.hash_one(&bytes), hasher.hash_one(&arrived));
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
    fn a_new_start_is_written_in_place_and_not_into_clones() {
        let [_, arrived] = both_forms();
        for mut data in [Data::Bytes(b"abc".to_vec().into()), arrived] {
            let place = data.as_ptr();
            data.replace_start(b"xy");
            assert_eq!((&*data, data.as_ptr()), (&b"xyc"[..], place));
            let clone = data.clone();
            data.replace_start(b"z");
            assert_eq!((&*data, &*clone), (&b"zyc"[..], &b"xyc"[..]));
        }
    }

    #[test]
    fn a_part_of_shared_bytes_is_not_copied() {
        let [bytes, arrived] = both_forms();
        assert_eq!(bytes.part(&bytes[1..]).as_ptr(), bytes[1..].as_ptr());
        for data in [bytes, arrived] {
            assert_eq!(*data.part(&data[1..]), b"bc"[..]);
            assert_eq!(*data.part(&data[1..2]), b"b"[..]);
        }
    }

    #[test]
    fn only_shared_bytes_are_shared_with_backends() {
        let [bytes, arrived] = both_forms();
        assert_eq!(bytes.as_shared().map(|shared| shared.as_ptr()), Some(bytes.as_ptr()));
        assert_eq!(arrived.as_shared(), None);
    }
}
