//! A hasher for keys that this end assigns, or whose number it limits.

use std::hash::Hasher;

/// A hasher that only needs to spread ids and keys over all bits. If the other end chooses ids so that they collide, a search
/// takes as long as one through all of them, so they must be few.
#[derive(Debug, Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_differ_in_the_bits_that_maps_use() {
        let hash = |id: u32| {
            let mut hasher = IdHasher::default();
            hasher.write_u32(id);
            hasher.finish()
        };
        for (one, other) in [(2, 3), (2, 4), (1 << 30, 1 << 29)] {
            assert_ne!(hash(one) >> 57, hash(other) >> 57);
        }
    }
}
