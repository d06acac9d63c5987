//! Values in a row, each in the compressed form.

use std::fmt;

use crate::variant::{DecodeError, EncodeError, Objects, Variant};

/// Values that nobody has looked at yet. How many they are is not in the packet: both ends know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EncodedValues<'a> {
    bytes: &'a [u8],
}

/// A value in a packet could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArgumentError {
    /// Which it is, from 0 on.
    pub index: usize,
    /// What is wrong with it.
    pub error: DecodeError,
}

impl<'a> EncodedValues<'a> {
    /// What [`encode`] gave, or what came.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The values; at most so many of them, what follows is ignored. Objects are by id, as always in replication.
    pub(crate) fn decode(self, at_most: usize) -> Result<Vec<Variant>, ArgumentError> {
        let mut values = Vec::new();
        let mut rest = self.bytes;
        while !rest.is_empty() && values.len() < at_most {
            values.push(decode_next(&mut rest, values.len(), Objects::ById)?);
        }
        Ok(values)
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// As it stands in packets.
    pub(super) fn size(self) -> u32 {
        self.bytes.len() as u32
    }
}

/// The values' bytes. Objects are by id.
pub(crate) fn encode<'v>(values: impl IntoIterator<Item = &'v Variant>) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    for value in values {
        value.encode_compressed(&mut bytes, Objects::ById)?;
    }
    Ok(bytes)
}

/// Takes the value at `index` from the front of the bytes.
pub(super) fn decode_next(
    bytes: &mut &[u8],
    index: usize,
    objects: Objects,
) -> Result<Variant, ArgumentError> {
    let (value, len) =
        Variant::decode_compressed(bytes, objects).map_err(|error| ArgumentError { index, error })?;
    // The padding behind the last one may be missing.
    *bytes = bytes.get(len..).unwrap_or_default();
    Ok(value)
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "argument {}: {}", self.index, self.error)
    }
}

impl std::error::Error for ArgumentError {}
