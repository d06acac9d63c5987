//! Bytes in pieces, as reads from a network return them.

use arbitrary::{Arbitrary, Result, Unstructured};

/// The lengths of the pieces, repeated cyclically.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cuts([u8; 4]);

impl Cuts {
    /// One piece.
    pub(super) const NONE: Self = Self([0; 4]);

    /// Returns the pieces of `bytes`, which are not empty.
    pub(super) fn of(self, bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
        let lens = self.0.into_iter().cycle();
        lens.scan(bytes, |rest, len| {
            let len = match usize::from(len) {
                0 => rest.len(),
                len @ 1..=200 => len,
                // As many bytes as one read of a fast connection.
                len => (len - 200) * 1000,
            };
            let piece;
            (piece, *rest) = rest.split_at(len.min(rest.len()));
            (!piece.is_empty()).then_some(piece)
        })
    }
}

impl Arbitrary<'_> for Cuts {
    fn arbitrary(input: &mut Unstructured<'_>) -> Result<Self> {
        input.arbitrary().map(Self)
    }
}
