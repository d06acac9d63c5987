//! SYNC and DELTA: values of properties, in as many entries as fit into a packet.
//!
//! ```text
//! 06, u16 time, repeated { u32 synchronizer, u32 size, values }
//! 16, repeated { u32 synchronizer, u64 which properties, u32 size, values }
//! ```
//!
//! An engine reads entries while there are more bytes left than an entry's head has, and ignores a rest. So it does not see
//! an entry without values at the end, which there is no reason to send.

use super::{malformed::MalformedPacket, reader::Reader, values::EncodedValues};

/// The values of one synchronizer's properties that are sent all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyncEntry<'a> {
    /// Whose: the number from the spawn, or 0x8000_0000 and the number of the path.
    pub(crate) sync_id: u32,
    /// One for each such property, in the order of the configuration.
    pub(crate) values: EncodedValues<'a>,
}

/// The values of one synchronizer's properties that have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeltaEntry<'a> {
    /// Whose, as in [`SyncEntry`].
    pub(crate) sync_id: u32,
    /// Which: bit n is the n-th of the properties that are sent when they change.
    pub(crate) changed: u64,
    /// One for each bit that is set, the lowest first.
    pub(crate) values: EncodedValues<'a>,
}

impl<'a> SyncEntry<'a> {
    const HEADER_LEN: usize = 4 + 4;

    pub(super) fn decode_all(body: Reader<'a>) -> Result<Vec<Self>, MalformedPacket> {
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

    /// How many bytes it adds to a packet.
    pub(crate) fn len(&self) -> usize {
        Self::HEADER_LEN + self.values.bytes().len()
    }
}

impl<'a> DeltaEntry<'a> {
    const HEADER_LEN: usize = 4 + 8 + 4;

    pub(super) fn decode_all(body: Reader<'a>) -> Result<Vec<Self>, MalformedPacket> {
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

    /// How many bytes it adds to a packet.
    pub(crate) fn len(&self) -> usize {
        Self::HEADER_LEN + self.values.bytes().len()
    }
}

fn decode_all<'a, T>(
    mut body: Reader<'a>,
    head: usize,
    decode: impl Fn(&mut Reader<'a>) -> Result<T, MalformedPacket>,
) -> Result<Vec<T>, MalformedPacket> {
    let mut entries = Vec::new();
    while body.rest().len() > head {
        entries.push(decode(&mut body)?);
    }
    Ok(entries)
}

fn sized<'a>(body: &mut Reader<'a>) -> Result<EncodedValues<'a>, MalformedPacket> {
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
    fn a_delta_says_what_has_changed() {
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
    fn what_is_no_entry_any_more_is_ignored() {
        let entries = |packet: &[u8]| match Command::decode(packet) {
            Ok(Command::Sync { entries, .. }) => Ok(entries.len()),
            Ok(Command::Delta(entries)) => Ok(entries.len()),
            Ok(other) => panic!("{other:?}"),
            Err(why) => Err(why),
        };
        assert_eq!(entries(&[SYNC, &[9; 8]].concat()), Ok(2));
        assert_eq!(entries(&[SYNC, &[9; 9]].concat()), Err(MalformedPacket::TooShort));
        assert_eq!(entries(&[DELTA, &[9; 16]].concat()), Ok(1));
        assert_eq!(entries(&[DELTA, &[9; 17]].concat()), Err(MalformedPacket::TooShort));
        // Within the first entry's head there is no entry, for an engine no error either.
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
