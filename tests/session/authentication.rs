//! Authentication: both ends admit each other, or one rejects the other.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, CloseInfo, Error, Packet,
    multiplayer::{AuthFailure, DisconnectReason, Event, PacketError, PeerId, SessionError, SessionOptions},
};

use crate::world::{A, B, SERVER, World, gone};

fn options() -> SessionOptions {
    SessionOptions::default().authenticate(true)
}

/// A server and a client that authenticate. Neither has sent anything.
fn authenticating() -> World {
    let mut world = World::with(options());
    world.join(A);
    world.settle();
    assert_eq!(world.events(SERVER), [Event::Authenticating(A)]);
    assert_eq!(world.events(A), [Event::Connected { id: A }, Event::Authenticating(SERVER)]);
    world
}

fn failed(peer: PeerId, why: AuthFailure) -> Event {
    Event::AuthFailed { peer, reason: why }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_both_ends_accept_is_admitted() {
    for server_first in [true, false] {
        let mut world = authenticating();
        let order = if server_first { [(SERVER, A), (A, SERVER)] } else { [(A, SERVER), (SERVER, A)] };
        world.at(order[0].0).complete_auth(order[0].1).unwrap();
        world.settle();
        assert_eq!((world.events(A), world.events(SERVER)), (vec![], vec![]));
        assert_eq!(world.server.peers().len(), 0);
        world.at(order[1].0).complete_auth(order[1].1).unwrap();
        world.settle();
        assert_eq!(world.events(A), [Event::PeerConnected(SERVER)]);
        assert_eq!(world.events(SERVER), [Event::PeerConnected(A)]);
        world.pass(Duration::from_secs(100));
        assert_eq!(world.server.peers().len(), 1, "the timeout has passed");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn both_ends_can_exchange_auth_packets() {
    let mut world = authenticating();
    world.at(A).send_auth(SERVER, b"token").unwrap();
    world.settle();
    assert_eq!(world.events(SERVER), [Event::Auth { from: A, data: Packet::binary("token") }]);
    world.server.send_auth(A, b"more").unwrap();
    world.settle();
    assert_eq!(world.events(A), [Event::Auth { from: SERVER, data: Packet::binary("more") }]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_is_announced_to_others_only_when_it_is_admitted() {
    let mut world = authenticating();
    for (end, peer) in [(SERVER, A), (A, SERVER)] {
        world.at(end).complete_auth(peer).unwrap();
    }
    world.settle();
    world.forget_events();
    world.join(B);
    world.settle();
    assert_eq!(world.events(A), []);
    world.at(B).complete_auth(SERVER).unwrap();
    world.server.complete_auth(B).unwrap();
    world.settle();
    assert_eq!(world.events(A), [Event::PeerConnected(B)]);
    assert_eq!(world.events(B)[2..], [Event::PeerConnected(SERVER), Event::PeerConnected(A)]);
}

#[wasm_bindgen_test(unsupported = test)]
fn authentication_times_out_at_the_server() {
    let mut world = authenticating();
    assert_eq!(world.server.next_deadline(), Some(Duration::from_secs(3)));
    world.server.complete_auth(A).unwrap();
    world.pass(Duration::from_millis(2999));
    assert_eq!(world.events(SERVER), []);
    world.server.advance(Duration::from_secs(3));
    assert_eq!(world.events(SERVER), [failed(A, AuthFailure::TimedOut)]);
    world.settle();
    let info = CloseInfo::from(CloseCause::Remote);
    assert_eq!(
        world.events(A),
        [failed(SERVER, AuthFailure::Closed(info.clone())), Event::Disconnected { info }]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn authentication_times_out_at_the_client() {
    let mut world = World::with(options().auth_timeout(Duration::ZERO));
    world.join_with(A, options());
    world.pass(Duration::from_secs(3));
    let info = CloseInfo::from(CloseCause::Local);
    assert_eq!(world.events(A)[2..], [failed(SERVER, AuthFailure::TimedOut), Event::Disconnected { info }]);
    let info = CloseInfo::from(CloseCause::Remote);
    assert_eq!(world.events(SERVER)[1..], [failed(A, AuthFailure::Closed(info))]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_timeout_of_zero_is_no_timeout() {
    let mut world = World::with(options().auth_timeout(Duration::ZERO));
    world.join(A);
    world.pass(Duration::from_secs(1_000_000));
    assert_eq!(world.events(SERVER), [Event::Authenticating(A)]);
    assert_eq!(world.server.next_deadline(), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_is_lost_is_not_admitted() {
    let mut world = authenticating();
    world.cut(A);
    world.settle();
    let info = CloseInfo::from(CloseCause::ConnectionLost);
    assert_eq!(world.events(SERVER), [failed(A, AuthFailure::Closed(info))]);
    world.pass(Duration::from_secs(10));
    assert_eq!(world.events(SERVER), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_is_disconnected_is_not_admitted() {
    let mut world = authenticating();
    world.server.disconnect_peer(A).unwrap();
    assert_eq!(world.events(SERVER), [failed(A, AuthFailure::Kicked)]);
    assert_eq!(world.server.disconnect_peer(A), Err(Error::UnknownPeer));
    world.at(A).complete_auth(SERVER).unwrap();
    world.settle();
    assert_eq!(world.events(SERVER), []);
    assert!(matches!(world.events(A)[..], [Event::AuthFailed { .. }, Event::Disconnected { .. }]));
}

#[wasm_bindgen_test(unsupported = test)]
fn other_packets_before_admission_are_rejected() {
    let mut world = World::with(options());
    world.join_scripted(A);
    for packet in [&[3, 1][..], &[7, 3, 0, 0, 0, 0, 3, 1], &[2, 1, 0, 0, 0, 0], &[7, 1, 9, 0, 0, 0]] {
        world.inject(A, packet);
    }
    world.settle();
    assert_eq!(
        world.events(SERVER)[1..],
        vec![Event::PacketRejected { from: A, error: PacketError::NotAuthenticated }; 4]
    );
    world.received(A);

    // It completes its authentication, and then continues it.
    world.inject(A, &[7, 0]);
    world.inject(A, &[7, 0, 1]);
    world.inject(A, &[7, 0]);
    world.settle();
    assert_eq!(world.rejections(SERVER), vec![(A, PacketError::NotAuthenticating); 2]);
    assert_eq!(world.received(A), Vec::<Vec<u8>>::new());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_that_authenticates_leaves_a_server_that_does_not() {
    let mut world = World::with(SessionOptions::default());
    world.join_with(A, options());
    world.settle();
    world.join(B);
    world.server.send_bytes(A, &[1]).unwrap();
    world.settle();
    let seen = world.events(A);
    assert_eq!(seen[1], Event::Authenticating(SERVER));
    assert_eq!(
        seen[2..],
        vec![Event::PacketRejected { from: SERVER, error: PacketError::NotAuthenticated }; 2]
    );
    world.pass(Duration::from_secs(3));
    assert_eq!(world.events(A)[0], failed(SERVER, AuthFailure::TimedOut));
    assert_eq!(
        world.events(SERVER)[2..],
        [gone(A, DisconnectReason::Closed(CloseInfo::from(CloseCause::Remote)))]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_server_that_authenticates_disconnects_a_client_that_does_not() {
    let mut world = World::with(options());
    world.join_with(A, SessionOptions::default());
    world.settle();
    assert_eq!(world.events(A), [Event::Connected { id: A }, Event::PeerConnected(SERVER)]);
    // The client does not authenticate: it ignores that the server has completed, and rejects auth packets.
    world.server.send_auth(A, &[1]).unwrap();
    world.server.complete_auth(A).unwrap();
    world.settle();
    assert_eq!(world.rejections(A), [(SERVER, PacketError::NotAuthenticating)]);
    world.at(A).send_bytes(SERVER, &[1]).unwrap();
    world.settle();
    assert_eq!(
        world.events(SERVER)[1..],
        [Event::PacketRejected { from: A, error: PacketError::NotAuthenticated }]
    );
    world.pass(Duration::from_secs(3));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.events(SERVER), [failed(A, AuthFailure::TimedOut)]);
    assert!(matches!(world.events(A)[..], [Event::PeerDisconnected(..), Event::Disconnected { .. }]));
}

#[wasm_bindgen_test(unsupported = test)]
fn wrong_calls_are_errors() {
    let mut world = authenticating();
    let server = &mut world.server;
    assert_eq!(server.send_auth(B, &[1]), Err(Error::UnknownPeer.into()));
    assert_eq!(server.complete_auth(B), Err(Error::UnknownPeer.into()));
    assert!(matches!(server.send_auth(A, &[]), Err(SessionError::InvalidArguments { .. })));
    assert_eq!(
        server.send_auth(A, &[0; 65_534]),
        Err(Error::PacketTooBig { len: 65_536, max: 65_535 }.into())
    );
    assert_eq!(server.send_bytes(A, &[1]), Err(Error::UnknownPeer.into()));
    server.complete_auth(A).unwrap();
    assert_eq!(server.complete_auth(A), Err(SessionError::NotAuthenticating));
    assert_eq!(server.send_auth(A, &[1]), Err(SessionError::NotAuthenticating));
    world.settle();
    assert_eq!(world.at(A).send_auth(SERVER, &[1]), Err(SessionError::NotAuthenticating));
    world.at(A).complete_auth(SERVER).unwrap();
    world.settle();
    for (end, peer) in [(SERVER, A), (A, SERVER)] {
        assert_eq!(world.at(end).complete_auth(peer), Err(SessionError::NotAuthenticating));
    }
    let code = SessionError::NotAuthenticating.godot_code();
    assert_eq!(code, 13);
}
