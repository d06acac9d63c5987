//! Lists of values in the compact format.

use std::fmt;

use crate::variant::{DecodeError, EncodeError, Objects, Variant};

/// Values that are not decoded yet. The packet does not contain their number: both ends know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EncodedValues<'a> {
    bytes: &'a [u8],
}

/// A value in a packet cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArgumentError {
    /// The index of the value, from 0.
    pub index: usize,
    /// The error.
    pub error: DecodeError,
}

impl<'a> EncodedValues<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Decodes at most `max` values; further bytes are ignored. Objects are by id, as always in replication.
    pub(crate) fn decode(self, max: usize) -> Result<Vec<Variant>, ArgumentError> {
        let mut values = Vec::new();
        let mut rest = self.bytes;
        while !rest.is_empty() && values.len() < max {
            decode_next(&mut rest, &mut values, Objects::ById)?;
        }
        Ok(values)
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the length as in packets.
    pub(super) fn size(self) -> u32 {
        self.bytes.len() as u32
    }
}

/// Encodes values. Objects are by id.
pub(crate) fn encode<'v>(values: impl IntoIterator<Item = &'v Variant>) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    for value in values {
        value.encode_compressed(&mut bytes, Objects::ById)?;
    }
    Ok(bytes)
}

/// Decodes a value, removes it from the front of `bytes`, and appends it to `values`.
pub(super) fn decode_next(
    bytes: &mut &[u8],
    values: &mut Vec<Variant>,
    objects: Objects,
) -> Result<(), ArgumentError> {
    let index = values.len();
    let len = Variant::decode_compressed_onto(values, bytes, objects)
        .map_err(|error| ArgumentError { index, error })?;
    // The padding after the last value may be missing.
    *bytes = bytes.get(len..).unwrap_or_default();
    Ok(())
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "argument {}: {}", self.index, self.error)
    }
}

impl std::error::Error for ArgumentError {}
