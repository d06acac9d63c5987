//! Permissions of calls: the receiver decides, at either end.

use serde_json::json;
use websocket_peer::multiplayer::{Event, PacketError, PeerId};

use super::calls::{PATH, add};
use super::pair::{Pair, Part};
use super::{Behaviour, godot};
use crate::engine::Engine;

pub const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("the_authority_may_call", the_authority_may_call),
    ("only_the_authority_may_call", only_the_authority_may_call),
    ("the_authority_is_changed", the_authority_is_changed),
    ("a_disabled_method_is_rejected", a_disabled_method_is_rejected),
];

/// The engine's error.
const COMPLAINT: &str = "is not allowed on node";

/// The server is the authority by default.
fn the_authority_may_call(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    match pair.part {
        Part::Server => {
            let godot = pair.godot;
            pair.peer().session().call_method(node, godot, "by_authority", vec![1.into()]).expect("a call");
            let called = godot::called(engine, || pair.poll());
            assert_eq!((called.method.as_str(), called.from), ("by_authority", PeerId::SERVER));
        }
        Part::Client => {
            godot::rpc(engine, PATH, pair.id().get(), "by_authority", &["1"]);
            let call = pair.call();
            assert_eq!((&*call.method, call.from), ("by_authority", PeerId::SERVER));
        }
    }
}

fn only_the_authority_may_call(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    match pair.part {
        Part::Client => {
            engine.expect_error(COMPLAINT);
            for method in ["by_authority", "by_anyone"] {
                pair.peer().session().call_method(node, PeerId::SERVER, method, vec![]).expect("a call");
            }
            assert_eq!(godot::called(engine, || pair.poll()).method, "by_anyone");
        }
        Part::Server => {
            pair.be_lenient();
            for method in ["by_authority", "by_anyone"] {
                godot::rpc(engine, PATH, 1, method, &[]);
            }
            let refused = PacketError::NotAllowed { method: "by_authority".into() };
            let godot = pair.godot;
            pair.expect(&Event::PacketRejected { from: godot, error: refused });
            assert_eq!(pair.call().method, "by_anyone");
        }
    }
}

/// Both ends set the client as the authority, which alone may call then.
fn the_authority_is_changed(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    let (own, godot) = (pair.id(), pair.godot);
    let client = if pair.part == Part::Client { own } else { godot };
    engine.ask("set_authority", json!({ "path": PATH, "id": client.get() }));
    pair.peer().session().set_authority(node, client).expect("a node");
    let method = |is_authority: bool| if is_authority { "by_authority" } else { "by_anyone" };

    for method in ["by_authority", "by_anyone"] {
        pair.peer().session().call_method(node, godot, method, vec![]).expect("a call");
    }
    if client == godot {
        engine.expect_error(COMPLAINT);
    }
    assert_eq!(godot::called(engine, || pair.poll()).method, method(client == own));

    if client == own {
        pair.be_lenient();
    }
    for method in ["by_authority", "by_anyone"] {
        godot::rpc(engine, PATH, own.get(), method, &[]);
    }
    assert_eq!(pair.call().method, method(client == godot));
    if client == own {
        pair.expect(&Event::PacketRejected {
            from: godot,
            error: PacketError::NotAllowed { method: "by_authority".into() },
        });
    }
}

fn a_disabled_method_is_rejected(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    let (own, godot) = (pair.id(), pair.godot);
    pair.be_lenient();
    engine.expect_error(COMPLAINT);

    pair.peer().session().call_method(node, godot, "by_none", vec![]).expect("a call");
    pair.peer().session().call_method(node, godot, "by_anyone", vec![]).expect("a call");
    assert_eq!(godot::called(engine, || pair.poll()).method, "by_anyone");

    godot::rpc(engine, PATH, own.get(), "by_none", &[]);
    pair.expect(&Event::PacketRejected {
        from: godot,
        error: PacketError::NotAllowed { method: "by_none".into() },
    });
}
