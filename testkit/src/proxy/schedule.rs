//! The time at which each piece of a block is written. No socket and no clock; the same seed gives the same times.

use std::ops::Range;
use std::time::Duration;

use super::plan::{Chunking, DirectionPlan};
use crate::random::Random;

/// A part of a block, and the time after the read at which it is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) range: Range<usize>,
    pub(super) due: Duration,
}

/// The schedule of one direction.
pub(super) struct Schedule {
    chunking: Chunking,
    delay: Duration,
    jitter: Duration,
    random: Random,
    /// The number of bytes that have been scheduled.
    count: u64,
}

impl Schedule {
    pub(super) fn new(plan: &DirectionPlan, seed: u64) -> Self {
        Self {
            chunking: plan.chunking,
            delay: plan.delay,
            jitter: plan.jitter,
            random: Random::new(seed),
            count: 0,
        }
    }

    /// Returns the pieces of the next block, which has `len` bytes.
    pub(super) fn pieces(&mut self, len: usize) -> Vec<Piece> {
        let split = match self.chunking {
            Chunking::Split { first } => {
                len.min(usize::try_from(first.saturating_sub(self.count)).unwrap_or(len))
            }
            Chunking::Unchanged | Chunking::Joined { .. } => 0,
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

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_block_stays_whole_by_default() {
        let mut schedule = Schedule::new(&DirectionPlan::default(), 1);
        assert_eq!(schedule.pieces(5), [Piece { range: 0..5, due: Duration::ZERO }]);
        assert_eq!(schedule.pieces(0), []);
    }

    #[test]
    fn the_first_bytes_are_split_across_blocks() {
        let mut schedule = Schedule::new(&DirectionPlan::default().split_first(4), 1);
        let mut lengths =
            |len| -> Vec<_> { schedule.pieces(len).iter().map(|piece| piece.range.len()).collect() };
        assert_eq!(lengths(3), [1, 1, 1]);
        assert_eq!(lengths(3), [1, 2]);
        assert_eq!(lengths(3), [3]);
    }

    #[test]
    fn pieces_are_in_order_and_within_delay_and_jitter() {
        let plan = DirectionPlan::default().split().delay(5 * MS, 3 * MS);
        let pieces = Schedule::new(&plan, 1).pieces(1000);
        assert!(pieces.is_sorted_by_key(|piece| piece.due));
        assert!(pieces.iter().enumerate().all(|(at, piece)| piece.range == (at..at + 1)));
        assert!(pieces.iter().all(|piece| (5 * MS..8 * MS).contains(&piece.due)));
        assert!(pieces[999].due - pieces[0].due > 2 * MS, "the pieces are spread");
    }

    #[test]
    fn the_seed_decides_the_times() {
        let plan = DirectionPlan::default().split().delay(5 * MS, 3 * MS);
        let pieces = |seed| Schedule::new(&plan, seed).pieces(10);
        assert_eq!(pieces(1), pieces(1));
        assert_ne!(pieces(1), pieces(2));
    }
}
