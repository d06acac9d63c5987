//! Numbers and texts out of bytes. Nothing is reserved that the bytes could not fill.

use super::DecodeError;

/// Bytes, and how far they have been read.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes have been read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// How many are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (_, rest) = self.bytes.split_at(self.at);
        let Some((taken, _)) = rest.split_at_checked(len) else {
            return Err(DecodeError::Truncated { at: self.at });
        };
        self.at += len;
        Ok(taken)
    }

    /// Goes over what pads something of this length to a multiple of four. It may be missing at the very end.
    pub(super) fn skip_padding(&mut self, len: usize) {
        self.at += padding(len).min(self.left());
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let at = self.at;
        self.take(N)?.try_into().map_err(|_| DecodeError::Truncated { at })
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Some integers in a row.
    pub(super) fn ints<const N: usize>(&mut self) -> Result<[i32; N], DecodeError> {
        let bytes = self.take(4 * N)?;
        let mut items = items(bytes).map(i32::from_le_bytes);
        Ok([(); N].map(|()| items.next().unwrap_or_default()))
    }

    /// Some numbers in a row, of 64 bits each where they are wide.
    pub(super) fn floats<const N: usize>(&mut self, wide: bool) -> Result<[f32; N], DecodeError> {
        let bytes = self.take(width(wide) * N)?;
        Ok(narrow(bytes, wide))
    }

    /// How many things of at least this size follow; fails if they cannot.
    pub(super) fn count(&mut self, size: usize) -> Result<usize, DecodeError> {
        let at = self.at;
        let count = self.u32()?;
        let room = self.left();
        match usize::try_from(count) {
            Ok(items) if items.checked_mul(size).is_some_and(|bytes| bytes <= room) => Ok(items),
            _ => Err(DecodeError::TooMany { count, at }),
        }
    }

    /// A counted list of numbers of `N` bytes.
    pub(super) fn list<T, const N: usize>(
        &mut self,
        read: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.count(N)?;
        Ok(items(self.take(count * N)?).map(read).collect())
    }

    /// A counted list of rows of numbers.
    pub(super) fn rows<T: From<[f32; N]>, const N: usize>(
        &mut self,
        wide: bool,
    ) -> Result<Vec<T>, DecodeError> {
        let size = width(wide) * N;
        let count = self.count(size)?;
        let bytes = self.take(count * size)?;
        Ok(bytes.chunks_exact(size).map(|row| narrow(row, wide).into()).collect())
    }

    /// A text with its length before it, padded. As in Godot it ends at its first NUL, and a byte order mark at its
    /// beginning is no part of it.
    pub(super) fn text(&mut self) -> Result<String, DecodeError> {
        let len = self.count(1)?;
        let at = self.at;
        let bytes = &self.take(len + padding(len))?[..len];
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(DecodeError::InvalidUtf8 { at }),
        }
    }

    /// So many texts.
    pub(super) fn texts(&mut self, count: usize) -> Result<Vec<String>, DecodeError> {
        (0..count).map(|_| self.text()).collect()
    }
}

/// How many bytes are between something of this length and the next multiple of four.
pub(super) fn padding(len: usize) -> usize {
    len.wrapping_neg() % 4
}

fn width(wide: bool) -> usize {
    if wide { 8 } else { 4 }
}

fn items<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.chunks_exact(N).filter_map(|chunk| chunk.try_into().ok())
}

fn narrow<const N: usize>(bytes: &[u8], wide: bool) -> [f32; N] {
    let mut row = [0.0; N];
    if wide {
        let wide = items(bytes).map(f64::from_le_bytes);
        row.iter_mut().zip(wide).for_each(|(number, wide)| *number = wide as f32);
    } else {
        let numbers = items(bytes).map(f32::from_le_bytes);
        row.iter_mut().zip(numbers).for_each(|(number, read)| *number = read);
    }
    row
}
