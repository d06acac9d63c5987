//! Draining: a peer that leaves or is disconnected still receives the last packets before the connection closes.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, CloseInfo, Error, Packet, ReadyState,
    multiplayer::{
        ConnectionStatus, DisconnectReason, Event, Method, Methods, Output, Session, SessionOptions, Target,
    },
};

use crate::world::{A, B, C, SERVER, World, events, gone, id, outputs};

const NOW: Duration = Duration::ZERO;
const DRAIN_TIMEOUT: Duration = Duration::from_millis(500);

/// An announcement of this number for the root, which has no methods. Its confirmation ends the drain.
fn drain_request(number: u32) -> Vec<u8> {
    [&[1][..], b"d41d8cd98f00b204e9800998ecf8427e", &[0], &number.to_le_bytes(), b".\0"].concat()
}

fn packet(bytes: &[u8]) -> Event {
    Event::Packet { from: SERVER, data: Packet::binary(bytes) }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_message_before_a_kick_arrives() {
    for seed in 0..20 {
        let mut world = World::of(&[A, B]);
        world.seed(seed);
        world.network.is_lossy = true;
        world.server.send_bytes(A, b"you are kicked").unwrap();
        world.server.disconnect_peer(A).unwrap();
        assert_eq!(world.events(SERVER), [gone(A, DisconnectReason::Kicked)]);
        world.settle();
        let info = CloseInfo::from(CloseCause::Remote);
        let seen = world.events(A);
        assert_eq!(seen[0], packet(b"you are kicked"));
        assert_eq!(seen.last(), Some(&Event::Disconnected { info }));
        assert_eq!(world.events(B), [gone(A, DisconnectReason::ReportedByServer)]);
        assert_eq!(world.events(SERVER), []);
        assert_eq!(world.server.next_deadline(), None);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_drain_request_has_the_checksum_of_the_root() {
    let has_mismatch = |world: &mut World, peer| {
        world.events(peer).iter().any(|event| matches!(event, Event::ChecksumMismatch { .. }))
    };
    for declaring in [&[SERVER, A][..], &[A], &[SERVER]] {
        let mut world = World::of(&[A]);
        for peer in declaring {
            let methods = Methods::new().with(Method::new("play"));
            world.at(*peer).register_node_with(".", methods).unwrap();
        }
        world.server.disconnect_peer(A).unwrap();
        world.settle();
        assert!(!has_mismatch(&mut world, SERVER) && !has_mismatch(&mut world, A), "{declaring:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_message_before_a_client_leaves_arrives() {
    let mut world = World::of(&[A, B]);
    world.network.is_lossy = true;
    let client = world.at(A);
    client.send_bytes(Target::All, b"last").unwrap();
    client.leave();
    assert_eq!(client.status(), ConnectionStatus::Disconnected);
    assert_eq!(client.send_bytes(SERVER, &[1]), Err(Error::NotOpen { state: ReadyState::Closing }.into()));
    assert_eq!((events(client), client.peers().len()), (vec![], 0));
    assert!(!client.is_closed());
    world.settle();
    assert_eq!(world.events(A), [Event::Disconnected { info: CloseInfo::from(CloseCause::Local) }]);
    assert!(world.at(A).is_closed());
    let last = Event::Packet { from: A, data: Packet::binary("last") };
    let info = CloseInfo::from(CloseCause::Remote);
    assert_eq!(world.events(SERVER), [last.clone(), gone(A, DisconnectReason::Closed(info))]);
    assert_eq!(world.events(B), [last, gone(A, DisconnectReason::ReportedByServer)]);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_message_before_a_server_leaves_arrives() {
    let mut world = World::of(&[A, B]);
    world.network.is_lossy = true;
    world.server.send_bytes(Target::All, b"closing time").unwrap();
    world.server.leave();
    world.settle();
    assert_eq!(world.events(SERVER), []);
    assert!(world.server.is_closed());
    for client in [A, B] {
        let seen = world.events(client);
        assert_eq!(seen[0], packet(b"closing time"));
        assert!(matches!(seen.last(), Some(Event::Disconnected { .. })));
    }
    // A client that connects now is disconnected.
    world.server.peer_joined(C, NOW);
    assert!(matches!(world.server.next_output(), Some(Output::Disconnect { peer: C, .. })));
    assert_eq!((world.server.next_output(), world.events(SERVER)), (None, vec![]));
}

/// A server with peers that do not answer.
fn server_with_silent_peers() -> Session {
    let mut server = Session::server(SessionOptions::default());
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
    }
    outputs(&mut server);
    events(&mut server);
    server
}

#[wasm_bindgen_test(unsupported = test)]
fn the_wait_for_a_confirmation_times_out() {
    let mut server = server_with_silent_peers();
    server.disconnect_peer(A).unwrap();
    assert_eq!(outputs(&mut server), [(vec![3], vec![7, 2, 2, 0, 0, 0]), (vec![2], drain_request(1))]);
    assert_eq!(server.next_deadline(), Some(DRAIN_TIMEOUT));
    server.advance(DRAIN_TIMEOUT - Duration::from_nanos(1));
    assert_eq!(server.next_output(), None);
    server.advance(DRAIN_TIMEOUT);
    assert!(matches!(server.next_output(), Some(Output::Disconnect { peer: A, .. })));
    server.peer_left(A, CloseCause::Local.into());
    assert_eq!(events(&mut server), [gone(A, DisconnectReason::Kicked)]);

    let mut server = server_with_silent_peers();
    server.leave();
    assert_eq!(outputs(&mut server), [(vec![2, 3], drain_request(1))]);
    server.receive(B, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
    assert!(matches!(server.next_output(), Some(Output::Disconnect { peer: B, .. })));
    assert_eq!(server.next_output(), None);
    // The confirmation of another number, and B's confirmation again.
    server.receive(A, Packet::binary([2, 1, 2, 0, 0, 0]), NOW);
    server.receive(B, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
    assert_eq!(server.next_output(), None);
    server.peer_left(B, CloseCause::Local.into());
    assert!(!server.is_closed());
    server.peer_left(A, CloseCause::ConnectionLost.into());
    assert!(server.is_closed());
}

#[wasm_bindgen_test(unsupported = test)]
fn packets_of_a_peer_that_was_disconnected_are_ignored() {
    let mut server = server_with_silent_peers();
    server.disconnect_peer(A).unwrap();
    outputs(&mut server);
    events(&mut server);
    for packet in
        [&[3, 1][..], &[7, 3, 0, 0, 0, 0, 3, 1], &[7, 0, 1], &[], &[7, 1, 9, 0, 0, 0], &[2, 1, 9, 0, 0, 0]]
    {
        server.receive(A, Packet::binary(packet), NOW);
    }
    assert_eq!(
        (outputs(&mut server), events(&mut server), server.stats().rejected_packets),
        (vec![], vec![], 0)
    );
    assert_eq!(server.disconnect_peer(A), Err(Error::UnknownPeer));
    assert_eq!(server.send_bytes(A, &[1]), Err(Error::UnknownPeer.into()));
    server.peer_joined(A, NOW);
    assert_eq!(outputs(&mut server), [], "the id is still in use");
}

#[wasm_bindgen_test(unsupported = test)]
fn both_ends_can_leave_at_once() {
    let mut world = World::of(&[A]);
    world.server.disconnect_peer(A).unwrap();
    world.at(A).leave();
    world.settle();
    assert_eq!(world.now, NOW, "neither waited for its timeout");
    assert_eq!(world.events(SERVER), [gone(A, DisconnectReason::Kicked)]);
    assert!(matches!(world.events(A)[..], [Event::Disconnected { .. }]));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_drain_timeout_of_zero_closes_at_once() {
    let mut server = Session::server(SessionOptions::default().drain_timeout(Duration::ZERO));
    server.peer_joined(A, NOW);
    outputs(&mut server);
    server.disconnect_peer(A).unwrap();
    assert!(matches!(server.next_output(), Some(Output::Disconnect { peer: A, .. })));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_is_not_admitted_is_not_drained() {
    let options = SessionOptions::default().authenticate(true);
    let mut server = Session::server(options);
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
    }
    server.send_auth(A, b"wrong token").unwrap();
    outputs(&mut server);
    for peer in [A, B] {
        server.disconnect_peer(peer).unwrap();
    }
    // B was sent nothing. A has a short time to read its auth packet.
    assert!(matches!(server.next_output(), Some(Output::Disconnect { peer: B, .. })));
    assert_eq!(server.next_output(), None);
    assert_eq!(server.next_deadline(), Some(DRAIN_TIMEOUT / 4));
    server.advance(DRAIN_TIMEOUT / 4);
    assert!(matches!(server.next_output(), Some(Output::Disconnect { peer: A, .. })));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_drain_request_has_a_new_number() {
    let mut server = server_with_silent_peers();
    let methods = Methods::new().with(Method::new("play"));
    let request = [&[1], methods.md5().as_bytes(), b"\0\x02\0\0\0.\0"].concat();
    let root = server.register_node_with(".", methods).unwrap();
    server.call_method(root, Target::All, "play", vec![]).unwrap();
    outputs(&mut server);
    for peer in [A, B] {
        server.disconnect_peer(peer).unwrap();
        assert_eq!(outputs(&mut server).last(), Some(&(vec![peer.get()], request.clone())));
        // The confirmation of the first number of the root does not count.
        server.receive(peer, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
        assert_eq!(server.next_output(), None);
        server.receive(peer, Packet::binary([2, 0, 2, 0, 0, 0]), NOW);
        assert!(matches!(server.next_output(), Some(Output::Disconnect { .. })));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_without_an_id_closes_at_once() {
    let mut client = Session::client(SessionOptions::default());
    client.leave();
    assert!(matches!(client.next_output(), Some(Output::Disconnect { peer: SERVER, .. })));
    // The id comes too late.
    client.connected(id(9), NOW);
    assert_eq!((events(&mut client), client.id()), (vec![], None));
    client.peer_left(SERVER, CloseCause::Local.into());
    assert_eq!(events(&mut client), [Event::ConnectionFailed { info: CloseCause::Local.into() }]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_can_disconnect_only_the_server() {
    let mut world = World::of(&[A, B]);
    assert_eq!(world.at(A).disconnect_peer(B), Err(Error::UnknownPeer));
    assert_eq!(world.events(A), []);
    world.at(A).disconnect_peer(SERVER).unwrap();
    assert_eq!(world.at(A).disconnect_peer(SERVER), Err(Error::UnknownPeer));
    world.at(A).leave();
    world.settle();
    assert!(matches!(world.events(A)[..], [Event::Disconnected { .. }]));
}
