//! Peers connect and disconnect, and other peers get events about it.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, CloseInfo, Packet,
    multiplayer::{
        ConnectionStatus, DisconnectReason, Event, Output, PacketError, PeerId, Session, SessionOptions,
    },
};

use crate::world::{A, B, C, SERVER, World, events, gone, id, outputs, rejections};

const NOW: Duration = Duration::ZERO;

fn lost() -> CloseInfo {
    CloseInfo::from(CloseCause::ConnectionLost)
}

/// A client that is connected to the server and waits for its id.
fn connecting(options: SessionOptions) -> Session {
    let mut client = Session::client(options);
    client.peer_joined(SERVER, NOW);
    client
}

fn ids(session: &mut Session) -> Vec<PeerId> {
    events(session);
    session.peers().collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn the_id_is_the_first_packet() {
    let mut server = Session::server(SessionOptions::default());
    server.peer_joined(id(0x1234_5678), NOW);
    assert_eq!(outputs(&mut server), [(vec![0x1234_5678], vec![0x78, 0x56, 0x34, 0x12])]);
    assert_eq!(events(&mut server), [Event::PeerConnected(id(0x1234_5678))]);
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
            (vec![3], vec![3, 0, 0, 0]),
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
    client.peer_joined(SERVER, NOW);
    assert_eq!(client.status(), ConnectionStatus::Connecting);
    client.receive(SERVER, Packet::binary([9, 0, 0, 0]), NOW);
    assert_eq!((client.status(), client.id()), (ConnectionStatus::Connected, PeerId::new(9)));
    assert_eq!(events(&mut client), [Event::Connected { id: id(9) }, Event::PeerConnected(SERVER)]);
    assert_eq!(client.next_deadline(), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_packet_is_read_as_bytes() {
    let mut client = connecting(SessionOptions::default());
    client.receive(SERVER, Packet::text("\t\0\0\0"), NOW);
    assert_eq!(client.id(), PeerId::new(9));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_invalid_id_ends_the_attempt() {
    let invalid: [&[u8]; 7] =
        [&[], &[9], &[9, 0, 0], &[9, 0, 0, 0, 0], &[1, 0, 0, 0], &[0; 4], &[0xff, 0xff, 0xff, 0xff]];
    for packet in invalid {
        let mut client = connecting(SessionOptions::default());
        client.receive(SERVER, Packet::binary(packet), NOW);
        assert_eq!(rejections(&mut client), [(SERVER, PacketError::InvalidId)]);
        assert!(matches!(client.next_output(), Some(Output::Disconnect { peer: SERVER, .. })));
        // A valid id comes too late.
        client.receive(SERVER, Packet::binary([9, 0, 0, 0]), NOW);
        assert_eq!(client.status(), ConnectionStatus::Connecting);
        client.peer_left(SERVER, lost());
        let [Event::ConnectionFailed { info }] = &events(&mut client)[..] else {
            panic!("the attempt continues")
        };
        assert!(matches!(info.cause, CloseCause::HandshakeFailed { .. }), "{info}");
        assert_eq!((client.status(), client.is_closed()), (ConnectionStatus::Disconnected, true));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_wait_for_an_id_times_out() {
    let seconds = Duration::from_secs;
    let mut client = Session::client(SessionOptions::default());
    assert_eq!(client.next_deadline(), None, "the transport has its own timeout for the connection");
    client.peer_joined(SERVER, seconds(10));
    assert_eq!(client.next_deadline(), Some(seconds(13)));
    client.advance(seconds(13) - Duration::from_nanos(1));
    assert_eq!(client.next_output(), None);
    client.advance(seconds(13));
    assert!(matches!(client.next_output(), Some(Output::Disconnect { peer: SERVER, .. })));
    assert_eq!(client.next_deadline(), None);

    let mut client = connecting(SessionOptions::default().id_timeout(Duration::ZERO));
    client.advance(seconds(100_000));
    assert_eq!((client.next_deadline(), client.next_output()), (None, None));
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
    let mut client = connecting(SessionOptions::default().max_peers(3));
    client.receive(SERVER, Packet::binary([9, 0, 0, 0]), NOW);
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
    client.peer_joined(SERVER, NOW);
    client.peer_left(SERVER, lost());
    client.leave();
    client.advance(Duration::MAX);
    assert_eq!((events(client), outputs(client), client.next_deadline()), (vec![], vec![], None));
    assert_eq!((client.status(), client.id()), (ConnectionStatus::Disconnected, Some(A)));
}
