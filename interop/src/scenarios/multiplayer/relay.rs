//! Clients that reach each other through the server: two engines through our server, two of our clients through Godot's.

use serde_json::json;
use websocket_peer::multiplayer::{Event, MultiplayerOptions, PeerId, Target};
use websocket_peer::variant::Variant;

use super::calls::{PATH, methods};
use super::godot;
use super::joining::enter;
use super::ours::Ours;
use crate::engine::Engine;
use crate::hex;
use crate::runner::Scenario;

pub fn all() -> Vec<Scenario> {
    let name = |name: &str| format!("multiplayer::relay::{name}");
    vec![
        Scenario::new(&name("bytes_between_engines_through_ours"), bytes_between_engines_through_ours),
        Scenario::new(&name("calls_between_engines_through_ours"), calls_between_engines_through_ours),
        Scenario::new(&name("nodes_between_engines_through_ours"), nodes_between_engines_through_ours),
        Scenario::new(&name("our_calls_to_old_and_new_engines"), our_calls_to_old_and_new_engines),
        Scenario::new(&name("bytes_between_ours_through_godots"), bytes_between_ours_through_godots),
        Scenario::new(&name("calls_between_ours_through_godots"), calls_between_ours_through_godots),
        Scenario::new(&name("an_engine_and_ours_through_godots"), an_engine_and_ours_through_godots),
        Scenario::new(&name("an_engine_and_ours_through_ours"), an_engine_and_ours_through_ours),
    ]
}

/// Waits for bytes at an engine.
#[track_caller]
fn bytes(engine: &mut Engine, meanwhile: impl FnMut()) -> (PeerId, Vec<u8>) {
    let came = engine.event_while("peer_packet", meanwhile);
    (godot::id(&came), hex::decode(came["hex"].as_str().expect("a text")))
}

fn bytes_between_engines_through_ours([anna, ben, cleo]: [&mut Engine; 3]) {
    let mut server = Ours::host(MultiplayerOptions::default(), false);
    let anna_id = enter(&mut server, false, anna, &mut []);
    let ben_id = enter(&mut server, false, ben, &mut [anna]);
    enter(&mut server, false, cleo, &mut [anna, ben]);

    godot::send_bytes(anna, ben_id.get(), b"to one");
    assert_eq!(bytes(ben, || server.poll()), (anna_id, b"to one".to_vec()));

    godot::send_bytes(anna, 0, b"to all");
    assert_eq!(server.bytes(), (anna_id, b"to all".to_vec()));
    for engine in [&mut *ben, &mut *cleo] {
        assert_eq!(bytes(engine, || server.poll()), (anna_id, b"to all".to_vec()));
    }
    godot::send_bytes(anna, -ben_id.get(), b"to all but one");
    assert_eq!(server.bytes(), (anna_id, b"to all but one".to_vec()));
    assert_eq!(bytes(cleo, || server.poll()), (anna_id, b"to all but one".to_vec()));
    godot::send_bytes(anna, -1, b"to all but the server");
    for engine in [&mut *ben, &mut *cleo] {
        assert_eq!(bytes(engine, || server.poll()), (anna_id, b"to all but the server".to_vec()));
    }
    // To oneself: the server sends it back.
    godot::send_bytes(anna, anna_id.get(), b"to me");
    assert_eq!(bytes(anna, || server.poll()), (anna_id, b"to me".to_vec()));

    // From the server, to all but one.
    server.peer().session().send_bytes(Target::AllExcept(anna_id), b"from the server").expect("peers");
    for engine in [&mut *ben, &mut *cleo] {
        assert_eq!(bytes(engine, || server.poll()), (PeerId::SERVER, b"from the server".to_vec()));
    }
    // The largest packet that can be relayed.
    let largest = vec![7; 65_535 - 1 - 6];
    godot::send_bytes(anna, ben_id.get(), &largest);
    assert!(bytes(ben, || server.poll()).1 == largest);
    for engine in [anna, ben, cleo] {
        assert_eq!(engine.events_left(), []);
    }
    assert_eq!(server.events_left(), []);
}

/// The announcements of paths and their confirmations are relayed, too.
fn calls_between_engines_through_ours([anna, ben]: [&mut Engine; 2]) {
    let mut server = Ours::host(MultiplayerOptions::default(), false);
    let anna_id = enter(&mut server, false, anna, &mut []);
    let ben_id = enter(&mut server, false, ben, &mut [anna]);
    let node = server.peer().session().register_node_with(PATH, methods()).expect("a path");
    for engine in [&mut *anna, &mut *ben] {
        godot::add_node(engine, PATH, "game");
    }
    for round in 0..3 {
        let text = round.to_string();
        godot::rpc(anna, PATH, ben_id.get(), "by_anyone", &[&text]);
        let called = godot::called(ben, || server.poll());
        assert_eq!((called.from, called.arguments), (anna_id, vec![round.into()]));
        godot::rpc(ben, PATH, 0, "by_anyone", &[&text]);
        let called = godot::called(anna, || server.poll());
        assert_eq!((called.from, called.arguments), (ben_id, vec![round.into()]));
        let call = server.call();
        assert_eq!((call.node, call.from, call.arguments), (node, ben_id, vec![Variant::Int(round.into())]));
    }
    assert_eq!((anna.events_left(), ben.events_left(), server.events_left()), (vec![], vec![], vec![]));
}

/// One engine has confirmed the number of a node, and the other does not know the node.
fn our_calls_to_old_and_new_engines([anna, ben]: [&mut Engine; 2]) {
    let mut server = Ours::host(MultiplayerOptions::default(), false);
    let node = server.peer().session().register_node_with(PATH, methods()).expect("a path");
    let call = |server: &mut Ours, to: Target, number: i64| {
        server.peer().session().call_method(node, to, "by_authority", vec![number.into()]).expect("a call");
    };
    let anna_id = enter(&mut server, false, anna, &mut []);
    for engine in [&mut *anna, &mut *ben] {
        godot::add_node(engine, PATH, "game");
    }
    for number in 0..2 {
        call(&mut server, Target::All, number);
        assert_eq!(godot::called(anna, || server.poll()).arguments, [Variant::Int(number)]);
    }
    let ben_id = enter(&mut server, false, ben, &mut [anna]);
    for number in 2..5 {
        call(&mut server, Target::All, number);
        for engine in [&mut *anna, &mut *ben] {
            assert_eq!(godot::called(engine, || server.poll()).arguments, [Variant::Int(number)]);
        }
    }
    call(&mut server, Target::AllExcept(anna_id), 5);
    assert_eq!(godot::called(ben, || server.poll()).arguments, [Variant::Int(5)]);
    call(&mut server, ben_id.into(), 6);
    assert_eq!(godot::called(ben, || server.poll()).arguments, [Variant::Int(6)]);
    assert_eq!((anna.events_left(), ben.events_left()), (vec![], vec![]));
}

/// One engine spawns and moves a node at the other. Our server has neither and relays.
fn nodes_between_engines_through_ours([anna, ben]: [&mut Engine; 2]) {
    let mut server = Ours::host(MultiplayerOptions::default(), false);
    let anna_id = enter(&mut server, false, anna, &mut []);
    enter(&mut server, false, ben, &mut [anna]);
    server.be_lenient();
    for engine in [&mut *ben, &mut *anna] {
        godot::add_node(engine, "Arena", "arena");
        engine.ask("set_authority", json!({ "path": "Arena", "id": anna_id.get() }));
    }
    let arguments = json!(["\"Tank\"", "Vector2(1, 2)", "50", "\"the first\""]);
    anna.ask("call", json!({ "path": "Arena", "method": "spawn_unit", "arguments": arguments }));
    let appeared = json!({ "name": "Tank", "x": 1.0, "y": 2.0, "health": 50, "title": "the first" });
    for engine in [&mut *anna, &mut *ben] {
        assert_eq!(engine.event_while("appeared", || server.poll()), appeared);
    }
    let unit = "Arena/Units/Tank";
    anna.ask("set_property", json!({ "path": unit, "property": "position", "text": "Vector2(3, 4)" }));
    assert_eq!(ben.event_while("changed", || server.poll())["x"], 3.0);
    anna.ask("set_property", json!({ "path": unit, "property": "health", "text": "49" }));
    assert_eq!(ben.event_while("changed", || server.poll())["health"], 49);
    anna.ask("call", json!({ "path": "Arena", "method": "remove_unit", "arguments": ["\"Tank\""] }));
    assert_eq!(ben.event_while("vanished", || server.poll())["name"], "Tank");
}

/// Connects two of our clients to a Godot server.
fn two_of_ours(host: &mut Engine) -> (Ours, Ours) {
    // When both leave at once, the engine reports each departure to the other.
    host.allow_error("ready_state != STATE_OPEN");
    let url = godot::host(host, false);
    let mut one = Ours::join(&url, MultiplayerOptions::default());
    one.joined();
    let mut other = Ours::join(&url, MultiplayerOptions::default());
    other.joined();
    assert_eq!((one.peer_connected(), other.peer_connected()), (other.id(), one.id()));
    for id in [one.id(), other.id()] {
        assert_eq!(godot::id(&host.event("peer_connected")), id);
    }
    (one, other)
}

fn bytes_between_ours_through_godots([host]: [&mut Engine; 1]) {
    let (mut one, mut other) = two_of_ours(host);
    let (one_id, other_id) = (one.id(), other.id());
    one.peer().session().send_bytes(other_id, b"to one").expect("a peer");
    assert_eq!(other.bytes(), (one_id, b"to one".to_vec()));

    one.peer().session().send_bytes(Target::All, b"to all").expect("peers");
    assert_eq!(other.bytes(), (one_id, b"to all".to_vec()));
    assert_eq!(bytes(host, || one.poll()), (one_id, b"to all".to_vec()));

    one.peer().session().send_bytes(Target::AllExcept(PeerId::SERVER), b"to clients").expect("peers");
    assert_eq!(other.bytes(), (one_id, b"to clients".to_vec()));
    one.peer().session().send_bytes(Target::AllExcept(other_id), b"to the server").expect("peers");
    assert_eq!(bytes(host, || one.poll()), (one_id, b"to the server".to_vec()));

    one.peer().session().send_bytes(one_id, b"to me").expect("a mirror");
    assert_eq!(one.bytes(), (one_id, b"to me".to_vec()));
    assert_eq!((other.events_left(), host.events_left()), (vec![], vec![]));
}

fn calls_between_ours_through_godots([host]: [&mut Engine; 1]) {
    let (mut one, mut other) = two_of_ours(host);
    let (one_id, other_id) = (one.id(), other.id());
    godot::add_node(host, PATH, "game");
    let nodes = [&mut one, &mut other]
        .map(|ours| ours.peer().session().register_node_with(PATH, methods()).expect("a path"));
    for round in 0..3 {
        let argument = || vec![Variant::from(round)];
        one.peer().session().call_method(nodes[0], other_id, "by_anyone", argument()).expect("a call");
        let call = other.call();
        assert_eq!((call.node, call.from, call.arguments), (nodes[1], one_id, argument()));
        other.peer().session().call_method(nodes[1], Target::All, "by_anyone", argument()).expect("a call");
        let call = one.call();
        assert_eq!((call.node, call.from, call.arguments), (nodes[0], other_id, argument()));
        let called = godot::called(host, || other.poll());
        assert_eq!((called.from, called.arguments), (other_id, argument()));
    }
    assert_eq!((one.events_left(), other.events_left(), host.events_left()), (vec![], vec![], vec![]));
}

/// Calls and bytes in both directions between two clients, one of them an engine.
#[track_caller]
fn converse(ours: &mut Ours, engine: &mut Engine, mut meanwhile: impl FnMut()) {
    let (own, other) = (ours.id(), godot::ids(engine).0);
    godot::add_node(engine, "Clients", "game");
    let node = ours.peer().session().register_node_with("Clients", methods()).expect("a path");
    for round in 0..3 {
        ours.peer().session().call_method(node, other, "by_anyone", vec![round.into()]).expect("a call");
        let called = godot::called(engine, || {
            meanwhile();
            ours.poll();
        });
        assert_eq!((called.from, called.arguments), (own, vec![round.into()]));
        godot::rpc(engine, "Clients", own.get(), "by_anyone", &[&round.to_string()]);
        let call = ours.wait("a call", &mut meanwhile, |event| match event {
            Event::Call(call) => Some(call.clone()),
            _ => None,
        });
        assert_eq!((call.from, call.node, call.arguments), (other, node, vec![round.into()]));
    }
    ours.peer().session().send_bytes(other, b"hello").expect("a peer");
    let came = bytes(engine, || {
        meanwhile();
        ours.poll();
    });
    assert_eq!(came, (own, b"hello".to_vec()));
}

fn an_engine_and_ours_through_godots([host, guest]: [&mut Engine; 2]) {
    let url = godot::host(host, false);
    let mut ours = Ours::join(&url, MultiplayerOptions::default());
    ours.joined();
    godot::join(guest, &url.replace(crate::certificates::HOST, "127.0.0.1"));
    guest.event_while("connected_to_server", || ours.poll());
    assert_eq!(ours.peer_connected(), godot::ids(guest).0);
    converse(&mut ours, guest, || {});
}

fn an_engine_and_ours_through_ours([guest]: [&mut Engine; 1]) {
    let mut server = Ours::host(MultiplayerOptions::default(), false);
    let guest_id = enter(&mut server, false, guest, &mut []);
    let mut ours = Ours::join(&server.url(false), MultiplayerOptions::default());
    for expected in [PeerId::SERVER, guest_id] {
        let id = ours.event_while("who is there", &mut server, |event| match event {
            Event::PeerConnected(id) => Some(*id),
            _ => None,
        });
        assert_eq!(id, expected);
    }
    assert_eq!(godot::id(&guest.event_while("peer_connected", || server.poll())), ours.id());
    converse(&mut ours, guest, || server.poll());
    guest.ask("close", json!({}));
    ours.event_while("the engine's end", &mut server, |event| {
        matches!(event, Event::PeerDisconnected(id, _) if *id == guest_id).then_some(())
    });
}
