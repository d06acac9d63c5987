//! Memory for large messages, used again.
//!
//! To give a megabyte back to the system and to get it anew, page by page, costs more than to receive a megabyte into it. So
//! a few blocks are kept, for all connections of the process together. Their bytes are whatever was in them: a block is
//! never shown beyond what was received into it.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Messages from this length on are received into blocks.
pub(super) const LARGE: usize = 64 * 1024;

/// How much memory is kept for the next messages.
const KEPT: usize = 8 * 1024 * 1024;

/// A block may be so many times as large as what it is wanted for.
const SLACK: usize = 4;

static SPARE: Mutex<Spare> = Mutex::new(Spare { blocks: Vec::new(), bytes: 0 });

/// The blocks that nobody needs at present.
#[derive(Debug)]
struct Spare {
    blocks: Vec<Vec<u8>>,
    bytes: usize,
}

/// Initialised memory that goes back to where it came from.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// How much of it was asked for. More is not used, so that nobody seems to hold what is only kept.
    len: usize,
}

impl Block {
    /// So much memory, whatever stands in it.
    pub(super) fn new(len: usize) -> Self {
        let fits = |block: &Vec<u8>| (len..=len.saturating_mul(SLACK)).contains(&block.len());
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        match spare.blocks.iter().position(fits) {
            Some(found) => {
                let block = spare.blocks.swap_remove(found);
                spare.bytes -= block.len();
                Self { bytes: block, len }
            }
            None => Self { bytes: vec![0; len], len },
        }
    }

    pub(super) fn get(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(super) fn get_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }

    /// The first `len` bytes, to be shared; the block comes back when nobody holds them any more.
    pub(super) fn share(self, len: usize) -> Bytes {
        Bytes::from_owner(self).slice(..len)
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        self.get()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.bytes.is_empty() && spare.bytes + self.bytes.len() <= KEPT {
            spare.bytes += self.bytes.len();
            spare.blocks.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_in_a_block_is_not_shown_with_what_is() {
        let mut block = Block::new(LARGE);
        block.get_mut().fill(7);
        let shared = block.share(10);
        assert_eq!(shared, [7; 10][..]);
        drop(shared);
        let again = Block::new(LARGE).share(0);
        assert!(again.is_empty());
    }

    #[test]
    fn no_more_is_kept_than_is_good() {
        let blocks: Vec<_> = (0..40).map(|_| Block::new(KEPT / 10)).collect();
        drop(blocks);
        let spare = SPARE.lock().expect("nobody panicked");
        assert!(spare.bytes <= KEPT);
        assert_eq!(spare.bytes, spare.blocks.iter().map(Vec::len).sum::<usize>());
    }
}
