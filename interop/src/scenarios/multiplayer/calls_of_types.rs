//! Arguments of every type, and calls declared by [`rpc!`](websocket_peer::rpc!).

use websocket_peer::multiplayer::{Event, PacketError, Target};
use websocket_peer::variant::Vector2;

use super::calls::{PATH, add};
use super::pair::{Pair, Part};
use super::{Behaviour, godot};
use crate::engine::Engine;
use crate::values::{with_text, without_text};

pub const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("arguments_of_every_type_reach_godot", arguments_of_every_type_reach_godot),
    ("arguments_of_every_type_come_from_godot", arguments_of_every_type_come_from_godot),
    ("typed_calls_reach_godot", typed_calls_reach_godot),
    ("typed_calls_come_from_godot", typed_calls_come_from_godot),
    ("arguments_of_wrong_types_are_refused", arguments_of_wrong_types_are_refused),
];

websocket_peer::rpc! {
    /// The methods that `lobby.gd` declares.
    #[derive(Debug, Clone, PartialEq)]
    enum Lobby {
        AddPlayer { id: i64, name: Option<String> } = "add_player" [call_local];
        RequestAction { action: String } = "request_action" [any_peer];
        MoveTo { place: Vector2, pace: Option<f64> } = "move_to" [any_peer, unreliable_ordered, channel(3)];
        Ping = "ping" [any_peer];
    }
}

const LOBBY: &str = "Lobby";

fn arguments_of_every_type_reach_godot(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    let godot = pair.godot;
    for (text, value) in with_text() {
        let alone = vec![value.clone()];
        let among = vec![true.into(), value.clone(), "end".into()];
        for arguments in [alone, among] {
            pair.peer().session().call_method(node, godot, "by_anyone", arguments.clone()).expect("a call");
            let called = godot::called(engine, || pair.poll());
            assert_eq!(called.arguments, arguments, "{text}");
            assert!(called.texts.iter().any(|known| known == text), "{text}: {:?}", called.texts);
        }
    }
    for value in without_text() {
        pair.peer().session().call_method(node, godot, "by_anyone", vec![value.clone()]).expect("a call");
        let called = godot::called(engine, || pair.poll());
        assert_eq!(called.arguments[0].kind(), value.kind());
    }
}

fn arguments_of_every_type_come_from_godot(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    let own = pair.id();
    for (text, value) in with_text() {
        godot::rpc(engine, PATH, own.get(), "by_anyone", &[text]);
        let call = pair.call();
        assert_eq!((call.node, call.arguments), (node, vec![value.clone()]), "{text}");
        godot::rpc(engine, PATH, own.get(), "by_anyone", &["true", text, "\"end\""]);
        assert_eq!(pair.call().arguments, [true.into(), value, "end".into()], "{text}");
    }
}

fn typed_calls_reach_godot(pair: &mut Pair, engine: &mut Engine) {
    godot::add_node(engine, LOBBY, "lobby");
    let lobby = pair.peer().session().register_node::<Lobby>(LOBBY).expect("a path");
    let mut calls = vec![
        (Lobby::RequestAction { action: "roll".into() }, "request_action", vec!["\"roll\""]),
        (
            Lobby::MoveTo { place: Vector2::new(1.0, 2.5), pace: None },
            "move_to",
            vec!["Vector2(1, 2.5)", "1.0"],
        ),
        (
            Lobby::MoveTo { place: Vector2::new(0.0, 0.0), pace: Some(0.5) },
            "move_to",
            vec!["Vector2(0, 0)", "0.5"],
        ),
        (Lobby::Ping, "ping", vec![]),
    ];
    if pair.part == Part::Server {
        calls.push((Lobby::AddPlayer { id: 7, name: None }, "add_player", vec!["7", "\"unnamed\""]));
        calls.push((
            Lobby::AddPlayer { id: 8, name: Some("Eva".into()) },
            "add_player",
            vec!["8", "\"Eva\""],
        ));
    }
    for (call, method, texts) in calls {
        pair.peer().session().call(lobby, Target::All, call.clone()).expect("a call");
        let called = godot::called(engine, || pair.poll());
        assert_eq!(
            (called.method.as_str(), called.texts),
            (method, texts.into_iter().map(str::to_owned).collect())
        );
        if method == "add_player" {
            assert_eq!(lobby.read(pair.call()), Some(Ok(call)), "it is local, too");
        }
    }
}

fn typed_calls_come_from_godot(pair: &mut Pair, engine: &mut Engine) {
    godot::add_node(engine, LOBBY, "lobby");
    let lobby = pair.peer().session().register_node::<Lobby>(LOBBY).expect("a path");
    let mut calls = vec![
        ("request_action", &["\"pass\""][..], Lobby::RequestAction { action: "pass".into() }),
        ("move_to", &["Vector2(1, 2)"], Lobby::MoveTo { place: Vector2::new(1.0, 2.0), pace: None }),
        (
            "move_to",
            &["Vector2(1, 2)", "3"],
            Lobby::MoveTo { place: Vector2::new(1.0, 2.0), pace: Some(3.0) },
        ),
        ("ping", &[], Lobby::Ping),
    ];
    if pair.part == Part::Client {
        calls.push(("add_player", &["7"], Lobby::AddPlayer { id: 7, name: None }));
        // The default can be passed explicitly.
        calls.push(("add_player", &["7", "\"\""], Lobby::AddPlayer { id: 7, name: Some(String::new()) }));
        calls.push(("add_player", &["8", "\"Eva\""], Lobby::AddPlayer { id: 8, name: Some("Eva".into()) }));
    }
    for (method, arguments, expected) in calls {
        godot::rpc(engine, LOBBY, 0, method, arguments);
        assert_eq!(lobby.read(pair.call()), Some(Ok(expected)));
    }
}

/// An engine replaces invalid arguments by null. Here the call is rejected.
fn arguments_of_wrong_types_are_refused(pair: &mut Pair, engine: &mut Engine) {
    godot::add_node(engine, LOBBY, "lobby");
    let lobby = pair.peer().session().register_node::<Lobby>(LOBBY).expect("a path");
    let own = pair.id();
    pair.be_lenient();
    for arguments in [&["7"][..], &[], &["\"roll\"", "1"], &["null"]] {
        godot::rpc(engine, LOBBY, own.get(), "request_action", arguments);
        let method = pair.event("a refusal", |event| match event {
            Event::PacketRejected { error: PacketError::InvalidCall { method, .. }, .. } => {
                Some(method.clone())
            }
            _ => None,
        });
        assert_eq!(method, "request_action");
    }
    godot::rpc(engine, LOBBY, own.get(), "request_action", &["\"roll\""]);
    assert_eq!(lobby.read(pair.call()), Some(Ok(Lobby::RequestAction { action: "roll".into() })));
}
