//! Removes the names of functions from a WebAssembly module. Only debuggers read them, and they are a fifth of a small
//! module as it is sent.

use anyhow::{Context, Result, ensure};

/// The magic number and the version.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// The id of sections that the module runs without.
const CUSTOM: u8 = 0;

/// Returns the module without its custom sections `name`.
pub fn without_names(module: &[u8]) -> Result<Vec<u8>> {
    ensure!(module.starts_with(HEADER), "not a WebAssembly module of version 1");
    let mut kept = HEADER.to_vec();
    let mut rest = &module[HEADER.len()..];
    while let Some((&id, after)) = rest.split_first() {
        let (content, after) = sized(after)?;
        let is_names = id == CUSTOM && sized(content)?.0 == b"name";
        if !is_names {
            kept.extend_from_slice(&rest[..rest.len() - after.len()]);
        }
        rest = after;
    }
    Ok(kept)
}

/// Splits bytes that begin with their size from what follows them.
fn sized(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    let (size, rest) = leb128(bytes)?;
    rest.split_at_checked(size).context("a section is longer than the module")
}

/// Reads an unsigned number of at most 32 bits.
fn leb128(bytes: &[u8]) -> Result<(usize, &[u8])> {
    let mut number = 0_u64;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((usize::try_from(number)?, &bytes[index + 1..]));
        }
    }
    anyhow::bail!("a size without an end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        // Sizes from 128 on take two bytes.
        let size = content.len();
        let size = if size < 128 { vec![size as u8] } else { vec![size as u8 | 0x80, (size >> 7) as u8] };
        [&[id], &size[..], content].concat()
    }

    #[test]
    fn only_the_names_are_removed() {
        let code = section(10, &[7; 300]);
        let names = section(CUSTOM, &[b"\x04name", &[1; 200][..]].concat());
        let features = section(CUSTOM, b"\x0ftarget_features\x00");
        let module = [HEADER, &code, &names, &features].concat();
        assert_eq!(without_names(&module).unwrap(), [HEADER, &code, &features].concat());
    }

    #[test]
    fn anything_else_is_an_error() {
        for module in [&b""[..], b"<html>", b"\0asm\x01\0\0\0\x00\x05\x04nam", b"\0asm\x01\0\0\0\x0a\xff"] {
            assert!(without_names(module).is_err(), "{module:?}");
        }
    }
}
