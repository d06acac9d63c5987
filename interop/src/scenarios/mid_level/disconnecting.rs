//! Peers that the other end disconnects: `disconnect_peer`, with and without force.

use serde_json::json;
use websocket_peer::multiplayer::{PeerId, Target};
use websocket_peer::{CloseCause, CloseCode, Error};

use super::godot;
use super::ours::{Ours, Pair, Part};
use crate::engine::Engine;
use crate::runner::Scenario;

pub fn all() -> Vec<Scenario> {
    let mut scenarios = vec![
        Scenario::new("mid_level::disconnecting::our_server_with_a_reason", our_server_with_a_reason),
        Scenario::new("mid_level::disconnecting::our_client", our_client),
    ];
    for (force, name) in [(false, "gently"), (true, "by_force")] {
        scenarios.push(Scenario::new(
            &format!("mid_level::disconnecting::godots_server::{name}"),
            move |[engine]| godots_server(force, engine),
        ));
        scenarios.push(Scenario::new(
            &format!("mid_level::disconnecting::godots_client::{name}"),
            move |[engine]| godots_client(force, engine),
        ));
    }
    scenarios
}

/// The reason arrives, and the other client stays.
fn our_server_with_a_reason([engine]: [&mut Engine; 1]) {
    let mut server = Ours::host(false);
    let [anna, ben] = ["anna", "ben"].map(|name| {
        godot::join(engine, name, &server.url(false));
        let id = server.connected();
        godot::connected(engine, name, || server.poll());
        id
    });
    let code = CloseCode::new(4001).expect("a code");
    server.peer().disconnect_peer_with(anna, code, "du störst").expect("a peer");
    // It is gone for the server's program when its end is reported, and receives nothing more.
    let refused =
        server.peer().disconnect_peer_with(anna, code, &"x".repeat(124)).expect_err("a long reason");
    assert!(matches!(refused, Error::ReasonTooLong { .. }), "{refused}");
    let gone = godot::disconnected(engine, "anna", || server.poll());
    assert_eq!(gone, (PeerId::SERVER, 4001, "du störst".to_owned()));
    assert_eq!(godot::status(engine, "anna"), 0);

    let (id, info) = server.disconnected();
    assert_eq!((id, info.code, info.cause), (anna, Some(4001), CloseCause::Local));
    assert_eq!(server.peers(), [ben]);
    assert_eq!(server.peer().disconnect_peer(anna), Err(Error::UnknownPeer));
    assert_eq!(server.peer().send(anna, b"hello"), Err(Error::UnknownPeer));
    server.peer().send(Target::All, b"hello").expect("peers");
    assert_eq!(godot::packet(engine, "ben", || server.poll()).1, b"hello");
}

fn our_client([engine]: [&mut Engine; 1]) {
    let mut pair = Pair::meet(Part::Client, false, engine);
    let own = pair.id();
    let code = CloseCode::new(4002).expect("a code");
    assert_eq!(pair.peer().disconnect_peer_with(own, code, ""), Err(Error::UnknownPeer));
    pair.peer().send(PeerId::SERVER, b"last").expect("a server");
    pair.peer().disconnect_peer_with(PeerId::SERVER, code, "enough").expect("a server");
    let (id, info) = pair.disconnected();
    assert_eq!((id, info.code, info.cause), (PeerId::SERVER, Some(4002), CloseCause::Local));
    let gone = godot::disconnected(engine, godot::NAME, || pair.poll());
    assert_eq!(gone, (own, 4002, "enough".to_owned()));
}

/// Packets before the end arrive. By force, Godot does not report the departure to its program.
fn godots_server(force: bool, engine: &mut Engine) {
    let mut pair = Pair::meet(Part::Client, false, engine);
    let own = pair.id();
    engine.ask_together(&[
        godot::putting(godot::NAME, own.get(), b"last"),
        ("mp_disconnect_peer", json!({ "name": godot::NAME, "id": own.get(), "force": force })),
    ]);
    let (from, packet) = pair.packet();
    assert_eq!((from, packet.as_bytes()), (PeerId::SERVER, &b"last"[..]));
    let (id, info) = pair.disconnected();
    assert_eq!((id, info.code, info.cause), (PeerId::SERVER, Some(1000), CloseCause::Remote));
    assert_reported(force, own, engine, &mut pair);
    assert!(pair.peer().is_closed());

    // Its server accepts further clients.
    assert_eq!(godot::status(engine, godot::NAME), 2);
}

fn godots_client(force: bool, engine: &mut Engine) {
    let mut pair = Pair::meet(Part::Server, false, engine);
    let godot = pair.godot;
    engine.ask_together(&[
        godot::putting(godot::NAME, 1, b"last"),
        ("mp_disconnect_peer", json!({ "name": godot::NAME, "id": 1, "force": force })),
    ]);
    let (from, packet) = pair.packet();
    assert_eq!((from, packet.as_bytes()), (godot, &b"last"[..]));
    let (id, info) = pair.disconnected();
    assert_eq!((id, info.code, info.cause), (godot, Some(1000), CloseCause::Remote));
    assert_reported(force, PeerId::SERVER, engine, &mut pair);
    assert_eq!(godot::status(engine, godot::NAME), 0);
    assert_eq!(pair.peers(), []);
}

#[track_caller]
fn assert_reported(force: bool, id: PeerId, engine: &mut Engine, pair: &mut Pair) {
    if force {
        let events = engine.events_left();
        assert!(events.iter().all(|event| event.name != "it.disconnected"), "{events:?}");
    } else {
        assert_eq!(godot::disconnected(engine, godot::NAME, || pair.poll()).0, id);
    }
}
