//! Replication of nodes.

mod engine;
mod errors;
mod frames;
mod registration;
mod relayed;
mod removal;
mod spawning;
mod visibility;

use std::collections::BTreeMap;

use websocket_peer::{
    multiplayer::{
        Event, NodeKey, PacketError, PeerId, Properties, Property, Scene, Session, Spawn, SpawnKind, Spawned,
        Spawner, State,
    },
    variant::{Color, Variant, Vector2},
};

use crate::world::{Client, SERVER, World};

/// Returns a scene with two synchronizers.
fn coin() -> Scene {
    let moving = Properties::new()
        .with(Property::of::<Vector2>("position"))
        .with(Property::of::<i64>("health").on_change())
        .with(Property::of::<i64>("hidden").on_change().not_at_spawn());
    let look = Properties::new()
        .with(Property::of::<Color>("color").never())
        .with(Property::of::<f64>("rotation").not_at_spawn());
    Scene::new([moving, look])
}

/// Returns a spawner of coins, and of walls, which have no properties. A dictionary spawns a coin as well.
fn spawner() -> Spawner {
    let custom = |value: &Variant| matches!(value, Variant::Dictionary(_)).then(coin);
    Spawner::new().scene(coin()).scene(Scene::new([])).custom(custom)
}

fn door() -> Properties {
    Properties::new().with(Property::of::<f64>("angle")).with(Property::of::<bool>("open").on_change())
}

const RED: Color = Color { r: 1.0, g: 0.0, b: 0.0, a: 1.0 };

fn a_coin(name: &'static str) -> Spawn {
    Spawn::scene(0).named(name).with("position", Vector2::new(1.0, 2.0)).with("health", 3).with("color", RED)
}

/// A world in which all our sessions have registered a spawner and a door.
struct Setup {
    world: World,
    spawner: BTreeMap<PeerId, NodeKey>,
    door: BTreeMap<PeerId, NodeKey>,
}

impl Setup {
    fn of(clients: &[PeerId]) -> Self {
        let mut setup = Self { world: World::of(clients), spawner: BTreeMap::new(), door: BTreeMap::new() };
        for id in clients.iter().copied().chain([SERVER]) {
            setup.register_nodes(id);
        }
        setup
    }

    fn register_nodes(&mut self, id: PeerId) {
        let session = self.world.at(id);
        let door_of = session.register_synchronizer("Main/Sync", door()).unwrap();
        let spawner_of = session.register_spawner("Main/Spawner", spawner()).unwrap();
        self.door.insert(id, door_of);
        self.spawner.insert(id, spawner_of);
    }

    /// Connects a client that has registered its nodes.
    fn join(&mut self, id: PeerId) {
        self.world.join(id);
        self.register_nodes(id);
    }

    fn at(&mut self, id: PeerId) -> &mut Session {
        self.world.at(id)
    }

    /// Sets the authority of a node at all our sessions.
    fn set_authority_of(&mut self, node: impl Fn(&Self) -> &BTreeMap<PeerId, NodeKey>, to: PeerId) {
        for (id, node) in node(self).clone() {
            if id == SERVER || matches!(self.world.clients.get(&id), Some(Client::Ours(_))) {
                self.world.at(id).set_authority(node, to).unwrap();
            }
        }
    }

    fn spawn(&mut self, id: PeerId, spawn: Spawn) -> NodeKey {
        let spawner = self.spawner[&id];
        self.at(id).spawn(spawner, spawn).unwrap()
    }

    /// Sends a frame from one end, and delivers all packets.
    fn frame(&mut self, id: PeerId) {
        self.at(id).replicate();
        self.world.settle();
    }

    /// Delivers all packets, and returns the events of one end.
    fn events_at(&mut self, id: PeerId) -> Vec<Event> {
        self.world.settle();
        self.world.events(id)
    }

    /// Returns the node that was spawned at an end, which must be its only event.
    #[track_caller]
    fn spawned(&mut self, id: PeerId) -> Spawned {
        match <[Event; 1]>::try_from(self.events_at(id)) {
            Ok([Event::Spawned(spawned)]) => spawned,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn rejections(&mut self, id: PeerId) -> Vec<(PeerId, PacketError)> {
        self.world.settle();
        self.world.rejections(id)
    }
}

/// Returns the values of a state as text.
fn values_of(state: &State) -> Vec<(&str, String)> {
    state.iter().map(|(name, value)| (name, value.to_string())).collect()
}

/// Describes events of replication, without keys.
fn describe(events: &[Event]) -> Vec<String> {
    let values = |state: &State| {
        let all: Vec<String> = state.iter().map(|(name, value)| format!("{name} {value}")).collect();
        all.join(", ")
    };
    let one = |event: &Event| match event {
        Event::Spawned(Spawned { name, kind: SpawnKind::Scene(scene), state, .. }) => {
            format!("spawned {name} of {scene}: {}", values(state))
        }
        Event::Spawned(Spawned { name, kind: SpawnKind::Custom(value), state, .. }) => {
            format!("spawned {name} of {value}: {}", values(state))
        }
        Event::Despawned { .. } => "despawned".to_owned(),
        Event::Synchronized { state, .. } => format!("now {}", values(state)),
        Event::Changed { state, .. } => format!("changed {}", values(state)),
        other => format!("{other:?}"),
    };
    events.iter().map(one).collect()
}
