//! Packets that arrive together: each is handled after our program has acted on those before it.

use std::collections::BTreeMap;

use serde_json::json;
use websocket_peer::multiplayer::{Event, Method, Methods, NodeKey, PeerId, Target};

use super::calls::{self, PATH};
use super::joining::enter;
use super::ours::Ours;
use super::pair::{Pair, patient};
use super::replication::{TANK, add_arena, spawn_in_godot};
use super::{Behaviour, godot};
use crate::engine::Engine;
use crate::runner::Scenario;
use crate::waiting::until;

/// The scenarios with our end in either role.
pub const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("a_call_after_a_spawn", a_call_after_a_spawn),
    ("a_call_after_a_change_of_authority", a_call_after_a_change_of_authority),
];

pub fn all() -> Vec<Scenario> {
    let name = |name: &str| format!("multiplayer::reading::{name}");
    vec![
        Scenario::new(&name("two_engines_that_join_in_one_poll"), two_engines_that_join_in_one_poll),
        Scenario::new(&name("two_actions_in_one_poll"), two_actions_in_one_poll),
    ]
}

/// Waits until the engine's packets have arrived at our end, which does not read them.
fn arrive(engine: &mut Engine) {
    // The engine has passed all of it to the kernel, and both ends are on one machine.
    engine.ask("settle", json!({}));
}

/// Polls our end and passes each event to `event`, until that returns `true`.
#[track_caller]
fn handle(ours: &mut Ours, what: &str, mut event: impl FnMut(&mut Ours, Event) -> bool) {
    until(what, || {
        ours.peer().poll();
        while let Some(next) = ours.peer().next_event() {
            if event(ours, next) {
                return true;
            }
        }
        false
    });
}

/// Godot's demo sends each new client the list of players, and all players the new one. No player is sent twice.
fn two_engines_that_join_in_one_poll([anna, ben]: [&mut Engine; 2]) {
    let mut server = Ours::host(patient(), false);
    let node = server.peer().session().register_node_with(PATH, calls::methods()).expect("a path");
    for engine in [&mut *anna, &mut *ben] {
        godot::add_node(engine, PATH, "game");
        godot::join(engine, &server.url(false));
    }
    until("both are connected", || {
        server.peer().poll();
        server.peer().server_stats().is_some_and(|stats| stats.peers == 2)
    });
    let send_player = |server: &mut Ours, to: Target, player: PeerId| {
        let player = vec![i64::from(player.get()).into()];
        server.peer().session().call_method(node, to, "by_authority", player).expect("a call");
    };
    let mut players = Vec::new();
    handle(&mut server, "two new clients", |server, event| {
        let Event::PeerConnected(new) = event else { panic!("{event:?}") };
        players.iter().for_each(|player| send_player(server, new.into(), *player));
        send_player(server, Target::All, new);
        players.push(new);
        players.len() == 2
    });
    for engine in [anna, ben] {
        let mut counts = BTreeMap::<i64, usize>::new();
        for _ in 0..2 {
            let called = godot::called(engine, || server.poll());
            *counts.entry(called.arguments[0].clone().try_into().expect("a number")).or_default() += 1;
        }
        let once = players.iter().map(|player| (player.get().into(), 1)).collect();
        assert_eq!(counts, once, "each player once");
        let own = godot::ids(engine).0;
        send_player(&mut server, own.into(), PeerId::SERVER);
        let last = godot::called(engine, || server.poll());
        assert_eq!(last.arguments, [1.into()], "and then no other");
    }
}

/// The turn changes when the local call is read, so the second action is too late.
fn two_actions_in_one_poll([anna, ben]: [&mut Engine; 2]) {
    let mut server = Ours::host(patient(), false);
    let node = server.peer().session().register_node_with(PATH, calls::methods()).expect("a path");
    enter(&mut server, false, anna, &mut []);
    enter(&mut server, false, ben, &mut [anna]);
    for engine in [anna, ben] {
        godot::add_node(engine, PATH, "game");
        godot::rpc(engine, PATH, 1, "by_anyone", &["\"roll\""]);
        arrive(engine);
    }
    let (mut accepted, mut rolls, mut is_open) = (0, 0, true);
    handle(&mut server, "both rolls", |server, event| {
        let Event::Call(call) = event else { panic!("{event:?}") };
        if call.method == "by_authority_here_too" {
            is_open = false;
            return false;
        }
        rolls += 1;
        if is_open {
            accepted += 1;
            let method = "by_authority_here_too";
            server.peer().session().call_method(node, Target::All, method, vec![]).expect("a call");
        }
        rolls == 2
    });
    assert_eq!(accepted, 1);
}

fn cheering() -> Methods {
    Methods::new().with(Method::new("cheer").any_peer().variadic())
}

fn a_call_after_a_spawn(pair: &mut Pair, engine: &mut Engine) {
    let (own, godot) = (pair.id(), pair.godot);
    add_arena(pair, engine, godot);
    pair.poll();
    spawn_in_godot(engine);
    arrive(engine);
    godot::rpc(engine, TANK, own.get(), "cheer", &["7"]);
    arrive(engine);
    let mut tank: Option<NodeKey> = None;
    handle(pair, "the call", |ours, event| match event {
        Event::Spawned(_) => {
            tank = Some(ours.peer().session().register_node_with(TANK, cheering()).expect("a path"));
            false
        }
        Event::Call(call) => {
            assert_eq!((Some(call.node), call.from, call.arguments), (tank, godot, vec![7.into()]));
            true
        }
        Event::PacketRejected { error, .. } => panic!("{error}"),
        _ => false,
    });
}

fn a_call_after_a_change_of_authority(pair: &mut Pair, engine: &mut Engine) {
    let (own, godot) = (pair.id(), pair.godot);
    let node = calls::add(pair, engine, PATH);
    pair.peer().session().set_authority(node, own).expect("a node");
    engine.ask("set_authority", json!({ "path": PATH, "id": godot.get() }));
    engine.ask_together(&[
        ("send_bytes", json!({ "to": own.get(), "hex": "01" })),
        ("rpc", godot::call(PATH, own.get(), "by_authority", &[])),
    ]);
    arrive(engine);
    handle(pair, "the call", |ours, event| match event {
        Event::Packet { from, .. } => {
            ours.peer().session().set_authority(node, from).expect("a node");
            false
        }
        Event::Call(call) => {
            assert_eq!((call.from, &*call.method), (godot, "by_authority"));
            true
        }
        other => panic!("{other:?}"),
    });
}
