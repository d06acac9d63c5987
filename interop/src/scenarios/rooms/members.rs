//! Engines in two rooms behind one port.

use serde_json::json;
use websocket_peer::CloseCode;
use websocket_peer::multiplayer::{DisconnectReason, Event, PeerId, RoomCloseCause, RoomEvent, Target};

use super::ours::OurRooms;
use crate::engine::Engine;
use crate::hex;
use crate::runner::Scenario;
use crate::scenarios::multiplayer::calls::PATH;
use crate::scenarios::multiplayer::godot;

pub fn all() -> Vec<Scenario> {
    let name = |name: &str| format!("rooms::members::{name}");
    vec![
        Scenario::new(&name("three_engines_in_two_rooms"), three_engines_in_two_rooms),
        Scenario::new(
            &name("a_room_is_joined_by_the_path_of_the_url"),
            a_room_is_joined_by_the_path_of_the_url,
        ),
        Scenario::new(
            &name("an_unknown_or_full_room_is_a_failed_connection"),
            an_unknown_or_full_room_is_a_failed_connection,
        ),
        Scenario::new(&name("a_kick_after_the_last_packets"), a_kick_after_the_last_packets),
        Scenario::new(
            &name("a_room_is_closed_after_the_last_packets"),
            a_room_is_closed_after_the_last_packets,
        ),
    ]
}

fn three_engines_in_two_rooms([anna, ben, cleo]: [&mut Engine; 3]) {
    let mut rooms = OurRooms::host();
    let [one, two] = ["AAAA", "BBBB"].map(|name| rooms.open(name));
    for engine in [&mut *anna, &mut *ben, &mut *cleo] {
        godot::add_node(engine, PATH, "game");
    }
    let anna_id = rooms.enter(one, anna, &mut []);
    let ben_id = rooms.enter(one, ben, &mut [anna]);
    let cleo_id = rooms.enter(two, cleo, &mut []);
    assert_eq!(godot::ids(anna).1, [PeerId::SERVER, ben_id]);
    assert_eq!(godot::ids(ben).1, [PeerId::SERVER, anna_id]);
    assert_eq!(godot::ids(cleo).1, [PeerId::SERVER]);
    rooms.events_left();

    // By path, then by number.
    for number in 0..3 {
        rooms.announce(one, Target::All, number);
        rooms.announce(two, Target::All, 10 + number);
        for engine in [&mut *anna, &mut *ben] {
            rooms.engine_is_called(engine, PeerId::SERVER, number);
        }
        rooms.engine_is_called(cleo, PeerId::SERVER, 10 + number);

        godot::rpc(anna, PATH, 0, "by_anyone", &[&number.to_string()]);
        rooms.engine_is_called(ben, anna_id, number);
        assert_eq!(rooms.call(one).from, anna_id);
        godot::rpc(cleo, PATH, 0, "by_anyone", &["5"]);
        assert_eq!(rooms.call(two).from, cleo_id);
    }
    for (engine, id, room) in [(&mut *anna, anna_id, one), (&mut *cleo, cleo_id, two)] {
        godot::send_bytes(engine, 0, b"to all");
        assert_eq!(rooms.bytes(room), (id, b"to all".to_vec()));
    }
    assert_eq!(ben.event_while("peer_packet", || rooms.poll())["hex"], hex::encode(b"to all"));

    // An engine sends to any id; no id of another room is reached.
    rooms.be_lenient();
    for to in [anna_id, ben_id] {
        godot::send_bytes(cleo, to.get(), b"across");
    }
    godot::send_bytes(cleo, PeerId::SERVER.get(), b"the last");
    assert_eq!(rooms.bytes(two), (cleo_id, b"the last".to_vec()));
    rooms.events_left();
    rooms.assert_quiet(&mut [anna, ben, cleo]);

    // A departure is reported in its room.
    ben.ask("close", json!({}));
    rooms.reports(anna, "peer_disconnected", ben_id);
    let is_gone = |event: &RoomEvent| matches!(event, RoomEvent::Session(of, Event::PeerDisconnected(id, _)) if (*of, *id) == (one.key, ben_id));
    rooms.event("its departure", |event| is_gone(event).then_some(()));
    rooms.assert_quiet(&mut [anna, cleo]);
}

/// The address that players type, and nothing else.
fn a_room_is_joined_by_the_path_of_the_url([engine]: [&mut Engine; 1]) {
    let mut rooms = OurRooms::host();
    let rooms_by_code = [rooms.open("ABCD"), rooms.open("WXYZ")];
    for (code, room) in [("ABCD", rooms_by_code[0]), ("wxyz", rooms_by_code[1]), ("AbCd", rooms_by_code[0])] {
        godot::join(engine, &rooms.url(code));
        engine.event_while("connected_to_server", || rooms.poll());
        let id = godot::ids(engine).0;
        assert_eq!((rooms.server().room_of(id), rooms.members(room)), (Some(room.key), vec![id]));
        engine.ask("close", json!({}));
        rooms.expect(&RoomEvent::Empty(room.key));
    }
}

fn an_unknown_or_full_room_is_a_failed_connection([anna, ben]: [&mut Engine; 2]) {
    let mut rooms = OurRooms::host();
    let small = rooms.open_with_capacity("SMAL", 1);
    rooms.enter(small, anna, &mut []);
    for (name, status) in [("NONE", "404"), ("SMAL", "503")] {
        ben.expect_error(&format!("Got: '{status}', expected '101'"));
        ben.expect_error("Invalid response headers");
        godot::join(ben, &rooms.url(name));
        ben.event_while("connection_failed", || rooms.poll());
    }
    rooms.events_left();
    rooms.assert_quiet(&mut [anna, ben]);
}

fn a_kick_after_the_last_packets([anna, ben]: [&mut Engine; 2]) {
    let mut rooms = OurRooms::host();
    let room = rooms.open("ABCD");
    for engine in [&mut *anna, &mut *ben] {
        godot::add_node(engine, PATH, "game");
    }
    let anna_id = rooms.enter(room, anna, &mut []);
    let ben_id = rooms.enter(room, ben, &mut [anna]);
    anna.ask("keep_socket", json!({}));
    // It reads everything at once. Engines lose packets that they read together with the end of a connection.
    anna.ask("freeze", json!({ "msec": 150 }));
    for number in 0..3 {
        rooms.announce(room, Target::All, number);
    }
    let code = CloseCode::new(4003).expect("a code of a program");
    let mut session = rooms.server().session(room.key).expect("a room");
    session.disconnect_peer_with(anna_id, code, "no cheating").expect("a peer");
    drop(session);
    rooms.expect(&RoomEvent::Session(room.key, Event::PeerDisconnected(anna_id, DisconnectReason::Kicked)));
    for engine in [&mut *anna, &mut *ben] {
        for number in 0..3 {
            rooms.engine_is_called(engine, PeerId::SERVER, number);
        }
    }
    anna.event_while("server_disconnected", || rooms.poll());
    let end = anna.ask("socket_end", json!({}));
    assert_eq!(end, json!({ "code": 4003, "reason": "no cheating" }));
    rooms.reports(ben, "peer_disconnected", anna_id);
    assert_eq!(rooms.members(room), [ben_id]);
}

fn a_room_is_closed_after_the_last_packets([anna, ben, cleo]: [&mut Engine; 3]) {
    let mut rooms = OurRooms::host();
    let [room, other] = ["AAAA", "BBBB"].map(|name| rooms.open(name));
    for engine in [&mut *anna, &mut *ben, &mut *cleo] {
        godot::add_node(engine, PATH, "game");
    }
    rooms.enter(room, anna, &mut []);
    rooms.enter(room, ben, &mut [anna]);
    let cleo_id = rooms.enter(other, cleo, &mut []);
    for engine in [&mut *anna, &mut *ben] {
        engine.ask("keep_socket", json!({}));
        engine.ask("freeze", json!({ "msec": 150 }));
    }
    rooms.announce(room, Target::All, 99);
    rooms.server().close(room.key, "the game is over").expect("an open room");
    rooms.expect(&RoomEvent::Closed(room.key, RoomCloseCause::Requested));
    for engine in [&mut *anna, &mut *ben] {
        rooms.engine_is_called(engine, PeerId::SERVER, 99);
        engine.event_while("server_disconnected", || rooms.poll());
        let end = engine.ask("socket_end", json!({}));
        assert_eq!(end, json!({ "code": 1000, "reason": "the game is over" }));
    }
    // The other room goes on.
    rooms.announce(other, Target::All, 7);
    rooms.engine_is_called(cleo, PeerId::SERVER, 7);
    assert_eq!(rooms.members(other), [cleo_id]);
}
