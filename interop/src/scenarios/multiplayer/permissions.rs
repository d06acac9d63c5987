//! Who may call what: the receiver decides, at either end.

use serde_json::json;
use websocket_peer::multiplayer::{Event, PacketError, PeerId};

use super::calls::{PATH, add};
use super::pair::{Pair, Part};
use super::{Behaviour, godot};
use crate::engine::Engine;

pub const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("the_authority_may_call", the_authority_may_call),
    ("nobody_but_the_authority_may", nobody_but_the_authority_may),
    ("the_authority_is_given_away", the_authority_is_given_away),
    ("what_nobody_may_call", what_nobody_may_call),
];

/// How the engine complains.
const COMPLAINT: &str = "is not allowed on node";

/// The server, if nothing else was said.
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

fn nobody_but_the_authority_may(pair: &mut Pair, engine: &mut Engine) {
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

/// To the client, which then is the only one that may; both ends have to know.
fn the_authority_is_given_away(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    let (own, godot) = (pair.id(), pair.godot);
    let client = if pair.part == Part::Client { own } else { godot };
    engine.ask("set_authority", json!({ "path": PATH, "id": client.get() }));
    pair.peer().session().set_authority(node, client).expect("a node");
    let heard = |is_authority: bool| if is_authority { "by_authority" } else { "by_anyone" };

    for method in ["by_authority", "by_anyone"] {
        pair.peer().session().call_method(node, godot, method, vec![]).expect("a call");
    }
    if client == godot {
        engine.expect_error(COMPLAINT);
    }
    assert_eq!(godot::called(engine, || pair.poll()).method, heard(client == own));

    if client == own {
        pair.be_lenient();
    }
    for method in ["by_authority", "by_anyone"] {
        godot::rpc(engine, PATH, own.get(), method, &[]);
    }
    assert_eq!(pair.call().method, heard(client == godot));
    if client == own {
        pair.expect(&Event::PacketRejected {
            from: godot,
            error: PacketError::NotAllowed { method: "by_authority".into() },
        });
    }
}

fn what_nobody_may_call(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine, PATH);
    let (own, godot) = (pair.id(), pair.godot);
    pair.be_lenient();
    engine.expect_error(COMPLAINT);

    pair.peer().session().call_method(node, godot, "by_nobody", vec![]).expect("a call");
    pair.peer().session().call_method(node, godot, "by_anyone", vec![]).expect("a call");
    assert_eq!(godot::called(engine, || pair.poll()).method, "by_anyone");

    godot::rpc(engine, PATH, own.get(), "by_nobody", &[]);
    pair.expect(&Event::PacketRejected {
        from: godot,
        error: PacketError::NotAllowed { method: "by_nobody".into() },
    });
}
