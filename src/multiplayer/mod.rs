//! Godot's high-level multiplayer: ids, relay, authentication and remote calls between peers.

mod id;

pub use id::{PeerId, Target};
