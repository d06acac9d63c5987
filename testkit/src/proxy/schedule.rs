//! When each piece of a block leaves: no socket, no clock, and the same for the same seed.

use std::ops::Range;
use std::time::Duration;

use super::plan::{Grain, Way};

/// A part of a block, and how long after the block was read it is to be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) range: Range<usize>,
    pub(super) due: Duration,
}

/// The pieces of one direction, block by block.
pub(super) struct Schedule {
    grain: Grain,
    delay: Duration,
    jitter: Duration,
    random: Random,
    /// How many bytes have been scheduled.
    count: u64,
}

impl Schedule {
    pub(super) fn new(way: &Way, seed: u64) -> Self {
        Self { grain: way.grain, delay: way.delay, jitter: way.jitter, random: Random(seed), count: 0 }
    }

    /// The pieces of the next block, which has `len` bytes.
    pub(super) fn pieces(&mut self, len: usize) -> Vec<Piece> {
        let split = match self.grain {
            Grain::Split { first } => {
                len.min(usize::try_from(first.saturating_sub(self.count)).unwrap_or(len))
            }
            Grain::AsItComes | Grain::Joined { .. } => 0,
        };
        self.count += len as u64;
        let ranges = (0..split).map(|at| at..at + 1).chain((split < len).then_some(split..len));
        let ranges: Vec<_> = ranges.collect();
        let mut dues: Vec<_> =
            ranges.iter().map(|_| self.delay + self.jitter.mul_f64(self.random.fraction())).collect();
        dues.sort_unstable();
        ranges.into_iter().zip(dues).map(|(range, due)| Piece { range, due }).collect()
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, and good enough to shake a network.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// At least 0 and less than 1.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_comes_at_once_leaves_at_once_by_default() {
        let mut schedule = Schedule::new(&Way::default(), 1);
        assert_eq!(schedule.pieces(5), [Piece { range: 0..5, due: Duration::ZERO }]);
        assert_eq!(schedule.pieces(0), []);
    }

    #[test]
    fn the_first_bytes_are_split_across_blocks() {
        let mut schedule = Schedule::new(&Way::default().split_first(4), 1);
        let mut lengths =
            |len| -> Vec<_> { schedule.pieces(len).iter().map(|piece| piece.range.len()).collect() };
        assert_eq!(lengths(3), [1, 1, 1]);
        assert_eq!(lengths(3), [1, 2]);
        assert_eq!(lengths(3), [3]);
    }

    #[test]
    fn pieces_keep_their_order_and_their_time() {
        let way = Way::default().split().delay(5 * MS, 3 * MS);
        let pieces = Schedule::new(&way, 1).pieces(1000);
        assert!(pieces.is_sorted_by_key(|piece| piece.due));
        assert!(pieces.iter().enumerate().all(|(at, piece)| piece.range == (at..at + 1)));
        assert!(pieces.iter().all(|piece| (5 * MS..8 * MS).contains(&piece.due)));
        assert!(pieces[999].due - pieces[0].due > 2 * MS, "they are spread");
    }

    #[test]
    fn the_seed_decides() {
        let way = Way::default().split().delay(5 * MS, 3 * MS);
        let pieces = |seed| Schedule::new(&way, seed).pieces(10);
        assert_eq!(pieces(1), pieces(1));
        assert_ne!(pieces(1), pieces(2));
    }
}
