//! Information about rooms, for lists and metrics.

use super::{key::RoomKey, options::RoomOptions, table::Room};
use crate::{
    multiplayer::{id::PeerId, stats::SessionStats},
    server::WebSocketServer,
    stats::ServerStats,
};

/// Information about a room: [`RoomServer::room`](super::RoomServer::room).
#[derive(Debug, Clone, Copy)]
pub struct RoomInfo<'a> {
    key: RoomKey,
    room: &'a Room,
    server: &'a WebSocketServer,
}

impl<'a> RoomInfo<'a> {
    pub(super) fn new(key: RoomKey, room: &'a Room, server: &'a WebSocketServer) -> Self {
        Self { key, room, server }
    }

    /// Returns its key.
    pub fn key(&self) -> RoomKey {
        self.key
    }

    /// Returns its name.
    pub fn name(&self) -> &'a str {
        &self.room.name
    }

    /// Returns the options that it was opened with.
    pub fn options(&self) -> &'a RoomOptions {
        &self.room.options
    }

    /// Returns the number of [`peers`](Self::peers).
    pub fn peer_count(&self) -> usize {
        self.room.session.peers().len()
    }

    /// Returns the peers that are connected as far as the program has read events, in the order of their ids.
    pub fn peers(&self) -> impl ExactSizeIterator<Item = PeerId> + 'a {
        self.room.session.peers()
    }

    /// Returns the memory that its peers hold, in bytes: packets in both directions, requests, and what the session keeps
    /// for them. Bytes that wait for several of them count once.
    pub fn memory(&self) -> usize {
        self.server.group_memory(self.room.memory)
    }

    /// Returns the counters of its session.
    pub fn stats(&self) -> SessionStats {
        self.room.session.stats()
    }
}

/// Counters of a server of rooms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomServerStats {
    /// The connections of all rooms together.
    pub server: ServerStats,
    /// Rooms that are now open.
    pub rooms: usize,
    /// Rooms that were opened so far.
    pub opened: u64,
    /// Rooms that were closed so far.
    pub closed: u64,
    /// Moves of peers to another room so far.
    pub moves: u64,
}
