//! Nodes that one end spawns and moves.

use serde_json::{Value, json};
use websocket_peer::multiplayer::{
    Event, Method, Methods, MultiplayerOptions, NodeKey, PeerId, Properties, Property, Spawn, SpawnKind,
    Spawned, Spawner, State, Target,
};
use websocket_peer::variant::{Dictionary, Variant, Vector2};

use super::joining::enter;
use super::ours::Ours;
use super::pair::Pair;
use super::{Behaviour, godot};
use crate::engine::Engine;
use crate::runner::Scenario;

/// The scenarios with our end in either role. The spawning end is the authority.
pub const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("we_spawn_move_and_remove", we_spawn_move_and_remove),
    ("godot_spawns_moves_and_removes", godot_spawns_moves_and_removes),
    ("we_spawn_of_a_value", we_spawn_of_a_value),
    ("godot_spawns_of_a_value", godot_spawns_of_a_value),
    ("we_synchronize_an_existing_node", we_synchronize_an_existing_node),
    ("godot_synchronizes_an_existing_node", godot_synchronizes_an_existing_node),
    ("spawned_nodes_are_called", spawned_nodes_are_called),
    ("nodes_of_godot_are_removed_with_it", nodes_of_godot_are_removed_with_it),
    ("our_nodes_are_removed_with_us", our_nodes_are_removed_with_us),
];

pub fn all() -> Vec<Scenario> {
    let name = |name: &str| format!("multiplayer::replication::{name}");
    vec![
        Scenario::new(&name("an_engine_joins_late"), an_engine_joins_late),
        Scenario::new(&name("we_join_late"), we_join_late),
        Scenario::new(&name("visibility_limits_who_sees_a_node"), visibility_limits_who_sees_a_node),
    ]
}

const SPAWNER: &str = "Arena/Spawner";
pub const TANK: &str = "Arena/Units/Tank";

/// The synchronizer in `unit.tscn`.
fn unit() -> Properties {
    Properties::new()
        .with(Property::of::<Vector2>("position"))
        .with(Property::of::<i64>("health").on_change())
        .with(Property::of::<String>("title").never())
}

/// The spawner of `arena.gd`.
fn spawner() -> Spawner {
    Spawner::new().scene(unit()).custom(|value| match value {
        Variant::Dictionary(unit_data) if unit_data.contains_key(&"title".into()) => Some(unit().into()),
        _ => None,
    })
}

/// The node that most scenarios spawn.
fn tank() -> Spawn {
    let spawn = Spawn::scene(0).named("Tank").with("position", Vector2::new(1.0, 2.0));
    spawn.with("health", 50).with("title", "the first")
}

/// Its state in an engine's event.
fn tank_event() -> Value {
    json!({ "name": "Tank", "x": 1.0, "y": 2.0, "health": 50, "title": "the first" })
}

/// Registers the arena at both ends, with this peer as its authority.
#[track_caller]
pub fn add_arena(pair: &mut Pair, engine: &mut Engine, authority: PeerId) -> NodeKey {
    godot::add_node(engine, "Arena", "arena");
    engine.ask("set_authority", json!({ "path": "Arena", "id": authority.get() }));
    let mut session = pair.peer().session();
    let arena = session.register_spawner(SPAWNER, spawner()).expect("a path");
    session.set_authority(arena, authority).expect("a node");
    arena
}

#[track_caller]
fn set(ours: &mut Ours, node: NodeKey, property: &str, value: impl Into<Variant>) {
    ours.peer().session().set_property(node, property, value).expect("a property");
}

/// Runs a frame of our end.
fn frame(ours: &mut Ours) {
    ours.poll();
    ours.peer().session().replicate();
}

fn in_arena(method: &str, arguments: &[&str]) -> Value {
    json!({ "path": "Arena", "method": method, "arguments": arguments })
}

#[track_caller]
pub fn spawn_in_godot(engine: &mut Engine) {
    engine.ask("call", in_arena("spawn_unit", &["\"Tank\"", "Vector2(1, 2)", "50", "\"the first\""]));
}

fn set_in_godot(engine: &mut Engine, path: &str, property: &str, text: &str) {
    engine.ask("set_property", json!({ "path": path, "property": property, "text": text }));
}

#[track_caller]
fn spawned(ours: &mut Ours) -> Spawned {
    ours.event("a spawn", |event| match event {
        Event::Spawned(spawned) => Some(spawned.clone()),
        _ => None,
    })
}

/// Waits until a node has this value.
#[track_caller]
fn synchronized(ours: &mut Ours, node: NodeKey, property: &str, expected: &Variant) {
    ours.event("the new value", |event| match event {
        Event::Synchronized { node: of, state, .. } => {
            (*of == node && state.get(property) == Some(expected)).then_some(())
        }
        _ => None,
    });
}

fn pairs(state: &State) -> Vec<(&str, Variant)> {
    state.iter().map(|(name, value)| (name, value.clone())).collect()
}

fn tank_state() -> [(&'static str, Variant); 3] {
    [("position", Vector2::new(1.0, 2.0).into()), ("health", 50.into()), ("title", "the first".into())]
}

fn we_spawn_move_and_remove(pair: &mut Pair, engine: &mut Engine) {
    let own = pair.id();
    let arena = add_arena(pair, engine, own);
    let node = pair.peer().session().spawn(arena, tank()).expect("a spawn");
    assert_eq!(engine.event_while("appeared", || frame(pair)), tank_event());

    set(pair, node, "position", Vector2::new(3.0, 4.0));
    let changed = engine.event_while("changed", || frame(pair));
    assert_eq!((&changed["x"], &changed["y"], &changed["health"]), (&json!(3.0), &json!(4.0), &json!(50)));
    set(pair, node, "health", 49);
    assert_eq!(engine.event_while("changed", || frame(pair))["health"], 49);

    pair.peer().session().despawn(node).expect("a node");
    assert_eq!(engine.event_while("vanished", || frame(pair))["name"], "Tank");
    // The name can be used again.
    pair.peer().session().spawn(arena, tank()).expect("a spawn");
    assert_eq!(engine.event_while("appeared", || frame(pair)), tank_event());
}

fn godot_spawns_moves_and_removes(pair: &mut Pair, engine: &mut Engine) {
    let godot = pair.godot;
    let arena = add_arena(pair, engine, godot);
    for _ in 0..2 {
        spawn_in_godot(engine);
        let tank = spawned(pair);
        assert_eq!((tank.from, tank.spawner, &*tank.name), (godot, arena, "Tank"));
        assert_eq!((&tank.kind, &pairs(&tank.state)[..]), (&SpawnKind::Scene(0), &tank_state()[..]));

        set_in_godot(engine, TANK, "position", "Vector2(3, 4)");
        synchronized(pair, tank.node, "position", &Vector2::new(3.0, 4.0).into());
        set_in_godot(engine, TANK, "health", "49");
        // The state at the spawn is reported as a change, too.
        pair.event("a change", |event| match event {
            Event::Changed { node, state, .. } => {
                (*node == tank.node && pairs(state) == [("health", 49.into())]).then_some(())
            }
            _ => None,
        });

        engine.ask("call", in_arena("remove_unit", &["\"Tank\""]));
        pair.expect(&Event::Despawned { from: godot, spawner: arena, node: tank.node });
    }
}

fn we_spawn_of_a_value(pair: &mut Pair, engine: &mut Engine) {
    let own = pair.id();
    let arena = add_arena(pair, engine, own);
    let data: Dictionary =
        [("name", Variant::from("Orc")), ("title", "the green".into())].into_iter().collect();
    let spawn = Spawn::custom(data).named("Orc").with("position", Vector2::new(5.0, 6.0));
    let spawn = spawn.with("health", 7).with("title", "the greener");
    pair.peer().session().spawn(arena, spawn).expect("a spawn");
    // The state has changed what the spawn function made of the value.
    let state = json!({ "name": "Orc", "x": 5.0, "y": 6.0, "health": 7, "title": "the greener" });
    assert_eq!(engine.event_while("appeared", || frame(pair)), state);
}

fn godot_spawns_of_a_value(pair: &mut Pair, engine: &mut Engine) {
    let godot = pair.godot;
    add_arena(pair, engine, godot);
    let data = "{\"name\": \"Orc\", \"title\": \"the green\"}";
    engine.ask("call", in_arena("spawn_of", &[data]));
    let orc = spawned(pair);
    let expected: Dictionary =
        [("name", Variant::from("Orc")), ("title", "the green".into())].into_iter().collect();
    assert_eq!((&*orc.name, orc.kind), ("Orc", SpawnKind::Custom(expected.into())));
    assert_eq!(orc.state.get("title"), Some(&"the green".into()));
}

/// A synchronizer without a spawner, at the same path at both ends.
#[track_caller]
fn add_clock(pair: &mut Pair, engine: &mut Engine, authority: PeerId) -> NodeKey {
    godot::add_node(engine, "Clock", "clock");
    engine.ask("set_authority", json!({ "path": "Clock", "id": authority.get() }));
    let ticks = Properties::new().with(Property::of::<i64>("ticks"));
    let mut session = pair.peer().session();
    let clock = session.register_synchronizer("Clock/Sync", ticks).expect("a path");
    session.set_authority(clock, authority).expect("a node");
    clock
}

fn we_synchronize_an_existing_node(pair: &mut Pair, engine: &mut Engine) {
    let own = pair.id();
    let clock = add_clock(pair, engine, own);
    for ticks in [1, 2, 300] {
        set(pair, clock, "ticks", ticks);
        assert_eq!(engine.event_while("ticked", || frame(pair))["ticks"], ticks);
    }
}

fn godot_synchronizes_an_existing_node(pair: &mut Pair, engine: &mut Engine) {
    let godot = pair.godot;
    let clock = add_clock(pair, engine, godot);
    for ticks in [1, 2, 300] {
        set_in_godot(engine, "Clock", "ticks", &ticks.to_string());
        synchronized(pair, clock, "ticks", &ticks.into());
    }
}

/// Both ends call a method of a spawned node.
fn spawned_nodes_are_called(pair: &mut Pair, engine: &mut Engine) {
    let (own, godot) = (pair.id(), pair.godot);
    let arena = add_arena(pair, engine, own);
    pair.peer().session().spawn(arena, tank()).expect("a spawn");
    engine.event_while("appeared", || frame(pair));
    let methods = Methods::new().with(Method::new("cheer").any_peer().variadic());
    let node = pair.peer().session().register_node_with(TANK, methods).expect("a path");
    for round in 0..2 {
        pair.peer().session().call_method(node, godot, "cheer", vec![round.into()]).expect("a call");
        let called = godot::called(engine, || frame(pair));
        assert_eq!((&*called.path, called.arguments), (TANK, vec![round.into()]));
        godot::rpc(engine, TANK, own.get(), "cheer", &[&round.to_string()]);
        assert_eq!(pair.call().arguments, [round.into()]);
    }
}

fn nodes_of_godot_are_removed_with_it(pair: &mut Pair, engine: &mut Engine) {
    let godot = pair.godot;
    let arena = add_arena(pair, engine, godot);
    spawn_in_godot(engine);
    let tank = spawned(pair);
    engine.ask("close", json!({}));
    pair.expect(&Event::Despawned { from: godot, spawner: arena, node: tank.node });
}

fn our_nodes_are_removed_with_us(pair: &mut Pair, engine: &mut Engine) {
    let own = pair.id();
    let arena = add_arena(pair, engine, own);
    pair.peer().session().spawn(arena, tank()).expect("a spawn");
    engine.event_while("appeared", || frame(pair));
    pair.peer().close();
    assert_eq!(engine.event_while("vanished", || pair.poll())["name"], "Tank");
}

fn an_engine_joins_late([anna, ben]: [&mut Engine; 2]) {
    let mut server = Ours::host(MultiplayerOptions::default(), false);
    let arena = server.peer().session().register_spawner(SPAWNER, spawner()).expect("a path");
    for engine in [&mut *anna, &mut *ben] {
        godot::add_node(engine, "Arena", "arena");
    }
    enter(&mut server, false, anna, &mut []);
    let node = server.peer().session().spawn(arena, tank()).expect("a spawn");
    assert_eq!(anna.event_while("appeared", || frame(&mut server)), tank_event());
    set(&mut server, node, "health", 1);
    assert_eq!(anna.event_while("changed", || frame(&mut server))["health"], 1);

    enter(&mut server, false, ben, &mut [anna]);
    assert_eq!(ben.event_while("appeared", || frame(&mut server))["health"], 1);
    set(&mut server, node, "position", Vector2::new(9.0, 9.0));
    for engine in [&mut *anna, &mut *ben] {
        assert_eq!(engine.event_while("changed", || frame(&mut server))["x"], 9.0);
    }
    server.peer().session().despawn(node).expect("a node");
    for engine in [anna, ben] {
        engine.event_while("vanished", || frame(&mut server));
    }
}

fn we_join_late([host]: [&mut Engine; 1]) {
    let url = godot::host(host, false);
    godot::add_node(host, "Arena", "arena");
    spawn_in_godot(host);
    let mut ours = Ours::join(&url, MultiplayerOptions::default());
    let arena = ours.peer().session().register_spawner(SPAWNER, spawner()).expect("a path");
    ours.joined();
    let tank = spawned(&mut ours);
    assert_eq!((tank.spawner, &pairs(&tank.state)[..]), (arena, &tank_state()[..]));
}

fn visibility_limits_who_sees_a_node([anna, ben]: [&mut Engine; 2]) {
    let mut server = Ours::host(MultiplayerOptions::default(), false);
    enter(&mut server, false, anna, &mut []);
    let ben_id = enter(&mut server, false, ben, &mut [anna]);
    for engine in [&mut *anna, &mut *ben] {
        godot::add_node(engine, "Arena", "arena");
    }
    let arena = server.peer().session().register_spawner(SPAWNER, spawner()).expect("a path");
    let node = server.peer().session().spawn(arena, tank().hidden()).expect("a spawn");
    server.peer().session().show(node, ben_id).expect("a peer");
    ben.event_while("appeared", || frame(&mut server));
    assert_eq!(anna.events_left().iter().filter(|event| event.name == "appeared").count(), 0);

    server.peer().session().show(node, Target::All).expect("a node");
    anna.event_while("appeared", || frame(&mut server));
    server.peer().session().hide(node, ben_id).expect("a peer");
    ben.event_while("vanished", || frame(&mut server));
    set(&mut server, node, "health", 2);
    assert_eq!(anna.event_while("changed", || frame(&mut server))["health"], 2);
    assert_eq!(ben.events_left(), []);
}
