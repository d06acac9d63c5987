//! WebSocketMultiplayerPeer with Godot's WebSocketMultiplayerPeer without a SceneMultiplayer, as server and as client.

pub mod browser;
mod disconnecting;
mod exchange;
mod godot;
mod joining;
mod leaving;
pub mod ours;
mod targets;

use crate::engine::Engine;
use crate::runner::Scenario;
use ours::{Pair, Part};

/// A scenario of two ends, with either end as the server.
type Behaviour = fn(&mut Pair, &mut Engine);

pub fn all() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (part, name) in [(Part::Client, "our_client"), (Part::Server, "our_server")] {
        for (secure, scheme) in [(false, "ws"), (true, "wss")] {
            for &(behaviour, play) in [exchange::BEHAVIOURS, leaving::BEHAVIOURS].concat().iter() {
                let path = format!("mid_level::{name}::{scheme}::{behaviour}");
                scenarios.push(Scenario::new(&path, move |[engine]| {
                    play(&mut Pair::meet(part, secure, engine), engine);
                }));
            }
        }
    }
    scenarios.extend(targets::all());
    scenarios.extend(disconnecting::all());
    scenarios.extend(joining::all());
    scenarios
}
