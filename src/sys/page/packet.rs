//! Packets that have arrived in a page.

use std::{mem, sync::Arc};

use bytes::Bytes;

use crate::packet::{BackendBytes, Data, PacketBackend, PacketBatch, PacketKind, Platform};

/// Not `Bytes`: a page that makes none need not contain the many functions of that type.
impl PacketBackend for Platform {
    type Bytes = Arc<Vec<u8>>;
    type Batch = NoBatch;
}

/// A browser gives each packet by itself.
#[derive(Debug, Default)]
pub(crate) struct NoBatch;

impl PacketBatch for NoBatch {
    fn next_len(&self) -> Option<usize> {
        None
    }

    fn take(&mut self) -> Option<(PacketKind, Vec<u8>)> {
        None
    }

    fn shrink(&mut self) {}
}

impl BackendBytes for Arc<Vec<u8>> {
    fn from_vec(data: Vec<u8>) -> Data<Self> {
        Data::Backend(Arc::new(data))
    }

    fn get(&self) -> &[u8] {
        self
    }

    fn into_vec(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self)
    }

    fn share_parts(data: &mut Data<Self>) {
        let bytes = mem::replace(data, Data::Bytes(Bytes::new()));
        *data = Data::Bytes(bytes.into_shared());
    }

    fn copy_of(bytes: &[u8]) -> Data<Self> {
        Self::from_vec(bytes.to_vec())
    }

    fn make_mut(&mut self) -> &mut [u8] {
        Arc::<Vec<u8>>::make_mut(self)
    }
}
