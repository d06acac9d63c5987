//! The masking of payloads (RFC 6455, 5.3). tungstenite's is private.

/// Bytes of a word, and of a block of words.
const WORD: usize = 8;
const BLOCK: usize = 8 * WORD;

/// Masks or unmasks bytes that begin at `offset` of their payload.
#[inline]
pub(super) fn apply(data: &mut [u8], mask: [u8; 4], offset: usize) {
    let word = u32::from_le_bytes(mask).rotate_right(8 * (offset % 4) as u32);
    let double = u64::from(word) << 32 | u64::from(word);
    // In blocks, because the compiler uses vectors for them, and fewer jumps.
    let mut blocks = data.chunks_exact_mut(BLOCK);
    for block in &mut blocks {
        block.chunks_exact_mut(WORD).for_each(|bytes| apply_word(bytes, double));
    }
    let mut words = blocks.into_remainder().chunks_exact_mut(WORD);
    words.by_ref().for_each(|bytes| apply_word(bytes, double));
    for (byte, key) in words.into_remainder().iter_mut().zip(double.to_le_bytes()) {
        *byte ^= key;
    }
}

#[inline(always)]
fn apply_word(bytes: &mut [u8], double: u64) {
    let mut value = [0; WORD];
    value.copy_from_slice(bytes);
    bytes.copy_from_slice(&(u64::from_le_bytes(value) ^ double).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_the_one_of_the_rfc_wherever_the_payload_is_split() {
        let mask = [0x6d, 0xb6, 0xb2, 0x80];
        let payload: Vec<u8> = (0..100).collect();
        let expected: Vec<u8> =
            payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % mask.len()]).collect();
        for split in 0..=payload.len() {
            let mut data = payload.clone();
            let (first, second) = data.split_at_mut(split);
            apply(first, mask, 0);
            apply(second, mask, split);
            assert_eq!(data, expected, "split at {split}");
        }
    }
}
