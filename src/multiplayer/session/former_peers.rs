//! Peers that have left: other peers may still send to them, because they do not know it yet.

use std::{collections::VecDeque, time::Duration};

use crate::multiplayer::id::PeerId;

/// The time for which a peer is remembered: longer than the heartbeat keeps a connection that delivers nothing.
const MEMORY_TIME: Duration = Duration::from_secs(60);

/// The number of peers that are remembered.
const MAX_PEERS: usize = 1024;

/// The peers that have left in the last minute, at most 1024 of them.
#[derive(Debug, Default)]
pub(super) struct FormerPeers {
    /// In the order in which they left.
    left: VecDeque<(Duration, PeerId)>,
}

impl FormerPeers {
    /// Adds a peer that leaves now.
    pub(super) fn add(&mut self, peer: PeerId, now: Duration) {
        self.advance(now);
        if self.left.len() >= MAX_PEERS {
            self.left.pop_front();
        }
        self.left.push_back((now, peer));
    }

    /// Forgets the peers that have left too long ago.
    pub(super) fn advance(&mut self, now: Duration) {
        while self.left.front().is_some_and(|(left, _)| now.saturating_sub(*left) > MEMORY_TIME) {
            self.left.pop_front();
        }
    }

    /// Returns `true` if the peer has left not long ago.
    pub(super) fn contains(&self, peer: PeerId) -> bool {
        self.left.iter().any(|(_, former)| *former == peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: usize) -> PeerId {
        PeerId::new(i32::try_from(number).unwrap()).unwrap()
    }

    #[test]
    fn a_bounded_number_of_peers_is_remembered_for_a_minute() {
        let mut former = FormerPeers::default();
        let time = Duration::from_secs;
        former.add(peer(2), time(10));
        former.add(peer(3), time(20));
        former.advance(time(70));
        assert!(former.contains(peer(2)) && former.contains(peer(3)) && !former.contains(peer(4)));
        former.advance(time(71));
        assert!(!former.contains(peer(2)) && former.contains(peer(3)));
        for number in 10..10 + MAX_PEERS {
            former.add(peer(number), time(30));
        }
        assert_eq!(former.left.len(), MAX_PEERS);
        assert!(!former.contains(peer(3)) && former.contains(peer(10)));
        former.add(peer(5), time(100));
        assert_eq!(former.left.len(), 1);
    }
}
