//! The peers that see a node.

use std::collections::BTreeSet;

use crate::multiplayer::id::{PeerId, Target};

/// A default for all peers, and the peers that are exceptions. A peer that connects later is not an exception.
///
/// Godot: `public_visibility`, `set_visibility_for`. In Godot, a public node has no exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visibility {
    is_public: bool,
    except: BTreeSet<PeerId>,
}

impl Visibility {
    pub(super) fn new(is_public: bool) -> Self {
        Self { is_public, except: BTreeSet::new() }
    }

    pub(crate) fn is_for(&self, peer: PeerId) -> bool {
        self.is_public != self.except.contains(&peer)
    }

    /// Returns those of `peers` that see the node.
    pub(crate) fn among(&self, peers: &[PeerId]) -> Vec<PeerId> {
        match self.except.is_empty() {
            true if self.is_public => peers.to_vec(),
            true => Vec::new(),
            false => peers.iter().copied().filter(|peer| self.is_for(*peer)).collect(),
        }
    }

    /// Shows or hides the node. [`Target::All`] and [`Target::AllExcept`] include peers that connect later.
    pub(crate) fn set(&mut self, target: Target, visible: bool) {
        match target {
            Target::All => *self = Self::new(visible),
            Target::Peer(peer) if visible == self.is_public => {
                self.except.remove(&peer);
            }
            Target::Peer(peer) => {
                self.except.insert(peer);
            }
            Target::AllExcept(peer) => {
                let other = self.is_for(peer);
                *self = Self::new(visible);
                self.set(Target::Peer(peer), other);
            }
        }
    }

    pub(super) fn forget(&mut self, peer: PeerId) {
        self.except.remove(&peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_setting_for_each_peer_counts() {
        let peers = [2, 3, 4].map(|id| PeerId::new(id).unwrap());
        let [a, b, c] = peers;
        for is_public in [true, false] {
            let mut visibility = Visibility::new(is_public);
            let mut expected = [is_public; 3];
            let changes = [
                (Target::Peer(a), true, 0b001),
                (Target::Peer(b), false, 0b010),
                (Target::AllExcept(b), false, 0b101),
                (Target::Peer(c), true, 0b100),
                (Target::AllExcept(c), true, 0b011),
                (Target::Peer(c), false, 0b100),
                (Target::All, true, 0b111),
                (Target::Peer(a), false, 0b001),
                (Target::All, false, 0b111),
            ];
            for (target, visible, affected) in changes {
                visibility.set(target, visible);
                for (index, peer) in peers.iter().enumerate() {
                    if affected >> index & 1 == 1 {
                        expected[index] = visible;
                    }
                    assert_eq!(visibility.is_for(*peer), expected[index], "{target:?} {visible}");
                }
                let among: Vec<PeerId> =
                    peers.iter().zip(expected).filter(|(_, seen)| *seen).map(|(peer, _)| *peer).collect();
                assert_eq!(visibility.among(&peers), among);
            }
        }
    }
}
