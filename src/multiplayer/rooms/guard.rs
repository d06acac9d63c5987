//! Access to the session of a room.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use super::{key::RoomKey, table::Room};
use crate::multiplayer::{peer::ServerSide, session::Session};

/// The [`Session`] of a room: [`RoomServer::session`](super::RoomServer::session). Dropping it sends the session's
/// outputs.
#[must_use = "it does nothing by itself"]
pub struct RoomSession<'a> {
    pub(super) key: RoomKey,
    pub(super) room: &'a mut Room,
    pub(super) side: &'a mut ServerSide,
    /// The rooms that the program has changed.
    pub(super) changed: &'a mut Vec<RoomKey>,
}

impl Deref for RoomSession<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.room.session
    }
}

impl DerefMut for RoomSession<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.room.session
    }
}

impl Drop for RoomSession<'_> {
    fn drop(&mut self) {
        self.room.relay.apply_outputs(self.side, &mut self.room.session);
        if !std::mem::replace(&mut self.room.is_changed, true) {
            self.changed.push(self.key);
        }
    }
}

impl fmt::Debug for RoomSession<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomSession")
            .field("room", &self.key)
            .field("session", &self.room.session)
            .finish_non_exhaustive()
    }
}
