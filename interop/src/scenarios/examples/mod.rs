//! The chat and the turn game of `examples/chat` and `examples/game` with those of `examples/godot`, in both roles, and
//! with ends that know only the messages of Godot's own demos. The rooms of `examples/rooms`, with engines as players.

pub mod browser;
mod chat;
mod demo_chat;
mod game;
mod rooms;

use crate::runner::Scenario;

pub fn all() -> Vec<Scenario> {
    let mut scenarios = chat::all();
    scenarios.extend(demo_chat::all());
    scenarios.extend(game::all());
    scenarios.extend(rooms::all());
    scenarios
}
