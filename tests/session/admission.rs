//! Peers connect and disconnect, and other peers get events about it.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, CloseInfo, Packet,
    multiplayer::{ConnectionStatus, DisconnectReason, Event, PacketError, PeerId, Session, SessionOptions},
};

use crate::world::{A, B, C, SERVER, World, events, gone, id, outputs, rejections};

const NOW: Duration = Duration::ZERO;

fn lost() -> CloseInfo {
    CloseInfo::from(CloseCause::ConnectionLost)
}

fn ids(session: &mut Session) -> Vec<PeerId> {
    events(session);
    session.peers().collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_client_is_admitted_and_nothing_is_sent() {
    let mut server = Session::server(SessionOptions::default());
    server.peer_joined(A, NOW);
    assert_eq!(events(&mut server), [Event::PeerConnected(A)]);
    assert_eq!(outputs(&mut server), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_client_and_all_peers_are_announced_to_each_other() {
    let mut server = Session::server(SessionOptions::default());
    for peer in [C, A] {
        server.peer_joined(peer, NOW);
    }
    outputs(&mut server);
    server.peer_joined(B, NOW);
    assert_eq!(
        outputs(&mut server),
        [
            (vec![2, 4], vec![7, 1, 3, 0, 0, 0]),
            (vec![3], vec![7, 1, 2, 0, 0, 0]),
            (vec![3], vec![7, 1, 4, 0, 0, 0]),
        ]
    );
    assert_eq!(ids(&mut server), [A, B, C]);
}

#[wasm_bindgen_test(unsupported = test)]
fn all_peers_know_each_other_in_any_order_of_delivery() {
    for seed in 0..50 {
        let mut world = World::with(SessionOptions::default());
        world.seed(seed);
        for client in [A, B, C] {
            world.join(client);
            for _ in 0..seed % 4 {
                world.step();
            }
        }
        world.settle();
        for (peer, others) in
            [(SERVER, [A, B, C]), (A, [SERVER, B, C]), (B, [SERVER, A, C]), (C, [SERVER, A, B])]
        {
            let seen = world.events(peer);
            if peer == C {
                assert_eq!(seen[..2], [Event::Connected { id: C }, Event::PeerConnected(SERVER)]);
            }
            assert_eq!(ids(world.at(peer)), others);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_is_connecting_until_it_has_an_id() {
    let mut client = Session::client(SessionOptions::default());
    assert_eq!((client.status(), client.id()), (ConnectionStatus::Connecting, None));
    assert_eq!((client.next_deadline(), client.next_output()), (None, None));
    client.connected(id(9), NOW);
    assert_eq!((client.status(), client.id()), (ConnectionStatus::Connected, PeerId::new(9)));
    assert_eq!(events(&mut client), [Event::Connected { id: id(9) }, Event::PeerConnected(SERVER)]);
    assert_eq!(client.next_deadline(), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_packet_is_read_as_bytes() {
    let mut client = Session::client(SessionOptions::default());
    client.connected(id(9), NOW);
    events(&mut client);
    client.receive(SERVER, Packet::text("\u{3}hello"), NOW);
    assert_eq!(events(&mut client), [Event::Packet { from: SERVER, data: Packet::binary(*b"hello") }]);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_id_is_assigned_once_to_a_client_and_is_not_the_servers() {
    let mut client = Session::client(SessionOptions::default());
    client.connected(SERVER, NOW);
    client.peer_joined(SERVER, NOW);
    assert_eq!((client.id(), events(&mut client)), (None, vec![]));
    client.connected(A, NOW);
    events(&mut client);
    client.connected(B, NOW);
    assert_eq!((client.id(), events(&mut client), outputs(&mut client)), (Some(A), vec![], vec![]));
    let mut server = Session::server(SessionOptions::default());
    server.connected(A, NOW);
    assert_eq!((server.id(), events(&mut server)), (Some(SERVER), vec![]));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_connection_that_ends_before_the_id_has_failed() {
    let mut client = Session::client(SessionOptions::default());
    // Nothing is received before the id.
    client.receive(SERVER, Packet::binary([3, 1]), NOW);
    assert_eq!(rejections(&mut client), [(SERVER, PacketError::UnknownPeer)]);
    client.peer_left(A, lost());
    assert_eq!((events(&mut client), client.is_closed()), (vec![], false));
    client.peer_left(SERVER, lost());
    assert_eq!(events(&mut client), [Event::ConnectionFailed { info: lost() }]);
    assert_eq!((client.status(), client.is_closed()), (ConnectionStatus::Disconnected, true));
    client.connected(A, NOW);
    client.peer_left(SERVER, lost());
    assert_eq!((client.id(), events(&mut client)), (None, vec![]));
}

#[wasm_bindgen_test(unsupported = test)]
fn all_peers_get_an_event_when_a_peer_disconnects() {
    let mut world = World::of(&[A, B, C]);
    world.cut(B);
    world.settle();
    assert_eq!(world.events(SERVER), [gone(B, DisconnectReason::Closed(lost()))]);
    assert_eq!(world.events(A), [gone(B, DisconnectReason::ReportedByServer)]);
    assert_eq!(world.events(C), [gone(B, DisconnectReason::ReportedByServer)]);
    let seen = world.events(B);
    assert_eq!(seen[..2], [gone(A, DisconnectReason::ServerLost), gone(C, DisconnectReason::ServerLost)]);
    assert_eq!(
        seen[2..],
        [gone(SERVER, DisconnectReason::Closed(lost())), Event::Disconnected { info: lost() }]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_disconnect_is_one_packet_for_all_peers() {
    let mut server = Session::server(SessionOptions::default());
    for peer in [A, B, C] {
        server.peer_joined(peer, NOW);
    }
    outputs(&mut server);
    server.peer_left(B, lost());
    assert_eq!(outputs(&mut server), [(vec![2, 4], vec![7, 2, 3, 0, 0, 0])]);
    server.peer_left(B, lost());
    assert_eq!(outputs(&mut server), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_relay_a_client_knows_only_the_server() {
    let mut world = World::with(SessionOptions::default().relay(false));
    for client in [A, B] {
        world.join(client);
    }
    world.settle();
    assert_eq!(ids(&mut world.server), [A, B]);
    assert_eq!(ids(world.at(A)), [SERVER]);
    world.forget_events();
    world.cut(A);
    world.settle();
    assert_eq!(world.events(B), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_id_in_use_connects_no_other_peer() {
    let mut server = Session::server(SessionOptions::default());
    server.peer_joined(A, NOW);
    outputs(&mut server);
    events(&mut server);
    server.peer_joined(A, NOW);
    server.peer_joined(SERVER, NOW);
    assert_eq!((outputs(&mut server), events(&mut server)), (vec![], vec![]));
    // A free id can be used again.
    server.peer_left(A, lost());
    server.peer_joined(A, NOW);
    assert_eq!(ids(&mut server), [A]);
}

#[wasm_bindgen_test(unsupported = test)]
fn max_peers_bounds_the_peers_that_a_server_announces() {
    let mut client = Session::client(SessionOptions::default().max_peers(3));
    client.connected(id(9), NOW);
    events(&mut client);
    for number in 2..7 {
        client.receive(SERVER, Packet::binary([7, 1, number, 0, 0, 0]), NOW);
    }
    let seen = events(&mut client);
    let expected: Vec<Event> = (2..5).map(|number| Event::PeerConnected(id(number))).collect();
    assert_eq!(seen[..3], expected);
    assert_eq!(seen[3..], vec![Event::PacketRejected { from: SERVER, error: PacketError::TooManyPeers }; 2]);
    assert_eq!(client.peers().len(), 4);
}

#[wasm_bindgen_test(unsupported = test)]
fn calls_after_the_end_have_no_effect() {
    let mut world = World::of(&[A]);
    world.cut(A);
    world.settle();
    world.forget_events();
    let client = world.at(A);
    client.receive(SERVER, Packet::binary([3, 1]), NOW);
    client.connected(B, NOW);
    client.peer_left(SERVER, lost());
    client.leave();
    client.advance(Duration::MAX);
    assert_eq!((events(client), outputs(client), client.next_deadline()), (vec![], vec![], None));
    assert_eq!((client.status(), client.id()), (ConnectionStatus::Disconnected, Some(A)));
}
