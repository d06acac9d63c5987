//! Calls in both directions: by path and by number, of the script and of the node, with any arguments.

use serde_json::json;
use websocket_peer::multiplayer::{Event, Method, Methods, NodeKey, PacketError, Parameter, Target};
use websocket_peer::variant::Variant;

use super::Behaviour;
use super::godot;
use super::pair::Pair;
use crate::engine::Engine;

pub const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("many_calls_in_a_row", many_calls_in_a_row),
    ("methods_of_the_script_and_of_the_node", methods_of_the_script_and_of_the_node),
    ("up_to_three_arguments", up_to_three_arguments),
    ("a_call_to_all_is_local_too", a_call_to_all_is_local_too),
    ("nodes_at_any_path", nodes_at_any_path),
    ("a_node_that_is_registered_again", a_node_that_is_registered_again),
    ("a_node_that_godot_lacks", a_node_that_godot_lacks),
    ("a_node_that_we_lack", a_node_that_we_lack),
    ("methods_that_differ", methods_that_differ),
];

pub const PATH: &str = "Game";

/// The methods that `game.gd` declares.
pub fn methods() -> Methods {
    Methods::new()
        .with(Method::new("by_anyone").any_peer().variadic())
        .with(Method::new("by_anyone_here_too").any_peer().call_local().variadic())
        .with(Method::new("by_authority").variadic())
        .with(Method::new("by_authority_here_too").call_local().variadic())
        .with(Method::new("by_anyone_with_nothing").any_peer())
        .with(Method::new("Zed").any_peer().parameter(Parameter::any("a").optional()))
        .with(Method::new("by_config").any_peer().node_level().variadic())
        .with(Method::new("by_none").disabled().node_level().variadic())
}

/// Registers the same node at both ends.
#[track_caller]
pub fn add(pair: &mut Pair, engine: &mut Engine, path: &str) -> NodeKey {
    godot::register_node_with(engine, path, "game");
    pair.peer().session().register_node_with(path, methods()).expect("a path")
}

/// Calls Godot, and asserts that the call arrives.
#[track_caller]
fn call_godot(
    pair: &mut Pair,
    engine: &mut Engine,
    node: NodeKey,
    path: &str,
    method: &str,
    arguments: &[Variant],
) {
    let (own, godot) = (pair.id(), pair.godot);
    pair.peer().session().call_method(node, godot, method, arguments.to_vec()).expect("a call");
    let called = godot::called(engine, || pair.poll());
    assert_eq!((called.path.as_str(), called.method.as_str(), called.from), (path, method, own));
    assert_eq!(called.arguments, arguments);
}

/// Makes Godot call us, and asserts that the call arrives.
#[track_caller]
fn called_by_godot(
    pair: &mut Pair,
    engine: &mut Engine,
    node: NodeKey,
    path: &str,
    method: &str,
    arguments: &[&str],
) {
    godot::rpc(engine, path, pair.id().get(), method, arguments);
    let call = pair.call();
    assert_eq!((call.from, call.node, &*call.method), (pair.godot, node, method));
    let texts: Vec<String> = call.arguments.iter().map(Variant::to_string).collect();
    assert_eq!(texts, arguments);
}

/// The first calls are sent by path, because the number is not confirmed; the last by number.
fn many_calls_in_a_row(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    let (own, godot) = (pair.id(), pair.godot);
    for _ in 0..2 {
        for number in 0..5 {
            pair.peer().session().call_method(node, godot, "by_anyone", vec![number.into()]).expect("a call");
        }
        for number in 0..5 {
            let called = godot::called(engine, || pair.poll());
            assert_eq!((called.method.as_str(), called.arguments), ("by_anyone", vec![number.into()]));
        }
        let calls: Vec<_> = (0..5)
            .map(|number| ("rpc", godot::call(PATH, own.get(), "by_anyone", &[&number.to_string()])))
            .collect();
        assert_eq!(engine.ask_together(&calls), vec![json!(0); 5]);
        for number in 0..5 {
            assert_eq!(pair.call().arguments, [Variant::Int(number)]);
        }
    }
}

fn methods_of_the_script_and_of_the_node(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    for method in ["by_anyone", "by_anyone_here_too", "by_anyone_with_nothing", "Zed", "by_config"] {
        // First by path, then by number.
        for _ in 0..2 {
            call_godot(pair, engine, node, PATH, method, &[]);
            called_by_godot(pair, engine, node, PATH, method, &[]);
        }
    }
}

fn up_to_three_arguments(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    let values = [Variant::from(1), "two".into(), vec![3_u8].into()];
    let texts = ["1", "\"two\"", "PackedByteArray(3)"];
    for count in 0..=3 {
        for method in ["by_anyone", "by_config"] {
            call_godot(pair, engine, node, PATH, method, &values[..count]);
            called_by_godot(pair, engine, node, PATH, method, &texts[..count]);
        }
    }
    // A single array of bytes has a form of its own.
    call_godot(pair, engine, node, PATH, "by_anyone", &values[2..]);
    called_by_godot(pair, engine, node, PATH, "by_anyone", &texts[2..]);
}

fn a_call_to_all_is_local_too(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    let (own, godot) = (pair.id(), pair.godot);
    let call = |pair: &mut Pair, to: Target| {
        pair.peer().session().call_method(node, to, "by_anyone_here_too", vec![7.into()]).expect("a call");
    };
    call(pair, Target::All);
    assert_eq!(godot::called(engine, || pair.poll()).from, own);
    assert_eq!(pair.call().from, own);
    call(pair, own.into());
    assert_eq!(pair.call().from, own);
    call(pair, Target::AllExcept(godot));
    assert_eq!(pair.call().from, own);
    call(pair, godot.into());
    assert_eq!(godot::called(engine, || pair.poll()).from, own);

    for to in [0, godot.get(), -own.get()] {
        godot::rpc(engine, PATH, to, "by_anyone_here_too", &["7"]);
        assert_eq!(godot::called(engine, || pair.poll()).from, godot);
    }
    assert_eq!(pair.call().from, godot);
    godot::rpc(engine, PATH, own.get(), "by_anyone_here_too", &["7"]);
    assert_eq!(pair.call().from, godot);
    assert_eq!((pair.events_left(), engine.events_left()), (vec![], vec![]));
}

fn nodes_at_any_path(pair: &mut Pair, engine: &mut Engine) {
    for path in ["Game", "Game/Kid", "World/Level 1/Größe"] {
        let node = add(pair, engine, path);
        for _ in 0..2 {
            call_godot(pair, engine, node, path, "by_anyone", &["here".into()]);
            called_by_godot(pair, engine, node, path, "by_anyone", &["\"there\""]);
        }
    }
}

/// The new node has another number, at either end.
fn a_node_that_is_registered_again(pair: &mut Pair, engine: &mut Engine) {
    for _ in 0..3 {
        let node = add(pair, engine, PATH);
        for _ in 0..2 {
            call_godot(pair, engine, node, PATH, "by_anyone", &[1.into()]);
            called_by_godot(pair, engine, node, PATH, "by_anyone", &["1"]);
        }
        engine.ask("remove_node", json!({ "path": PATH }));
        pair.peer().session().unregister_node(node);
    }
}

fn a_node_that_godot_lacks(pair: &mut Pair, engine: &mut Engine) {
    let missing = pair.peer().session().register_node_with("Missing", methods()).expect("a path");
    let node = add(pair, engine, PATH);
    for complaint in [
        "Node not found: \"Missing\"",
        "Parameter \"node\" is null",
        "Failed to get path from RPC: Missing",
        "Requested node was not found",
    ] {
        engine.expect_error(complaint);
    }
    let godot = pair.godot;
    pair.peer().session().call_method(missing, godot, "by_anyone", vec![]).expect("a call");
    // Later calls are not affected.
    call_godot(pair, engine, node, PATH, "by_anyone", &[]);
}

fn a_node_that_we_lack(pair: &mut Pair, engine: &mut Engine) {
    godot::register_node_with(engine, "Missing", "game");
    let node = add(pair, engine, PATH);
    pair.be_lenient();
    let (own, godot) = (pair.id(), pair.godot);
    godot::rpc(engine, "Missing", own.get(), "by_anyone", &[]);
    // One for the announcement of the path, one for the call.
    for _ in 0..2 {
        pair.expect(&Event::PacketRejected { from: godot, error: PacketError::UnknownPath });
    }
    called_by_godot(pair, engine, node, PATH, "by_anyone", &[]);
}

/// A method's number is its index in a list, so calls reach other methods where the lists differ. Both ends report it.
fn methods_that_differ(pair: &mut Pair, engine: &mut Engine) {
    godot::register_node_with(engine, PATH, "game");
    let fewer = Methods::new()
        .with(Method::new("by_anyone").any_peer().variadic())
        .with(Method::new("by_anyone_here_too").any_peer().variadic());
    let node = pair.peer().session().register_node_with(PATH, fewer).expect("a path");
    pair.be_lenient();
    engine.expect_error("The rpc node checksum failed");
    let godot = pair.godot;
    pair.peer().session().call_method(node, godot, "by_anyone", vec![]).expect("a call");
    // Upper case sorts before lower case: number 0 is another method there.
    assert_eq!(godot::called(engine, || pair.poll()).method, "Zed");
    let (peer, ours) = pair.event("a mismatch", |event| match event {
        Event::ChecksumMismatch { peer, ours, .. } => Some((*peer, ours.clone())),
        _ => None,
    });
    assert_eq!((peer, ours), (godot, vec!["by_anyone".to_owned(), "by_anyone_here_too".to_owned()]));
}
