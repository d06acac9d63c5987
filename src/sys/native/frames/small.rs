//! The bytes of a small packet, which are in the packet itself.

use super::batch::Batch;
use crate::packet::{BackendBytes, Data, Packet, PacketBackend, PacketKind, Platform};

/// The bytes of a received packet that needs no memory of its own. With their length and the tag they take 80 bytes.
#[derive(Debug, Clone)]
#[repr(align(4))]
pub(crate) struct Small {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl PacketBackend for Platform {
    type Bytes = Small;
    type Batch = Batch;
}

impl Small {
    /// The largest number of bytes.
    pub(in super::super) const MAX: usize = 75;

    /// A packet to be filled.
    pub(in super::super) const EMPTY_PACKET: Packet =
        Packet::received(PacketKind::Binary, Self { bytes: [0; Self::MAX], len: 0 });

    /// Changes the length, to at most [`MAX`](Self::MAX), and returns the bytes.
    #[inline]
    pub(super) fn resize(&mut self, len: usize) -> &mut [u8] {
        debug_assert!(len <= Self::MAX);
        self.len = len as u8;
        &mut self.bytes[..len]
    }
}

impl BackendBytes for Small {
    fn from_vec(data: Vec<u8>) -> Data<Self> {
        Data::Bytes(data.into())
    }

    #[inline]
    fn get(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn into_vec(self) -> Vec<u8> {
        self.get().to_vec()
    }

    #[inline]
    fn share_parts(_: &mut Data<Self>) {}

    fn copy_of(bytes: &[u8]) -> Data<Self> {
        if bytes.len() > Self::MAX {
            return Self::from_vec(bytes.to_vec());
        }
        let mut copy = Self { bytes: [0; Self::MAX], len: 0 };
        copy.resize(bytes.len()).copy_from_slice(bytes);
        Data::Backend(copy)
    }

    #[inline]
    fn make_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..usize::from(self.len)]
    }
}
