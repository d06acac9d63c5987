//! The session in the program's hands.

use std::ops::{Deref, DerefMut};

use super::{MultiplayerPeer, Session};

/// The [`Session`] of a [`MultiplayerPeer`]: [`MultiplayerPeer::session`]. When it is dropped, what the session has put out is
/// sent.
#[derive(Debug)]
#[must_use = "it does nothing by itself"]
pub struct SessionGuard<'a> {
    pub(super) peer: &'a mut MultiplayerPeer,
}

impl Deref for SessionGuard<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.peer.session
    }
}

impl DerefMut for SessionGuard<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.peer.session
    }
}

impl Drop for SessionGuard<'_> {
    fn drop(&mut self) {
        self.peer.flush_outputs();
        self.peer.schedule_wake();
    }
}
