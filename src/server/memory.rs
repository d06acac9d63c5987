//! What all connections together may have waiting.
//!
//! Half of it is whoever's comes first. The other half is set aside in equal shares: while the first is used up, a
//! connection that holds less than its share goes on as if nothing were, and the others are not read from until there
//! is room again. So a few that hold much cannot stop the many that hold little.

use super::member::Member;

/// The account of a server's memory.
#[derive(Debug)]
pub(super) struct Memory {
    held: usize,
    /// What may be held before shares count.
    common: usize,
    share: usize,
    /// Whether the log was told that it is scarce.
    was_told: bool,
}

impl Memory {
    pub(super) fn new(max: usize, max_members: usize) -> Self {
        let common = max / 2;
        Self { held: 0, common, share: common / max_members.max(1), was_told: false }
    }

    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Looks again at what one holds.
    pub(super) fn recount(&mut self, member: &mut Member) {
        let now = member.weigh();
        let before = std::mem::replace(&mut member.held, now);
        self.change(before, now);
    }

    /// One that is gone holds nothing any more.
    pub(super) fn remove(&mut self, member: &Member) {
        self.change(member.held, 0);
    }

    fn change(&mut self, before: usize, now: usize) {
        self.held = self.held - before + now;
    }

    /// Whether shares count.
    pub(super) fn is_scarce(&self) -> bool {
        self.held >= self.common
    }

    /// Tells the log, once for each time that it becomes scarce.
    pub(super) fn tell(&mut self) {
        if self.is_scarce() && !self.was_told {
            self.was_told = true;
            log::warn!("{} bytes wait: peers that hold more than their share are not read from", self.held);
        } else if self.held < self.common / 2 {
            self.was_told = false;
        }
    }

    /// How much more one may take that holds `held`.
    pub(super) fn room(&self, held: usize) -> usize {
        let common = self.common.saturating_sub(self.held);
        common.max(self.share.saturating_sub(held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_there_is_enough_nobody_is_held_to_a_share() {
        let mut memory = Memory::new(2000, 10);
        memory.change(0, 900);
        assert_eq!((memory.held(), memory.is_scarce()), (900, false));
        assert_eq!(memory.room(900), 100);
    }

    #[test]
    fn when_it_is_used_up_those_below_their_share_go_on() {
        let mut memory = Memory::new(2000, 10);
        memory.change(0, 1000);
        assert!(memory.is_scarce());
        assert_eq!((memory.room(1000), memory.room(0)), (0, 100));
        memory.change(0, 60);
        assert_eq!(memory.room(60), 40);
        memory.change(1000, 0);
        assert_eq!((memory.held(), memory.is_scarce()), (60, false));
    }
}
