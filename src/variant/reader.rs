//! Decodes numbers and strings. No more memory is allocated than the input can fill.

use super::DecodeError;

/// The input, and the position in it.
pub(super) struct ByteReader<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> ByteReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len() }
    }

    /// Returns the number of bytes read.
    pub(super) fn at(&self) -> usize {
        self.len - self.rest.len()
    }

    /// Returns the number of bytes left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Returns the next number without reading it; `None` if the input ends before it does.
    pub(super) fn peek_u32(&self) -> Option<u32> {
        self.rest.first_chunk().map(|next| u32::from_le_bytes(*next))
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            return Err(DecodeError::Truncated { at: self.at() });
        };
        self.rest = rest;
        Ok(taken)
    }

    /// Skips the padding after `len` bytes to a multiple of four. At the end of the input it may be missing.
    pub(super) fn skip_padding(&mut self, len: usize) {
        self.rest = self.rest.get(padding(len)..).unwrap_or_default();
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((taken, rest)) = self.rest.split_first_chunk() else {
            return Err(DecodeError::Truncated { at: self.at() });
        };
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Decodes `N` integers.
    pub(super) fn ints<const N: usize>(&mut self) -> Result<[i32; N], DecodeError> {
        let bytes = self.take(4 * N)?;
        let mut items = items(bytes).map(i32::from_le_bytes);
        Ok([(); N].map(|()| items.next().unwrap_or_default()))
    }

    /// Decodes `N` floats, of 64 bits each if `wide`.
    pub(super) fn floats<const N: usize>(&mut self, wide: bool) -> Result<[f32; N], DecodeError> {
        let bytes = self.take(width(wide) * N)?;
        Ok(narrow(bytes, wide))
    }

    /// Decodes a count. Fails if that many elements of at least `size` bytes do not fit into the rest of the input.
    pub(super) fn count(&mut self, size: usize) -> Result<usize, DecodeError> {
        let at = self.at();
        let count = self.u32()?;
        let room = self.left();
        match usize::try_from(count) {
            Ok(items) if items.checked_mul(size).is_some_and(|bytes| bytes <= room) => Ok(items),
            _ => Err(DecodeError::TooMany { count, at }),
        }
    }

    /// Decodes a count and that many numbers of `N` bytes.
    pub(super) fn list<T, const N: usize>(
        &mut self,
        read: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.count(N)?;
        let items = self.take(count * N)?.chunks_exact(N);
        // Unlike one that filters, this iterator knows its length, so the list is allocated once.
        Ok(items.map(|item| read(item.try_into().unwrap_or([0; N]))).collect())
    }

    /// Decodes a count and that many vectors of `N` floats.
    pub(super) fn rows<T: From<[f32; N]>, const N: usize>(
        &mut self,
        wide: bool,
    ) -> Result<Vec<T>, DecodeError> {
        let size = width(wide) * N;
        let count = self.count(size)?;
        let bytes = self.take(count * size)?;
        Ok(bytes.chunks_exact(size).map(|row| narrow(row, wide).into()).collect())
    }

    /// Decodes a padded string after its length. As in Godot, the string ends at the first NUL, and a leading byte
    /// order mark is removed.
    pub(super) fn text(&mut self) -> Result<String, DecodeError> {
        let len = self.count(1)?;
        let at = self.at();
        let bytes = &self.take(len + padding(len))?[..len];
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        match std::str::from_utf8(&bytes[..end]) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(DecodeError::InvalidUtf8 { at }),
        }
    }

    /// Decodes `count` strings.
    pub(super) fn texts(&mut self, count: usize) -> Result<Vec<String>, DecodeError> {
        (0..count).map(|_| self.text()).collect()
    }
}

/// Returns the number of bytes from `len` to the next multiple of four.
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
