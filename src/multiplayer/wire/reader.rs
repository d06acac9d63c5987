//! Reads the fields of a packet.

use super::malformed::MalformedPacket;

/// The rest of a packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct PacketReader<'a> {
    rest: &'a [u8],
}

impl<'a> PacketReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn u8(&mut self) -> Result<u8, MalformedPacket> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, MalformedPacket> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, MalformedPacket> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, MalformedPacket> {
        self.array().map(i32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, MalformedPacket> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], MalformedPacket> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(MalformedPacket::TooShort)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Takes `len` bytes.
    pub(super) fn take(&mut self, len: u32) -> Result<&'a [u8], MalformedPacket> {
        let len = usize::try_from(len).map_err(|_| MalformedPacket::TooShort)?;
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(MalformedPacket::TooShort)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn non_empty_rest(self) -> Result<&'a [u8], MalformedPacket> {
        if self.rest.is_empty() { Err(MalformedPacket::TooShort) } else { Ok(self.rest) }
    }

    /// Fails if bytes are left.
    pub(super) fn finish(self) -> Result<(), MalformedPacket> {
        if self.rest.is_empty() { Ok(()) } else { Err(MalformedPacket::TooLong) }
    }
}

/// Decodes the string in a field: up to a NUL, which may be missing.
pub(super) fn text(field: &[u8]) -> Result<&str, MalformedPacket> {
    let len = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    std::str::from_utf8(&field[..len]).map_err(|_| MalformedPacket::NotUtf8)
}
