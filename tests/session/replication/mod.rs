//! Nodes that one end spawns and moves, and the others see.

mod declaring;
mod engine;
mod faults;
mod frames;
mod leaving;
mod relayed;
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

/// The two synchronizers of a coin.
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

/// A spawner of coins, and of walls that are always the same; and of any coin that has a name.
fn spawner() -> Spawner {
    let custom = |what: &Variant| matches!(what, Variant::Dictionary(_)).then(coin);
    Spawner::new().scene(coin()).scene(Scene::new([])).custom(custom)
}

fn door() -> Properties {
    Properties::new().with(Property::of::<f64>("angle")).with(Property::of::<bool>("open").on_change())
}

const RED: Color = Color { r: 1.0, g: 0.0, b: 0.0, a: 1.0 };

fn a_coin(name: &'static str) -> Spawn {
    Spawn::scene(0).named(name).with("position", Vector2::new(1.0, 2.0)).with("health", 3).with("color", RED)
}

/// A world in which all of ours have declared a spawner and a door.
struct Stage {
    world: World,
    spawner: BTreeMap<PeerId, NodeKey>,
    door: BTreeMap<PeerId, NodeKey>,
}

impl Stage {
    fn of(clients: &[PeerId]) -> Self {
        let mut stage = Self { world: World::of(clients), spawner: BTreeMap::new(), door: BTreeMap::new() };
        for id in clients.iter().copied().chain([SERVER]) {
            stage.furnish(id);
        }
        stage
    }

    fn furnish(&mut self, id: PeerId) {
        let session = self.world.at(id);
        let door_of = session.register_synchronizer("Main/Door/Sync", door()).unwrap();
        let spawner_of = session.register_spawner("Main/Spawner", spawner()).unwrap();
        self.door.insert(id, door_of);
        self.spawner.insert(id, spawner_of);
    }

    /// A client that has declared its nodes connects.
    fn join(&mut self, id: PeerId) {
        self.world.join(id);
        self.furnish(id);
    }

    fn at(&mut self, id: PeerId) -> &mut Session {
        self.world.at(id)
    }

    /// All agree that it is in these hands.
    fn hand_over(&mut self, node: impl Fn(&Self) -> &BTreeMap<PeerId, NodeKey>, to: PeerId) {
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

    /// One frame at an end; all of it arrives, and what is said in return.
    fn frame(&mut self, id: PeerId) {
        self.at(id).replicate();
        self.world.settle();
    }

    /// What has happened at an end after all has arrived.
    fn told(&mut self, id: PeerId) -> Vec<Event> {
        self.world.settle();
        self.world.events(id)
    }

    /// The one node that was spawned at an end, where nothing else has happened.
    #[track_caller]
    fn spawned(&mut self, id: PeerId) -> Spawned {
        match <[Event; 1]>::try_from(self.told(id)) {
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

/// What a state says.
fn said(state: &State) -> Vec<(&str, String)> {
    state.iter().map(|(name, value)| (name, value.to_string())).collect()
}

/// What events of replication say, without keys.
fn heard(events: &[Event]) -> Vec<String> {
    let told = |state: &State| {
        let all: Vec<String> = state.iter().map(|(name, value)| format!("{name} {value}")).collect();
        all.join(", ")
    };
    let one = |event: &Event| match event {
        Event::Spawned(Spawned { name, kind: SpawnKind::Scene(scene), state, .. }) => {
            format!("spawned {name} of {scene}: {}", told(state))
        }
        Event::Spawned(Spawned { name, kind: SpawnKind::Custom(value), state, .. }) => {
            format!("spawned {name} of {value}: {}", told(state))
        }
        Event::Despawned { .. } => "despawned".to_owned(),
        Event::Synchronized { state, .. } => format!("now {}", told(state)),
        Event::Changed { state, .. } => format!("changed {}", told(state)),
        other => format!("{other:?}"),
    };
    events.iter().map(one).collect()
}
