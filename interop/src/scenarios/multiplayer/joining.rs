//! Clients that join and leave, and the events at all ends.

use std::time::Duration;

use serde_json::json;
use websocket_peer::multiplayer::{DisconnectReason, Event, MultiplayerOptions, PeerId, SessionOptions};
use websocket_peer::{CloseCause, PeerOptions, Timeout};

use super::godot;
use super::ours::Ours;
use crate::engine::Engine;
use crate::runner::Scenario;

pub fn all() -> Vec<Scenario> {
    let mut scenarios = vec![
        Scenario::new(
            "multiplayer::joining::without_relay_clients_are_alone",
            without_relay_clients_are_alone,
        ),
        Scenario::new("multiplayer::joining::we_refuse_new_clients", we_refuse_new_clients),
        Scenario::new("multiplayer::joining::godot_refuses_new_clients", godot_refuses_new_clients),
        Scenario::new("multiplayer::joining::protocols_must_agree", protocols_must_agree),
        Scenario::new(
            "multiplayer::joining::godot_without_our_protocol_is_refused",
            godot_without_our_protocol_is_refused,
        ),
    ];
    for (secure, scheme) in [(false, "ws"), (true, "wss")] {
        scenarios.push(Scenario::new(
            &format!("multiplayer::joining::{scheme}::three_engines_join_and_leave"),
            move |engines| three_engines_join_and_leave(secure, engines),
        ));
        scenarios.push(Scenario::new(
            &format!("multiplayer::joining::{scheme}::ours_and_godots_at_godots_server"),
            move |engines| ours_and_godots_at_godots_server(secure, engines),
        ));
    }
    scenarios
}

/// Waits until an engine reports this peer as connected or disconnected.
#[track_caller]
fn reports(engine: &mut Engine, what: &str, id: PeerId, meanwhile: impl FnMut()) {
    assert_eq!(godot::id(&engine.event_while(what, meanwhile)), id, "{what}");
}

/// Makes an engine join our server, and asserts that all ends report it.
#[track_caller]
pub fn enter(server: &mut Ours, secure: bool, engine: &mut Engine, others: &mut [&mut Engine]) -> PeerId {
    let before = server.peers();
    godot::join(engine, &server.url(secure));
    let id = server.peer_connected();
    engine.event_while("connected_to_server", || server.poll());
    reports(engine, "peer_connected", PeerId::SERVER, || server.poll());
    for other in before {
        reports(engine, "peer_connected", other, || server.poll());
    }
    for other in others {
        reports(other, "peer_connected", id, || server.poll());
    }
    assert_eq!(godot::ids(engine).0, id);
    id
}

/// Waits until our server reports that a peer is gone.
#[track_caller]
fn gone(server: &mut Ours, id: PeerId) -> DisconnectReason {
    server.event("a peer goes", |event| match event {
        Event::PeerDisconnected(gone, why) if *gone == id => Some(why.clone()),
        _ => None,
    })
}

fn three_engines_join_and_leave(secure: bool, [anna, ben, cleo]: [&mut Engine; 3]) {
    let mut server = Ours::host(MultiplayerOptions::default(), secure);
    let anna_id = enter(&mut server, secure, anna, &mut []);
    let ben_id = enter(&mut server, secure, ben, &mut [anna]);
    let cleo_id = enter(&mut server, secure, cleo, &mut [anna, ben]);
    let mut all = [anna_id, ben_id, cleo_id];
    all.sort();
    assert_eq!(server.peers(), all);
    for (engine, own) in [(&mut *anna, anna_id), (&mut *ben, ben_id), (&mut *cleo, cleo_id)] {
        let mut others = vec![PeerId::SERVER];
        others.extend(all.into_iter().filter(|id| *id != own));
        assert_eq!(godot::ids(engine), (own, others));
    }

    // One closes its connection without a close frame, as engines do.
    ben.ask("close", json!({}));
    let DisconnectReason::Closed(info) = gone(&mut server, ben_id) else {
        panic!("it was not the connection")
    };
    assert_eq!(info.code, None);
    for engine in [&mut *anna, &mut *cleo] {
        reports(engine, "peer_disconnected", ben_id, || server.poll());
    }
    // It joins again with another id.
    let ben_again = enter(&mut server, secure, ben, &mut [anna, cleo]);
    assert_ne!(ben_again, ben_id);

    // One is killed.
    cleo.kill();
    assert!(
        matches!(gone(&mut server, cleo_id), DisconnectReason::Closed(info) if info.cause == CloseCause::ConnectionLost)
    );
    for engine in [&mut *anna, &mut *ben] {
        reports(engine, "peer_disconnected", cleo_id, || server.poll());
    }

    // One is kicked.
    server.peer().session().disconnect_peer(anna_id).expect("a peer");
    assert_eq!(gone(&mut server, anna_id), DisconnectReason::Kicked);
    reports(ben, "peer_disconnected", anna_id, || server.poll());
    anna.event_while("server_disconnected", || server.poll());
    assert_eq!(server.peers(), [ben_again]);
    assert_eq!(godot::ids(ben), (ben_again, vec![PeerId::SERVER]));
}

fn ours_and_godots_at_godots_server(secure: bool, [host, guest]: [&mut Engine; 2]) {
    let url = godot::host(host, secure);
    let mut one = Ours::join(&url, MultiplayerOptions::default());
    one.joined();
    let one_id = one.id();
    reports(host, "peer_connected", one_id, || one.poll());

    let engines_url = url.replace(crate::certificates::HOST, "127.0.0.1");
    godot::join(guest, &engines_url);
    guest.event_while("connected_to_server", || one.poll());
    let guest_id = godot::ids(guest).0;
    assert_eq!(one.peer_connected(), guest_id);
    reports(host, "peer_connected", guest_id, || one.poll());
    reports(guest, "peer_connected", PeerId::SERVER, || one.poll());
    reports(guest, "peer_connected", one_id, || one.poll());

    let mut other = Ours::join(&url, MultiplayerOptions::default());
    let other_id = other.joined();
    let (known, mut expected) =
        ([other.peer_connected(), other.peer_connected()], vec![PeerId::SERVER, one_id, guest_id]);
    expected.sort();
    assert!(known.contains(&one_id) && known.contains(&guest_id), "{known:?}");
    assert_eq!(other.peers(), expected);
    assert_eq!(one.peer_connected(), other_id);
    for engine in [&mut *host, &mut *guest] {
        reports(engine, "peer_connected", other_id, || one.poll());
    }

    other.peer().close();
    other.closed();
    assert_eq!(gone(&mut one, other_id), DisconnectReason::ReportedByServer);
    for engine in [&mut *host, &mut *guest] {
        reports(engine, "peer_disconnected", other_id, || one.poll());
    }
    guest.kill();
    assert_eq!(gone(&mut one, guest_id), DisconnectReason::ReportedByServer);
    reports(host, "peer_disconnected", guest_id, || one.poll());

    // The clients report that all peers are gone.
    host.kill();
    assert!(matches!(gone(&mut one, PeerId::SERVER), DisconnectReason::Closed(_)));
    one.event("the end", |event| matches!(event, Event::Disconnected { .. }).then_some(()));
    one.closed();
}

fn without_relay_clients_are_alone([anna, ben]: [&mut Engine; 2]) {
    let options = MultiplayerOptions::default().session(SessionOptions::default().relay(false));
    let mut server = Ours::host(options, false);
    for engine in [&mut *anna, &mut *ben] {
        engine.ask("server_relay", json!({ "on": false }));
        godot::join(engine, &server.url(false));
        engine.event_while("connected_to_server", || server.poll());
        reports(engine, "peer_connected", PeerId::SERVER, || server.poll());
    }
    let ids = [server.peer_connected(), server.peer_connected()];
    ben.ask("close", json!({}));
    gone(&mut server, ids[1]);
    assert_eq!((anna.events_left(), godot::ids(anna).1), (vec![], vec![PeerId::SERVER]));
}

fn we_refuse_new_clients([anna, ben]: [&mut Engine; 2]) {
    let mut server = Ours::host(MultiplayerOptions::default(), false);
    let id = enter(&mut server, false, anna, &mut []);
    server.peer().refuse_new_connections(true);
    godot::join(ben, &server.url(false));
    ben.expect_error("Got: '503', expected '101'");
    ben.expect_error("Invalid response headers");
    ben.event_while("connection_failed", || server.poll());
    assert_eq!((server.peers(), server.events_left(), anna.events_left()), (vec![id], vec![], vec![]));
    server.peer().refuse_new_connections(false);
    enter(&mut server, false, ben, &mut [anna]);
}

/// Godot does not answer them, so our timeout ends the attempt.
fn godot_refuses_new_clients([host]: [&mut Engine; 1]) {
    let url = godot::host(host, false);
    host.ask("refuse_new_connections", json!({ "on": true }));
    let client = PeerOptions::default().connect_timeout(Duration::from_millis(500));
    let mut ours = Ours::join(&url, MultiplayerOptions::default().client(client));
    let cause = ours.event("the failure", |event| match event {
        Event::ConnectionFailed { info } => Some(info.cause.clone()),
        _ => None,
    });
    assert_eq!(cause, CloseCause::TimedOut(Timeout::Connect));
    assert_eq!(host.events_left(), []);
}

fn protocols_must_agree([engine]: [&mut Engine; 1]) {
    let options = || MultiplayerOptions::default().protocols(["other", "ludus"]);
    let port = engine.ask("create_server", json!({ "tls": false, "protocols": ["ludus"] }));
    let url = format!("ws://127.0.0.1:{port}");
    let mut ours = Ours::join(&url, options());
    ours.joined();
    let id = ours.id();
    reports(engine, "peer_connected", id, || ours.poll());

    let mut without = Ours::join(&url, MultiplayerOptions::default());
    without.event("the failure", |event| matches!(event, Event::ConnectionFailed { .. }).then_some(()));
    ours.poll();
    assert_eq!(engine.events_left(), []);
}

/// Our host accepts only clients that offer one of its sub-protocols, as an engine does.
fn godot_without_our_protocol_is_refused([engine]: [&mut Engine; 1]) {
    let mut ours = Ours::host(MultiplayerOptions::default().protocols(["ludus", "demo"]), false);
    let url = ours.url(false);
    engine.expect_error("Invalid status code. Got: '400'");
    engine.expect_error("Invalid response headers");
    for offered in [&[][..], &["other"], &["Ludus", "ludus2"]] {
        engine.ask_ok("create_client", json!({ "url": url, "tls": false, "protocols": offered }));
        engine.event_while("connection_failed", || ours.poll());
        assert_eq!(ours.events_left(), [], "{offered:?}");
    }
    for offered in [&["ludus"][..], &["other", "demo"]] {
        engine.ask_ok("create_client", json!({ "url": url, "tls": false, "protocols": offered }));
        engine.event_while("connected_to_server", || ours.poll());
        let id = ours.peer_connected();
        assert_eq!(ours.peer().peer(id).and_then(|peer| peer.protocol()), offered.last().copied());
        engine.ask("close", json!({}));
        ours.event("the departure", |event| matches!(event, Event::PeerDisconnected(..)).then_some(()));
    }
}
