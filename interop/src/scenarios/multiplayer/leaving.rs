//! Ends of sessions: packets that were sent before are delivered, whichever end leaves.

use std::time::Duration;

use serde_json::json;
use websocket_peer::multiplayer::{DisconnectReason, Event, MultiplayerOptions, NodeKey, PeerId, Target};
use websocket_peer::variant::Variant;
use websocket_peer::{CloseCause, CloseInfo, PeerOptions, ServerOptions, Timeout};

use super::calls::{PATH, methods};
use super::joining::enter;
use super::ours::Ours;
use super::pair::{Pair, Part, begin, patient};
use super::{Behaviour, godot};
use crate::engine::Engine;
use crate::hex;
use crate::runner::Scenario;

/// The scenarios with our end in either role.
pub const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("we_close_after_our_last_packets", we_close_after_our_last_packets),
    ("godot_closes_after_its_last_packets", godot_closes_after_its_last_packets),
    ("godot_is_killed", godot_is_killed),
    ("a_kick_after_the_last_packets", a_kick_after_the_last_packets),
];

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "multiplayer::leaving::our_server_closes_before_two_engines",
            our_server_closes_before_two_engines,
        ),
        Scenario::new("multiplayer::leaving::godots_transport_drops_us", godots_transport_drops_us),
        Scenario::new(
            "multiplayer::leaving::an_engine_that_freezes_is_noticed",
            an_engine_that_freezes_is_noticed,
        ),
    ]
}

/// Returns the signal that reports the end at Godot.
fn end_signal(part: Part) -> &'static str {
    if part == Part::Server { "server_disconnected" } else { "peer_disconnected" }
}

#[track_caller]
fn add(pair: &mut Pair, engine: &mut Engine) -> NodeKey {
    super::calls::add(pair, engine, PATH)
}

/// Sends a call, and bytes.
#[track_caller]
fn last_words(ours: &mut Ours, node: NodeKey, to: Target) {
    let arguments = vec!["you are banned".into()];
    ours.peer().session().call_method(node, to, "by_anyone", arguments).expect("a call");
    ours.peer().session().send_bytes(to, b"the last bytes").expect("a peer");
}

/// Asserts that they have arrived.
#[track_caller]
fn assert_godot_received(engine: &mut Engine, mut meanwhile: impl FnMut()) {
    assert_eq!(godot::called(engine, &mut meanwhile).arguments, [Variant::from("you are banned")]);
    assert_eq!(engine.event_while("peer_packet", meanwhile)["hex"], hex::encode(b"the last bytes"));
}

/// Blocks an engine for some frames, so that it reads everything at once. It loses packets that it reads together with the
/// end of a connection.
#[track_caller]
fn freeze_briefly(engine: &mut Engine) {
    engine.ask("freeze", json!({ "msec": 150 }));
}

/// Makes Godot send its last packets, and do something else in the same frame.
#[track_caller]
fn send_last_packets_of_godot(engine: &mut Engine, to: PeerId, deed: (&str, serde_json::Value)) {
    engine.ask_together(&[
        ("rpc", godot::call(PATH, to.get(), "by_anyone", &["\"you are banned\""])),
        ("send_bytes", json!({ "to": to.get(), "hex": hex::encode(b"the last bytes") })),
        deed,
    ]);
}

#[track_caller]
fn assert_we_received(pair: &mut Pair) {
    assert_eq!(pair.call().arguments, [Variant::from("you are banned")]);
    assert_eq!(pair.bytes(), (pair.godot, b"the last bytes".to_vec()));
}

/// Asserts that we report the other end's departure, and as a client the end of the session.
#[track_caller]
fn parted(pair: &mut Pair) -> DisconnectReason {
    let godot = pair.godot;
    let why = pair.event("a departure", |event| match event {
        Event::PeerDisconnected(id, why) if *id == godot => Some(why.clone()),
        _ => None,
    });
    if pair.part == Part::Client {
        pair.event("the end", |event| matches!(event, Event::Disconnected { .. }).then_some(()));
    }
    why
}

#[track_caller]
fn closed(why: DisconnectReason) -> CloseInfo {
    match why {
        DisconnectReason::Closed(info) => info,
        other => panic!("{other:?}"),
    }
}

fn we_close_after_our_last_packets(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine);
    freeze_briefly(engine);
    last_words(pair, node, Target::All);
    pair.peer().close();
    pair.peer().session().call_method(node, Target::All, "by_anyone", vec![]).expect("no error, and no call");
    assert_godot_received(engine, || pair.poll());
    engine.event_while(end_signal(pair.part), || pair.poll());
    if pair.part == Part::Client {
        pair.event("the end", |event| matches!(event, Event::Disconnected { .. }).then_some(()));
    }
    pair.closed();
    // An engine that hosts reports nothing after it has closed, either.
    assert_eq!((pair.peers(), pair.events_left()), (vec![], vec![]));
}

fn godot_closes_after_its_last_packets(pair: &mut Pair, engine: &mut Engine) {
    add(pair, engine);
    let own = pair.id();
    send_last_packets_of_godot(engine, own, ("close", json!({})));
    assert_we_received(pair);
    assert_eq!(closed(parted(pair)).code, None, "it only cuts the connection");
}

fn godot_is_killed(pair: &mut Pair, engine: &mut Engine) {
    engine.kill();
    let info = closed(parted(pair));
    assert_eq!((info.code, info.cause), (None, CloseCause::ConnectionLost));
}

/// The server kicks the other end.
fn a_kick_after_the_last_packets(pair: &mut Pair, engine: &mut Engine) {
    let node = add(pair, engine);
    let (own, godot) = (pair.id(), pair.godot);
    match pair.part {
        Part::Server => {
            freeze_briefly(engine);
            last_words(pair, node, godot.into());
            pair.peer().session().disconnect_peer(godot).expect("a peer");
            assert_eq!((pair.peers(), parted(pair)), (vec![], DisconnectReason::Kicked));
            assert_godot_received(engine, || pair.poll());
            engine.event_while("server_disconnected", || pair.poll());
        }
        Part::Client => {
            send_last_packets_of_godot(engine, own, ("disconnect_peer", json!({ "id": own.get() })));
            assert_we_received(pair);
            let info = closed(parted(pair));
            assert_eq!((info.code, info.cause), (Some(1000), CloseCause::Remote));
            pair.closed();
        }
    }
}

fn our_server_closes_before_two_engines([anna, ben]: [&mut Engine; 2]) {
    let mut server = Ours::host(patient(), false);
    enter(&mut server, false, anna, &mut []);
    enter(&mut server, false, ben, &mut [anna]);
    let node = server.peer().session().register_node_with(PATH, methods()).expect("a path");
    for engine in [&mut *anna, &mut *ben] {
        godot::add_node(engine, PATH, "game");
        freeze_briefly(engine);
    }
    last_words(&mut server, node, Target::All);
    server.peer().close();
    for engine in [anna, ben] {
        assert_godot_received(engine, || server.poll());
        engine.event_while("server_disconnected", || server.poll());
    }
    server.closed();
}

/// Below SceneMultiplayer, which does not notice a forced disconnect.
fn godots_transport_drops_us([engine]: [&mut Engine; 1]) {
    let url = godot::host(engine, false);
    for force in [false, true] {
        let mut ours = Ours::join(&url, MultiplayerOptions::default());
        let id = ours.joined();
        assert_eq!(godot::id(&engine.event_while("peer_connected", || ours.poll())), id);
        engine.ask("drop_peer", json!({ "id": id.get(), "force": force }));
        let why = ours.event("a departure", |event| match event {
            Event::PeerDisconnected(PeerId::SERVER, why) => Some(why.clone()),
            _ => None,
        });
        assert_eq!(closed(why).code, Some(1000));
        ours.event("the end", |event| matches!(event, Event::Disconnected { .. }).then_some(()));
        let count = engine.events_left().iter().filter(|event| event.name == "peer_disconnected").count();
        assert_eq!(count, usize::from(!force));
    }
}

/// Its connection stays open and silent: only our heartbeat notices.
fn an_engine_that_freezes_is_noticed([engine]: [&mut Engine; 1]) {
    let peer = PeerOptions::for_server()
        .heartbeat_interval(Duration::from_millis(300))
        // Longer than the answer of an engine on a busy machine, and shorter than the freeze.
        .heartbeat_timeout(Duration::from_secs(3));
    let options = MultiplayerOptions::default().server(ServerOptions::default().connection(peer));
    let mut ours = begin(options, Part::Server, false, engine);
    let id = ours.peer_connected();
    engine.event_while("connected_to_server", || ours.poll());
    engine.ask("freeze", json!({ "msec": 6000 }));
    let why = ours.event("a departure", |event| match event {
        Event::PeerDisconnected(gone, why) if *gone == id => Some(why.clone()),
        _ => None,
    });
    assert_eq!(closed(why).cause, CloseCause::TimedOut(Timeout::Heartbeat));
    engine.event_while("server_disconnected", || ours.poll());
}
