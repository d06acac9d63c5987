//! The checksum with which two ends compare their methods.

use md5::{Digest, Md5};

/// The checksum of an empty list of methods.
pub(crate) const NO_METHODS: &[u8; 32] = b"d41d8cd98f00b204e9800998ecf8427e";

/// Returns the checksum of methods with these names: the MD5 of the concatenated names, as 32 lower-case hexadecimal
/// digits. The names of the node's own methods come first, then those of the script, each sorted.
pub(super) fn checksum<'n>(names: impl IntoIterator<Item = &'n str>) -> [u8; 32] {
    let mut md5 = Md5::new();
    for name in names {
        md5.update(name);
    }
    let sum = md5.finalize();
    std::array::from_fn(|index| {
        let byte = sum[index / 2];
        let half = if index % 2 == 0 { byte >> 4 } else { byte & 0xf };
        b"0123456789abcdef"[usize::from(half)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: [&str; 7] = ["Zed", "_under", "any_args", "any_local", "auth_only", "bytes", "noargs"];

    /// The last two were recorded from an engine.
    #[test]
    fn the_checksum_is_the_md5_of_the_concatenated_names() {
        for (names, expected) in [
            (&[][..], std::str::from_utf8(NO_METHODS).unwrap()),
            (&["a", "bc"], "900150983cd24fb0d6963f7d28e17f72"),
            (&SCRIPT, "1e680a62c9e72a3aa351ca6d84d5ae0b"),
            (&[&["native_cfg"][..], &SCRIPT].concat(), "6623ca32d71536798930a8763836e16b"),
        ] {
            assert_eq!(checksum(names.iter().copied()), *expected.as_bytes(), "{names:?}");
        }
    }
}
