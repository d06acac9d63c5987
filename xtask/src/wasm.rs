//! Reads WebAssembly modules: their sections and imports.

use anyhow::{Context, Result, ensure};

/// The magic number and the version.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// The id of sections that the module runs without.
const CUSTOM: u8 = 0;

/// The id of the section of imports.
const IMPORTS: u8 = 2;

/// A function that a module imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub module: String,
    pub name: String,
}

/// Returns the functions that the module imports. Any other import is an error.
pub fn imports(module: &[u8]) -> Result<Vec<Import>> {
    ensure!(module.starts_with(HEADER), "not a WebAssembly module of version 1");
    let mut rest = &module[HEADER.len()..];
    while let Some((&id, after)) = rest.split_first() {
        let (content, after) = sized(after)?;
        if id == IMPORTS {
            return functions(content);
        }
        rest = after;
    }
    Ok(Vec::new())
}

/// Reads the section of imports.
fn functions(section: &[u8]) -> Result<Vec<Import>> {
    let (count, mut rest) = leb128(section)?;
    let mut imports = Vec::new();
    for _ in 0..count {
        let (module, after) = sized(rest)?;
        let (name, after) = sized(after)?;
        let (&kind, after) = after.split_first().context("an import without a kind")?;
        let import =
            Import { module: String::from_utf8(module.to_vec())?, name: String::from_utf8(name.to_vec())? };
        ensure!(kind == 0, "{import:?} is not a function");
        imports.push(import);
        rest = leb128(after)?.1;
    }
    Ok(imports)
}

/// Returns the module without its custom sections `name`. Only debuggers read the names of functions, and they are a
/// fifth of a small module as it is sent.
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
    fn imports_are_read() {
        let env =
            |name: &str, kind| [&b"\x03env"[..], &[name.len() as u8], name.as_bytes(), &[kind, 7]].concat();
        let module = |imports: &[u8]| [HEADER, &section(1, &[0]), &section(IMPORTS, imports)].concat();
        let two = [&[2], &env("first", 0)[..], &env("second", 0)].concat();
        let import = |name: &str| Import { module: "env".to_owned(), name: name.to_owned() };
        assert_eq!(imports(&module(&two)).unwrap(), [import("first"), import("second")]);
        assert_eq!(imports(HEADER).unwrap(), []);
        assert!(imports(&module(&[&[1], &env("memory", 2)[..]].concat())).is_err());
        assert!(imports(&module(&[9])).is_err());
    }

    #[test]
    fn anything_else_is_an_error() {
        for module in [&b""[..], b"<html>", b"\0asm\x01\0\0\0\x00\x05\x04nam", b"\0asm\x01\0\0\0\x0a\xff"] {
            assert!(without_names(module).is_err(), "{module:?}");
        }
    }
}
