//! Authentication.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause,
    multiplayer::{AuthFailure, Event, PacketError, PeerId, Session, SessionOptions},
    variant::Variant,
};

use super::{
    script::{Step, read},
    session::script_of_game,
};
use crate::world::{SERVER, events, id};

const A: PeerId = id(454_463_172);
/// The ids that the server assigned to the other client, which connected three times.
const B: [PeerId; 3] = [id(1_626_269_896), id(423_571_973), id(646_146_831)];
const NOW: Duration = Duration::ZERO;

fn steps() -> Vec<Step> {
    read(include_str!("authentication.txt"))
}

fn options() -> SessionOptions {
    SessionOptions::default().authenticate(true)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_server_sends_what_the_engines_server_sent() {
    let mut server = Session::server(options());
    let mut now = NOW;
    let mut b = B[0];
    let mut failures = Vec::new();
    for step in steps() {
        match step.name {
            "A connects (auth on both)" => server.peer_joined(A, now),
            "S send_auth(A,\"resp\")" => server.send_auth(A, b"resp").unwrap(),
            "S complete_auth(A)" => server.complete_auth(A).unwrap(),
            "B connects (auth) while A admitted" => server.peer_joined(b, now),
            "both complete (server first)" => server.complete_auth(b).unwrap(),
            "B closes" => server.peer_left(b, CloseCause::ConnectionLost.into()),
            "B reconnects, never completes" => {
                b = B[1];
                server.peer_joined(b, now);
            }
            "B without auth_callback, server with auth" => {
                server.peer_left(b, CloseCause::Local.into());
                b = B[2];
                server.peer_joined(b, now);
            }
            "after 3.2 s" | "after 3s" => {
                now += Duration::from_secs(3);
                server.advance(now);
            }
            _ => {}
        }
        step.play_server(&mut server, [('A', A), ('B', b)], now);
        for event in events(&mut server) {
            match event {
                Event::AuthFailed { peer, reason } => failures.push((peer, reason)),
                Event::PacketRejected { from, error } => {
                    assert_eq!((from, error), (B[2], PacketError::NotAuthenticated))
                }
                _ => {}
            }
        }
    }
    assert_eq!(failures, [(B[1], AuthFailure::TimedOut), (B[2], AuthFailure::TimedOut)]);
    assert_eq!(server.stats().rejected_packets, 2);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_sends_what_the_engines_client_sent() {
    let mut client = Session::client(options());
    for step in steps() {
        match step.name {
            "A send_auth(1,\"tok\")" => client.send_auth(SERVER, b"tok").unwrap(),
            "A complete_auth(1)" => client.complete_auth(SERVER).unwrap(),
            _ => {}
        }
        step.play_client(&mut client, 'A', NOW);
    }
    let events = events(&mut client);
    assert!(
        matches!(
            events[..],
            [
                Event::Connected { id: A },
                Event::Authenticating(SERVER),
                Event::Auth { from: SERVER, .. },
                Event::PeerConnected(SERVER),
                Event::PeerConnected(_),
                Event::PeerDisconnected(..),
            ]
        ),
        "{events:?}"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_that_reconnects_sends_what_the_engines_client_sent() {
    let mut client = Session::client(options());
    let mut ids = Vec::new();
    for step in steps() {
        match step.name {
            "both complete (server first)" => client.complete_auth(SERVER).unwrap(),
            "B reconnects, never completes" => client = Session::client(options()),
            "B without auth_callback, server with auth" => {
                client = Session::client(SessionOptions::default())
            }
            "B rpc to authing server" => {
                let game = client.register_node_with("Game", script_of_game()).unwrap();
                client.call_method(game, SERVER, "any_local", vec![Variant::Int(1)]).unwrap();
            }
            _ => {}
        }
        step.play_client(&mut client, 'B', NOW);
        while client.next_event().is_some() {}
        ids.extend(client.id());
    }
    ids.dedup();
    assert_eq!(ids, B);
}
