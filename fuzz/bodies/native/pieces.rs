//! Bytes in pieces, as a network hands them over.

use arbitrary::{Arbitrary, Result, Unstructured};

/// Where to cut: the lengths of the pieces, over and over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cuts([u8; 4]);

impl Cuts {
    /// All in one piece.
    pub(super) const NONE: Self = Self([0; 4]);

    /// The pieces of `bytes`. None is empty.
    pub(super) fn of(self, bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
        let lens = self.0.into_iter().cycle();
        lens.scan(bytes, |rest, len| {
            let len = match usize::from(len) {
                0 => rest.len(),
                len @ 1..=200 => len,
                // As much as one read of a fast connection.
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
