//! Engines that are moved between rooms, with the host of each room in Rust.

use serde_json::json;
use websocket_peer::multiplayer::{
    DisconnectReason, Event, NodeKey, PeerId, Properties, Property, RoomEvent, Spawn, Spawner, Target,
};
use websocket_peer::variant::Vector2;

use super::ours::{OurRoom, OurRooms};
use crate::engine::Engine;
use crate::runner::Scenario;
use crate::scenarios::multiplayer::calls::PATH;
use crate::scenarios::multiplayer::godot;

pub fn all() -> Vec<Scenario> {
    let name = |name: &str| format!("rooms::moving::{name}");
    vec![
        Scenario::new(&name("an_engine_is_moved_there_and_back"), an_engine_is_moved_there_and_back),
        Scenario::new(
            &name("an_engine_that_sends_all_the_time_is_moved"),
            an_engine_that_sends_all_the_time_is_moved,
        ),
        Scenario::new(&name("nodes_of_the_rooms_vanish_and_appear"), nodes_of_the_rooms_vanish_and_appear),
    ]
}

/// Moves an engine, and waits until it has arrived.
#[track_caller]
fn move_to(rooms: &mut OurRooms, id: PeerId, from: OurRoom, to: OurRoom) {
    rooms.server().move_peer(id, to.key).expect("a move");
    rooms.expect(&RoomEvent::Session(from.key, Event::PeerDisconnected(id, DisconnectReason::Moved)));
    rooms.expect(&RoomEvent::Session(to.key, Event::PeerConnected(id)));
    assert_eq!(rooms.server().room_of(id), Some(to.key));
}

/// It keeps its id and connection, and what both ends know of paths. The engine's log has no error.
fn an_engine_is_moved_there_and_back([anna, ben, cleo]: [&mut Engine; 3]) {
    let mut rooms = OurRooms::host();
    let both = ["AAAA", "BBBB"].map(|name| rooms.open(name));
    for engine in [&mut *anna, &mut *ben, &mut *cleo] {
        godot::add_node(engine, PATH, "game");
    }
    let anna_id = rooms.enter(both[0], anna, &mut []);
    let ben_id = rooms.enter(both[0], ben, &mut [anna]);
    let cleo_id = rooms.enter(both[1], cleo, &mut []);
    rooms.events_left();
    let mut at = 0;
    for round in 0..5 {
        let (room, stays_id) = (both[at], [ben_id, cleo_id][at]);
        let stays = if at == 0 { &mut *ben } else { &mut *cleo };
        // Calls in all directions.
        rooms.announce(room, Target::All, round);
        for engine in [&mut *anna, &mut *stays] {
            rooms.engine_is_called(engine, PeerId::SERVER, round);
        }
        godot::rpc(anna, PATH, 0, "by_anyone", &[&round.to_string()]);
        assert_eq!(rooms.call(room).from, anna_id);
        rooms.engine_is_called(stays, anna_id, round);
        godot::rpc(stays, PATH, anna_id.get(), "by_anyone", &[&round.to_string()]);
        rooms.engine_is_called(anna, stays_id, round);
        assert_eq!(godot::ids(anna), (anna_id, vec![PeerId::SERVER, stays_id]));

        let to = 1 - at;
        move_to(&mut rooms, anna_id, both[at], both[to]);
        rooms.reports(stays, "peer_disconnected", anna_id);
        rooms.reports(anna, "peer_disconnected", stays_id);
        rooms.reports(anna, "peer_connected", [ben_id, cleo_id][to]);
        let joined = if to == 0 { &mut *ben } else { &mut *cleo };
        rooms.reports(joined, "peer_connected", anna_id);
        at = to;
    }
    rooms.events_left();
    rooms.assert_quiet(&mut [anna, ben, cleo]);
}

/// What it sends before it knows of the move is dropped. It is neither rejected nor received in the other room.
fn an_engine_that_sends_all_the_time_is_moved([anna, ben]: [&mut Engine; 2]) {
    let mut rooms = OurRooms::host();
    let both = ["AAAA", "BBBB"].map(|name| rooms.open(name));
    for engine in [&mut *anna, &mut *ben] {
        godot::add_node(engine, PATH, "game");
    }
    let anna_id = rooms.enter(both[0], anna, &mut []);
    rooms.enter(both[1], ben, &mut []);
    rooms.events_left();
    for round in 0..6_usize {
        // The packets are under way when the move begins.
        let call = || ("rpc", godot::call(PATH, 1, "by_anyone", &["1"]));
        let bytes = || ("send_bytes", json!({ "to": 0, "hex": "00" }));
        let answers = anna.ask_together(&[call(), bytes(), call(), bytes()]);
        assert_eq!(answers, vec![json!(0); 4]);
        rooms.server().move_peer(anna_id, both[(round + 1) % 2].key).expect("a move");
        rooms.expect(&RoomEvent::Session(both[(round + 1) % 2].key, Event::PeerConnected(anna_id)));
    }
    godot::send_bytes(anna, 1, b"here");
    assert_eq!(rooms.bytes(both[0]), (anna_id, b"here".to_vec()));
}

/// The arena of a room, with a tank of this name.
#[track_caller]
fn add_arena(rooms: &mut OurRooms, room: OurRoom, name: &str) -> NodeKey {
    let unit = Properties::new()
        .with(Property::of::<Vector2>("position"))
        .with(Property::of::<i64>("health").on_change())
        .with(Property::of::<String>("title").never());
    let mut session = rooms.server().session(room.key).expect("a room");
    let arena = session.register_spawner("Arena/Spawner", Spawner::new().scene(unit)).expect("a path");
    let spawn = Spawn::scene(0).named(name.to_owned()).with("position", Vector2::new(1.0, 2.0));
    session.spawn(arena, spawn.with("health", 50).with("title", "a tank")).expect("a spawn")
}

/// A synchronized node of both rooms has the values of the room that the engine is in, whatever time the rooms have.
fn nodes_of_the_rooms_vanish_and_appear([engine]: [&mut Engine; 1]) {
    let mut rooms = OurRooms::host();
    let both = ["AAAA", "BBBB"].map(|name| rooms.open(name));
    godot::add_node(engine, "Arena", "arena");
    godot::add_node(engine, "Clock", "clock");
    let names = ["Tank", "Jeep"];
    let units = [0, 1].map(|room| add_arena(&mut rooms, both[room], names[room]));
    let clocks = both.map(|room| {
        let ticks = Properties::new().with(Property::of::<i64>("ticks"));
        let mut session = rooms.server().session(room.key).expect("a room");
        session.register_synchronizer("Clock/Sync", ticks).expect("a path")
    });
    let frame = |rooms: &mut OurRooms, room: usize, ticks: i64| {
        let mut session = rooms.server().session(both[room].key).expect("a room");
        session.set_property(clocks[room], "ticks", ticks).expect("a property");
        session.replicate();
        drop(session);
        rooms.poll();
    };
    let id = rooms.enter(both[0], engine, &mut []);
    // The times of the two rooms are far apart.
    for _ in 0..2000 {
        frame(&mut rooms, 0, 1);
    }
    let mut at = 0;
    for round in 0..4 {
        let ticks = 10 + round;
        assert_eq!(engine.event_while("appeared", || frame(&mut rooms, at, ticks))["name"], names[at]);
        while engine.event_while("ticked", || frame(&mut rooms, at, ticks))["ticks"] != ticks {}
        let mut session = rooms.server().session(both[at].key).expect("a room");
        session.set_property(units[at], "health", round).expect("a property");
        drop(session);
        engine.event_while("changed", || frame(&mut rooms, at, ticks));
        move_to(&mut rooms, id, both[at], both[1 - at]);
        assert_eq!(engine.event_while("vanished", || rooms.poll())["name"], names[at]);
        at = 1 - at;
    }
}
