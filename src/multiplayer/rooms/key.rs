//! The keys of a server's rooms.

use std::fmt;

/// Identifies a room of a [`RoomServer`](super::RoomServer). A key is never used again, not even after the room is
/// closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomKey(u64);

impl RoomKey {
    /// Returns the number of the room: rooms are numbered from 1, in the order in which they are opened. Rooms of two
    /// servers may have the same number.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    pub(super) fn new(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "room {}", self.0)
    }
}
