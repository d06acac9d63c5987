//! SceneMultiplayer in a session with Godot's SceneMultiplayer, as server and as client.

mod authentication;
pub mod browser;
mod bytes;
pub mod calls;
mod calls_of_types;
mod conversions;
pub mod godot;
mod joining;
mod leaving;
mod ours;
pub mod pair;
mod permissions;
mod reading;
mod relay;
mod replication;

use crate::engine::Engine;
use crate::runner::Scenario;
use pair::{Pair, Part};

/// A scenario of two ends, with either end as the server.
type Behaviour = fn(&mut Pair, &mut Engine);

pub fn all() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (part, name) in [(Part::Client, "our_client"), (Part::Server, "our_server")] {
        for (secure, scheme) in [(false, "ws"), (true, "wss")] {
            let mut add = |theme: &str, behaviours: &[(&str, Behaviour)]| {
                for &(behaviour, play) in behaviours {
                    let path = format!("multiplayer::{theme}::{name}::{scheme}::{behaviour}");
                    scenarios.push(Scenario::new(&path, move |[engine]| {
                        play(&mut Pair::meet(part, secure, engine), engine);
                    }));
                }
            };
            add("bytes", bytes::BEHAVIOURS);
            add("leaving", leaving::BEHAVIOURS);
            // These are the same over TLS.
            if !secure {
                add("calls", calls::BEHAVIOURS);
                add("types", calls_of_types::BEHAVIOURS);
                add("conversions", conversions::BEHAVIOURS);
                add("permissions", permissions::BEHAVIOURS);
                add("replication", replication::BEHAVIOURS);
                add("reading", reading::BEHAVIOURS);
            }
        }
        scenarios.extend(authentication::all(part, name));
    }
    scenarios.extend(joining::all());
    scenarios.extend(reading::all());
    scenarios.extend(relay::all());
    scenarios.extend(leaving::all());
    scenarios.extend(replication::all());
    scenarios
}
