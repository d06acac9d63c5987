//! Our end and an engine in a session, with either as the server.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use websocket_peer::multiplayer::{MultiplayerOptions, PeerId, SessionOptions};

use super::godot;
use super::ours::Ours;
use crate::engine::Engine;

/// Our role.
#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    Client,
    Server,
}

/// Our end, and Godot's id.
pub struct Pair {
    pub ours: Ours,
    pub part: Part,
    /// Godot's id.
    pub godot: PeerId,
}

impl Pair {
    /// Connects both ends until they have admitted each other.
    pub fn meet(part: Part, secure: bool, engine: &mut Engine) -> Self {
        let mut ours = begin(patient(), part, secure, engine);
        let godot = match part {
            Part::Client => {
                ours.joined();
                PeerId::SERVER
            }
            Part::Server => {
                engine.event_while("connected_to_server", || ours.poll());
                ours.peer_connected()
            }
        };
        let met = godot::id(&engine.event_while("peer_connected", || ours.poll()));
        assert_eq!((met, godot), (ours.id(), godot::ids(engine).0));
        Self { ours, part, godot }
    }
}

impl Deref for Pair {
    type Target = Ours;

    fn deref(&self) -> &Ours {
        &self.ours
    }
}

impl DerefMut for Pair {
    fn deref_mut(&mut self) -> &mut Ours {
        &mut self.ours
    }
}

/// The default options, with timeouts for a busy machine.
pub fn patient() -> MultiplayerOptions {
    MultiplayerOptions::default().session(SessionOptions::default().drain_timeout(Duration::from_secs(4)))
}

/// Connects both ends.
pub fn begin(options: MultiplayerOptions, part: Part, secure: bool, engine: &mut Engine) -> Ours {
    match part {
        Part::Client => Ours::join(&godot::host(engine, secure), options),
        Part::Server => {
            let ours = Ours::host(options, secure);
            godot::join(engine, &ours.url(secure));
            ours
        }
    }
}
