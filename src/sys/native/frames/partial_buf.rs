//! An incomplete header or control frame.

/// A buffer for at most `MAX` bytes.
#[derive(Debug)]
pub(super) struct PartialBuf<const MAX: usize> {
    pub(super) bytes: [u8; MAX],
    pub(super) len: u8,
}

impl<const MAX: usize> PartialBuf<MAX> {
    pub(super) const EMPTY: Self = Self { bytes: [0; MAX], len: 0 };

    /// Appends as many bytes as fit, and returns how many.
    pub(super) fn push(&mut self, bytes: &[u8]) -> usize {
        let len = self.len();
        let taken = bytes.len().min(MAX - len);
        self.bytes[len..len + taken].copy_from_slice(&bytes[..taken]);
        self.len += taken as u8;
        taken
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub(super) fn get(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }
}
