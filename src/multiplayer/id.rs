//! Ids of peers, and targets of packets.

use std::{fmt, num::NonZeroU32};

/// The id of a peer in a session: 1 for the server, a higher number for a client.
///
/// Godot: `get_unique_id`.
#[doc(alias = "get_unique_id")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(NonZeroU32);

impl PeerId {
    /// The server of every session.
    ///
    /// Godot: `MultiplayerPeer.TARGET_PEER_SERVER`.
    #[doc(alias = "TARGET_PEER_SERVER")]
    pub const SERVER: Self = Self(NonZeroU32::MIN);

    /// Returns the peer with this id; `None` for 0 and negative numbers.
    pub const fn new(id: i32) -> Option<Self> {
        match NonZeroU32::new(id as u32) {
            Some(number) if id > 0 => Some(Self(number)),
            _ => None,
        }
    }

    /// Returns the id as a number, as it stands in packets.
    pub const fn get(self) -> i32 {
        // It was created from an `i32`.
        self.0.get() as i32
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({})", self.0)
    }
}

/// The peers that a packet or a call is for.
///
/// Godot: `MultiplayerPeer.set_target_peer`, the first argument of `rpc_id`: 0 for all, `id` for one, `-id` for all but
/// one.
#[doc(alias = "set_target_peer")]
#[doc(alias = "rpc_id")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Target {
    /// Every other peer.
    ///
    /// Godot: `TARGET_PEER_BROADCAST`.
    #[doc(alias = "TARGET_PEER_BROADCAST")]
    All,
    /// One peer.
    Peer(PeerId),
    /// Every other peer, except one.
    AllExcept(PeerId),
}

impl Target {
    /// The server.
    pub const SERVER: Self = Self::Peer(PeerId::SERVER);

    /// Returns the target for Godot's number; `None` for `i32::MIN`, which is not the negative of an id.
    pub const fn from_godot(target: i32) -> Option<Self> {
        if target == 0 {
            return Some(Self::All);
        }
        if let Some(peer) = PeerId::new(target) {
            return Some(Self::Peer(peer));
        }
        match target.checked_neg() {
            Some(except) => match PeerId::new(except) {
                Some(except) => Some(Self::AllExcept(except)),
                None => None,
            },
            None => None,
        }
    }

    /// Returns Godot's number for the target.
    pub const fn to_godot(self) -> i32 {
        match self {
            Self::All => 0,
            Self::Peer(peer) => peer.get(),
            Self::AllExcept(peer) => -peer.get(),
        }
    }
}

impl From<PeerId> for Target {
    fn from(peer: PeerId) -> Self {
        Self::Peer(peer)
    }
}

/// An id is its number.
#[cfg(feature = "serde")]
mod serialization {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::PeerId;

    impl Serialize for PeerId {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_i32(self.get())
        }
    }

    impl<'de> Deserialize<'de> for PeerId {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Self::new(i32::deserialize(deserializer)?)
                .ok_or_else(|| D::Error::custom("peer ids are positive"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_the_numbers_of_godot() {
        for number in [0, 1, 2, i32::MAX, -1, -2, -i32::MAX] {
            assert_eq!(Target::from_godot(number).map(Target::to_godot), Some(number));
        }
        assert_eq!(Target::from_godot(i32::MIN), None);
        assert_eq!(PeerId::new(0), None);
        assert_eq!(PeerId::new(-1), None);
        assert_eq!(PeerId::SERVER.get(), 1);
    }
}
