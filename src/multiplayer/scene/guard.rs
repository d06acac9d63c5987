//! Access to the session of a [`SceneMultiplayer`].

use std::ops::{Deref, DerefMut};

use super::{SceneMultiplayer, Session};

/// The [`Session`] of a [`SceneMultiplayer`]: [`SceneMultiplayer::session`]. Dropping it sends the session's outputs.
#[derive(Debug)]
#[must_use = "it does nothing by itself"]
pub struct SessionGuard<'a> {
    pub(super) peer: &'a mut SceneMultiplayer,
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
