//! Authentication by both ends: admission, rejection by either end, timeouts at either end.

use std::time::Duration;

use serde_json::json;
use websocket_peer::multiplayer::{AuthFailure, Event, MultiplayerOptions, PacketError, PeerId};

use super::godot;
use super::ours::Ours;
use super::pair::{Part, begin, patient};
use crate::engine::Engine;
use crate::hex;
use crate::runner::Scenario;

/// Timeouts in seconds: one longer than any scenario, and a short one for scenarios that wait for it.
const LONG: f64 = 60.0;
const SHORT: f64 = 0.5;

/// The engine's error for packets of peers that are not admitted.
const TOO_EARLY: &str = "SYS_COMMAND_AUTH";

/// A scenario of two ends, with either end as the server.
type Behaviour = fn(Part, &mut Engine);

pub fn all(part: Part, name: &str) -> Vec<Scenario> {
    let behaviours: [(&str, Behaviour); 7] = [
        ("both_ends_agree", both_ends_agree),
        ("we_refuse", we_refuse),
        ("godot_refuses", godot_refuses),
        ("we_give_up", we_give_up),
        ("godot_gives_up", godot_gives_up),
        ("only_we_ask", only_we_ask),
        ("only_godot_asks", only_godot_asks),
    ];
    let scenario = |(behaviour, play): (&str, Behaviour)| {
        let path = format!("multiplayer::authentication::{name}::{behaviour}");
        Scenario::new(&path, move |[engine]| play(part, engine))
    };
    behaviours.into_iter().map(scenario).collect()
}

/// A session with authentication at our end, and this timeout.
fn asking(patience: f64) -> MultiplayerOptions {
    let mut options = patient();
    options.session = options.session.authenticate(true).auth_timeout(Duration::from_secs_f64(patience));
    options
}

/// Connects both ends until they authenticate. Returns Godot's id and ours.
#[track_caller]
fn authenticating(
    part: Part,
    engine: &mut Engine,
    our_patience: f64,
    its_patience: f64,
) -> (Ours, PeerId, PeerId) {
    engine.ask("authenticate", json!({ "timeout": its_patience }));
    let mut ours = begin(asking(our_patience), part, false, engine);
    let godot = ours.event("a new peer", |event| match event {
        Event::Authenticating(id) => Some(*id),
        _ => None,
    });
    let own = godot::id(&engine.event_while("peer_authenticating", || ours.poll()));
    assert_eq!(own, ours.id());
    (ours, godot, own)
}

#[track_caller]
fn failure(ours: &mut Ours, id: PeerId) -> AuthFailure {
    ours.event("the failure", |event| match event {
        Event::AuthFailed { peer, reason: why } if *peer == id => Some(why.clone()),
        _ => None,
    })
}

/// Asserts that Godot reports the failure, and has no peers as a client.
#[track_caller]
fn assert_godot_reports_failure(part: Part, engine: &mut Engine, ours: &mut Ours, own: PeerId) {
    let failed = engine.event_while("peer_authentication_failed", || ours.poll());
    assert_eq!(godot::id(&failed), own);
    if part == Part::Server {
        engine.event_while("server_disconnected", || ours.poll());
    }
}

/// Exchanges authentication data in both directions.
#[track_caller]
fn exchange(ours: &mut Ours, engine: &mut Engine, godot: PeerId, own: PeerId) {
    ours.peer().session().send_auth(godot, b"the password?").expect("a new peer");
    let data = engine.event_while("auth", || ours.poll());
    assert_eq!((godot::id(&data), &data["hex"]), (own, &json!(hex::encode(b"the password?"))));
    engine.ask_ok("send_auth", json!({ "id": own.get(), "hex": hex::encode(b"swordfish") }));
    let data = ours.event("its data", |event| match event {
        Event::Auth { from, data } => Some((*from, data.to_vec())),
        _ => None,
    });
    assert_eq!(data, (godot, b"swordfish".to_vec()));
}

fn both_ends_agree(part: Part, engine: &mut Engine) {
    let (mut ours, godot, own) = authenticating(part, engine, LONG, LONG);
    exchange(&mut ours, engine, godot, own);
    assert_eq!(ours.peers(), [], "no peer is admitted yet");
    ours.peer().session().complete_auth(godot).expect("a new peer");
    engine.ask_ok("complete_auth", json!({ "id": own.get() }));
    assert_eq!(ours.peer_connected(), godot);
    assert_eq!(godot::id(&engine.event_while("peer_connected", || ours.poll())), own);
    // The session works as usual.
    godot::send_bytes(engine, own.get(), b"hello");
    assert_eq!(ours.bytes(), (godot, b"hello".to_vec()));
}

fn we_refuse(part: Part, engine: &mut Engine) {
    let (mut ours, godot, own) = authenticating(part, engine, LONG, LONG);
    exchange(&mut ours, engine, godot, own);
    ours.peer().session().send_auth(godot, b"wrong").expect("a new peer");
    ours.peer().session().disconnect_peer(godot).expect("a new peer");
    // A client that disconnects its server leaves the session. It has no event for the server.
    if part == Part::Server {
        assert_eq!(failure(&mut ours, godot), AuthFailure::Kicked);
    }
    // The reason arrives before the end.
    assert_eq!(engine.event_while("auth", || ours.poll())["hex"], hex::encode(b"wrong"));
    assert_godot_reports_failure(part, engine, &mut ours, own);
}

fn godot_refuses(part: Part, engine: &mut Engine) {
    let (mut ours, godot, own) = authenticating(part, engine, LONG, LONG);
    exchange(&mut ours, engine, godot, own);
    engine.ask("disconnect_peer", json!({ "id": own.get() }));
    assert!(matches!(failure(&mut ours, godot), AuthFailure::Closed(info) if info.code == Some(1000)));
}

fn we_give_up(part: Part, engine: &mut Engine) {
    let (mut ours, godot, own) = authenticating(part, engine, SHORT, LONG);
    assert_eq!(failure(&mut ours, godot), AuthFailure::TimedOut);
    assert_godot_reports_failure(part, engine, &mut ours, own);
}

fn godot_gives_up(part: Part, engine: &mut Engine) {
    let (mut ours, godot, own) = authenticating(part, engine, LONG, SHORT);
    let failed = engine.event_while("peer_authentication_failed", || ours.poll());
    assert_eq!(godot::id(&failed), own);
    assert!(matches!(failure(&mut ours, godot), AuthFailure::Closed(info) if info.code == Some(1000)));
}

/// Godot admits us without authentication, and sends at once.
fn only_we_ask(part: Part, engine: &mut Engine) {
    let mut ours = begin(asking(SHORT), part, false, engine);
    ours.be_lenient();
    let own = godot::id(&engine.event_while("peer_connected", || ours.poll()));
    godot::send_bytes(engine, own.get(), b"too early");
    let from = ours.event("a refusal", |event| match event {
        Event::PacketRejected { from, error: PacketError::NotAuthenticated } => Some(*from),
        _ => None,
    });
    assert_eq!(failure(&mut ours, from), AuthFailure::TimedOut);
    assert_eq!(godot::id(&engine.event_while("peer_disconnected", || ours.poll())), own);
    assert!(!ours.events_left().iter().any(|event| matches!(event, Event::Packet { .. })));
}

/// We admit Godot without authentication, and send at once.
fn only_godot_asks(part: Part, engine: &mut Engine) {
    engine.ask("authenticate", json!({ "timeout": SHORT }));
    let mut ours = begin(MultiplayerOptions::default(), part, false, engine);
    let godot = ours.peer_connected();
    engine.expect_error(TOO_EARLY);
    ours.peer().session().send_bytes(godot, b"too early").expect("a peer");
    let failed = engine.event_while("peer_authentication_failed", || ours.poll());
    assert_eq!(godot::id(&failed), ours.id());
    ours.event("the end", |event| matches!(event, Event::PeerDisconnected(..)).then_some(()));
    assert!(!engine.events_left().iter().any(|event| event.name == "peer_packet"));
}
