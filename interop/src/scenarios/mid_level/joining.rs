//! Clients that are refused, and connections to servers of another kind.

use std::time::Duration;

use serde_json::json;
use websocket_peer::multiplayer::{ConnectionStatus, PeerEvent, PeerId};
use websocket_peer::{CloseCause, PeerOptions, ServerOptions, Timeout};

use super::godot;
use super::ours::Ours;
use crate::engine::Engine;
use crate::runner::Scenario;

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("mid_level::joining::we_refuse_new_clients", we_refuse_new_clients),
        Scenario::new("mid_level::joining::godot_refuses_new_clients", godot_refuses_new_clients),
        Scenario::new("mid_level::joining::protocols_must_agree", protocols_must_agree),
        Scenario::new("mid_level::joining::a_first_packet_that_is_no_id", a_first_packet_that_is_no_id),
        Scenario::new("mid_level::joining::an_id_that_does_not_come", an_id_that_does_not_come),
        Scenario::new("mid_level::joining::engines_get_different_ids", engines_get_different_ids),
    ]
}

fn we_refuse_new_clients([engine]: [&mut Engine; 1]) {
    let mut server = Ours::host(false);
    godot::join(engine, "anna", &server.url(false));
    let anna = server.connected();
    server.peer().refuse_new_connections(true);
    engine.expect_error("Got: '503', expected '101'");
    engine.expect_error("Invalid response headers");
    godot::join(engine, "ben", &server.url(false));
    fails(engine, "ben", || server.poll());
    assert_eq!((server.events_left(), server.peers()), (vec![], vec![anna]));

    server.peer().refuse_new_connections(false);
    godot::join(engine, "ben", &server.url(false));
    let ben = server.connected();
    assert_eq!(godot::connected(engine, "ben", || server.poll()), PeerId::SERVER);
    assert_eq!(godot::id(engine, "ben"), ben);
}

/// It leaves us without an answer, until it accepts again.
fn godot_refuses_new_clients([engine]: [&mut Engine; 1]) {
    let url = godot::host(engine, godot::NAME, false);
    engine.ask("mp_refuse_new_connections", json!({ "name": godot::NAME, "on": true }));
    let options = PeerOptions::default().connect_timeout(Duration::from_millis(300));
    let mut ours = Ours::join_with(&url, options);
    let PeerEvent::ConnectionFailed(info) = ours.event() else { panic!("it is refused") };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Connect));
    assert_eq!(ours.peer().status(), ConnectionStatus::Disconnected);

    let mut patient = Ours::join(&url);
    engine.ask("mp_refuse_new_connections", json!({ "name": godot::NAME, "on": false }));
    assert_eq!(patient.connected(), PeerId::SERVER);
    let own = patient.id();
    assert_eq!(godot::connected(engine, godot::NAME, || patient.poll()), own);
}

fn protocols_must_agree([engine]: [&mut Engine; 1]) {
    let connection = PeerOptions::for_server().protocols(["demo-chat"]);
    let mut server = Ours::host_with(ServerOptions::default().connection(connection));
    let url = server.url(false);
    engine.expect_error("Got: '400', expected '101'");
    engine.expect_error("Invalid response headers");
    godot::join(engine, "anna", &url);
    fails(engine, "anna", || server.poll());
    assert_eq!(server.events_left(), []);

    let about = json!({ "name": "ben", "url": url, "tls": false, "protocols": ["other", "demo-chat"] });
    engine.ask_ok("mp_create_client", about);
    let ben = server.connected();
    assert_eq!(server.peer().peer(ben).and_then(|peer| peer.protocol()), Some("demo-chat"));

    let about = json!({ "name": "host", "tls": false, "protocols": ["demo-chat"] });
    let url = format!("ws://127.0.0.1:{}", engine.ask("mp_create_server", about));
    let mut without = Ours::join(&url);
    assert!(matches!(without.event(), PeerEvent::ConnectionFailed(_)));
    let mut with = Ours::join_with(&url, PeerOptions::default().protocols(["demo-chat"]));
    assert_eq!(with.connected(), PeerId::SERVER);
}

/// The server is a plain WebSocketPeer.
fn a_first_packet_that_is_no_id([engine]: [&mut Engine; 1]) {
    for first in ["", "0700", "0700000000", "00000000", "01000000", "ffffffff"] {
        let mut ours = plain(engine, Duration::from_secs(20));
        engine.ask_ok("ws_send", json!({ "name": "plain", "hex": first }));
        let PeerEvent::ConnectionFailed(info) = ours.event() else { panic!("{first:?} is no id") };
        assert!(matches!(info.cause, CloseCause::HandshakeFailed { .. }), "{first:?}: {info}");
        engine.event_while("ws_closed", || ours.poll());
    }
}

fn an_id_that_does_not_come([engine]: [&mut Engine; 1]) {
    let mut ours = plain(engine, Duration::from_secs(2));
    let PeerEvent::ConnectionFailed(info) = ours.event() else { panic!("there is no id") };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Connect));
    engine.event_while("ws_closed", || ours.poll());
}

/// Connects to a plain WebSocketPeer of the engine.
#[track_caller]
fn plain(engine: &mut Engine, timeout: Duration) -> Ours {
    let port = engine.ask("ws_listen", json!({ "name": "plain", "tls": false, "protocols": [] }));
    let options = PeerOptions::default().connect_timeout(timeout);
    let mut ours = Ours::join_with(&format!("ws://127.0.0.1:{port}"), options);
    engine.event_while("ws_open", || ours.poll());
    ours
}

fn engines_get_different_ids([anna, ben]: [&mut Engine; 2]) {
    let mut server = Ours::host(false);
    let mut ids: Vec<PeerId> = Vec::new();
    for name in ["one", "two", "three"] {
        let engine = if name == "two" { &mut *ben } else { &mut *anna };
        godot::join(engine, name, &server.url(false));
        let id = server.connected();
        assert_eq!(godot::connected(engine, name, || server.poll()), PeerId::SERVER);
        assert_eq!(godot::id(engine, name), id);
        assert!(id != PeerId::SERVER && !ids.contains(&id), "{id} is taken");
        ids.push(id);
    }
    ids.sort();
    assert_eq!(server.peers(), ids);
}

/// Waits until an engine's client gives up.
#[track_caller]
fn fails(engine: &mut Engine, name: &str, mut meanwhile: impl FnMut()) {
    while engine.event_while(&format!("{name}.status"), &mut meanwhile)["status"] != 0 {}
}
