//! SYNC and DELTA: values of properties, in entries.
//!
//! ```text
//! 06, u16 time, repeated { u32 synchronizer id, u32 size, values }
//! 16, repeated { u32 synchronizer id, u64 mask of properties, u32 size, values }
//! ```
//!
//! An engine reads entries while more bytes are left than the header of an entry has, and ignores the rest. So it
//! ignores a last entry without values, which there is no reason to send.

use super::{malformed::MalformedPacket, reader::PacketReader, values::EncodedValues};

/// The values of one synchronizer's properties that are sent in every frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyncEntry<'a> {
    /// The synchronizer: its id from the spawn, or 0x8000_0000 plus the path id.
    pub(crate) sync_id: u32,
    /// The value of each such property, in the order of the configuration.
    pub(crate) values: EncodedValues<'a>,
}

/// The values of one synchronizer's properties that have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeltaEntry<'a> {
    /// The synchronizer, as in [`SyncEntry`].
    pub(crate) sync_id: u32,
    /// The mask of changed properties: bit n is the n-th on-change property.
    pub(crate) changed: u64,
    /// The value for each set bit, the lowest bit first.
    pub(crate) values: EncodedValues<'a>,
}

impl<'a> SyncEntry<'a> {
    const HEADER_LEN: usize = 4 + 4;

    pub(super) fn decode_all(body: PacketReader<'a>) -> Result<Vec<Self>, MalformedPacket> {
        decode_all(body, Self::HEADER_LEN, |body| {
            let sync_id = body.u32()?;
            Ok(Self { sync_id, values: sized(body)? })
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.sync_id.to_le_bytes());
        out.extend(self.values.size().to_le_bytes());
        out.extend_from_slice(self.values.bytes());
    }

    /// Returns the length of the entry, in bytes.
    pub(crate) fn len(&self) -> usize {
        Self::HEADER_LEN + self.values.bytes().len()
    }
}

impl<'a> DeltaEntry<'a> {
    const HEADER_LEN: usize = 4 + 8 + 4;

    pub(super) fn decode_all(body: PacketReader<'a>) -> Result<Vec<Self>, MalformedPacket> {
        decode_all(body, Self::HEADER_LEN, |body| {
            let (sync_id, changed) = (body.u32()?, body.u64()?);
            Ok(Self { sync_id, changed, values: sized(body)? })
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.sync_id.to_le_bytes());
        out.extend(self.changed.to_le_bytes());
        out.extend(self.values.size().to_le_bytes());
        out.extend_from_slice(self.values.bytes());
    }

    /// Returns the length of the entry, in bytes.
    pub(crate) fn len(&self) -> usize {
        Self::HEADER_LEN + self.values.bytes().len()
    }
}

fn decode_all<'a, T>(
    mut body: PacketReader<'a>,
    header_len: usize,
    decode: impl Fn(&mut PacketReader<'a>) -> Result<T, MalformedPacket>,
) -> Result<Vec<T>, MalformedPacket> {
    let mut entries = Vec::new();
    while body.rest().len() > header_len {
        entries.push(decode(&mut body)?);
    }
    Ok(entries)
}

fn sized<'a>(body: &mut PacketReader<'a>) -> Result<EncodedValues<'a>, MalformedPacket> {
    let size = body.u32()?;
    Ok(EncodedValues::new(body.take(size)?))
}

#[cfg(test)]
mod tests {
    use super::{super::Command, *};

    const SYNC: &[u8] = &[6, 0x34, 0x12, 1, 0, 0, 0, 2, 0, 0, 0, 0x02, 5, 2, 0, 0, 0x80, 1, 0, 0, 0, 0x81];
    const DELTA: &[u8] = &[0x16, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0x80, 3, 0, 0, 0, 0x02, 5, 0x01];

    #[test]
    fn a_sync_has_a_time_and_entries() {
        let entries = vec![
            SyncEntry { sync_id: 1, values: EncodedValues::new(&[0x02, 5]) },
            SyncEntry { sync_id: 0x8000_0002, values: EncodedValues::new(&[0x81]) },
        ];
        let len: usize = entries.iter().map(SyncEntry::len).sum();
        assert_eq!(3 + len, SYNC.len());
        let expected = Command::Sync { time: 0x1234, entries };
        assert_eq!(Command::decode(SYNC), Ok(expected.clone()));
        let mut out = Vec::new();
        expected.encode(&mut out);
        assert_eq!(out, SYNC);
    }

    #[test]
    fn a_delta_has_a_mask_and_values() {
        let entry =
            DeltaEntry { sync_id: 1, changed: 1 << 63 | 5, values: EncodedValues::new(&[0x02, 5, 0x01]) };
        assert_eq!(1 + entry.len(), DELTA.len());
        let expected = Command::Delta(vec![entry]);
        assert_eq!(Command::decode(DELTA), Ok(expected.clone()));
        let mut out = Vec::new();
        expected.encode(&mut out);
        assert_eq!(out, DELTA);
    }

    #[test]
    fn bytes_after_the_last_entry_are_ignored() {
        let entries = |packet: &[u8]| match Command::decode(packet) {
            Ok(Command::Sync { entries, .. }) => Ok(entries.len()),
            Ok(Command::Delta(entries)) => Ok(entries.len()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
        assert_eq!(entries(&[SYNC, &[9; 8]].concat()), Ok(2));
        assert_eq!(entries(&[SYNC, &[9; 9]].concat()), Err(MalformedPacket::TooShort));
        assert_eq!(entries(&[DELTA, &[9; 16]].concat()), Ok(1));
        assert_eq!(entries(&[DELTA, &[9; 17]].concat()), Err(MalformedPacket::TooShort));
        // A packet that ends within the header of the first entry has no entry. As in an engine, that is not an error.
        assert_eq!(entries(&SYNC[..11]), Ok(0));
        assert_eq!(entries(&DELTA[..11]), Ok(0));
        for len in 1..11 {
            assert_eq!(entries(&SYNC[..len]), Err(MalformedPacket::TooShort), "{len}");
            assert_eq!(entries(&DELTA[..len]), Err(MalformedPacket::TooShort), "{len}");
        }
        assert_eq!(entries(&SYNC[..12]), Err(MalformedPacket::TooShort));
        assert_eq!(entries(&DELTA[..18]), Err(MalformedPacket::TooShort));
    }
}
