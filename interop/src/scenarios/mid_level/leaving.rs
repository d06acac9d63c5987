//! Ends that close, and ends that vanish.

use serde_json::json;
use websocket_peer::multiplayer::{ConnectionStatus, PeerId, Target};
use websocket_peer::{CloseCause, Error};

use super::ours::{Pair, Part};
use super::{Behaviour, godot};
use crate::engine::Engine;

pub const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("we_close", we_close),
    ("we_vanish", we_vanish),
    ("godot_closes_after_its_last_packets", godot_closes_after_its_last_packets),
    ("godot_is_killed", godot_is_killed),
];

fn we_close(pair: &mut Pair, engine: &mut Engine) {
    let own = pair.id();
    pair.peer().close();
    assert_eq!((pair.peers(), pair.peer().status()), (vec![], ConnectionStatus::Disconnected));
    let refused = pair.peer().send(Target::All, b"too late").expect_err("it is closed");
    assert!(matches!(refused, Error::NotOpen { .. }), "{refused}");

    let code = if pair.part == Part::Server { 1001 } else { 1000 };
    let gone = godot::disconnected(engine, godot::NAME, || pair.poll());
    assert_eq!((gone.0, gone.1), (own, code));
    if pair.part == Part::Server {
        assert_eq!(godot::status(engine, godot::NAME), 0);
    } else {
        let (id, info) = pair.disconnected();
        assert_eq!((id, info.code, info.cause), (PeerId::SERVER, Some(1000), CloseCause::Local));
    }
    pair.closed();
    assert_eq!(pair.events_left(), []);
}

/// Dropping our end ends the connection without a close frame.
fn we_vanish(pair: &mut Pair, engine: &mut Engine) {
    let own = pair.id();
    pair.vanish();
    let gone = godot::disconnected(engine, godot::NAME, || {});
    assert_eq!(gone, (own, -1, String::new()));
}

/// It only cuts the connection.
fn godot_closes_after_its_last_packets(pair: &mut Pair, engine: &mut Engine) {
    engine.ask_together(&[
        godot::putting(godot::NAME, 0, b"one"),
        godot::putting(godot::NAME, 0, b"two"),
        ("mp_close", json!({ "name": godot::NAME })),
    ]);
    for expected in [b"one", b"two"] {
        let (from, packet) = pair.packet();
        assert_eq!((from, packet.as_bytes()), (pair.godot, &expected[..]));
    }
    let (id, info) = pair.disconnected();
    assert_eq!((id, info.code, info.cause), (pair.godot, None, CloseCause::ConnectionLost));
    assert_eq!((pair.peers(), pair.peer().is_closed()), (vec![], pair.part == Part::Client));
}

fn godot_is_killed(pair: &mut Pair, engine: &mut Engine) {
    engine.kill();
    let (id, info) = pair.disconnected();
    assert_eq!((id, info.code, info.cause), (pair.godot, None, CloseCause::ConnectionLost));
    assert_eq!(pair.peers(), []);
}
