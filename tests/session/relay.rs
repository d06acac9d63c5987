//! Bytes between peers, directly and through the server.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error, Packet,
    multiplayer::{
        Event, Output, PacketError, PeerId, Recipients, Session, SessionError, SessionOptions, Target,
    },
};

use crate::world::{A, B, C, SERVER, World, events, id, outputs};

const NOW: Duration = Duration::ZERO;

/// Returns the peers that receive what `from` sends to `to`.
fn receivers(from: PeerId, to: Target) -> Vec<PeerId> {
    let mut world = World::of(&[A, B, C]);
    world.at(from).send_bytes(to, b"hello").unwrap();
    world.settle();
    let expected = [Event::Packet { from, data: Packet::binary("hello") }];
    let all = [SERVER, A, B, C];
    all.into_iter()
        .filter(|peer| {
            let seen = world.events(*peer);
            assert!(seen.is_empty() || seen == expected, "{seen:?}");
            !seen.is_empty()
        })
        .collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn packets_reach_exactly_their_targets() {
    for (from, to, expected) in [
        (SERVER, Target::All, &[A, B, C][..]),
        (SERVER, Target::Peer(B), &[B]),
        (SERVER, Target::AllExcept(B), &[A, C]),
        (SERVER, Target::AllExcept(SERVER), &[A, B, C]),
        (SERVER, Target::AllExcept(id(99)), &[A, B, C]),
        (A, Target::All, &[SERVER, B, C]),
        (A, Target::SERVER, &[SERVER]),
        (A, Target::Peer(B), &[B]),
        (A, Target::Peer(A), &[A]),
        (A, Target::AllExcept(B), &[SERVER, C]),
        (A, Target::AllExcept(SERVER), &[B, C]),
        (A, Target::AllExcept(A), &[SERVER, B, C]),
    ] {
        assert_eq!(receivers(from, to), expected, "{from:?} {to:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn packets_to_unknown_peers_are_errors() {
    let mut world = World::of(&[A, B]);
    for (from, to) in [(SERVER, id(99)), (SERVER, SERVER), (A, id(99))] {
        assert_eq!(world.at(from).send_bytes(to, &[1]), Err(Error::UnknownPeer.into()));
    }
    for from in [SERVER, A] {
        assert!(matches!(
            world.at(from).send_bytes(Target::All, &[]),
            Err(SessionError::InvalidArguments { .. })
        ));
    }
    let mut client = Session::client(SessionOptions::default());
    assert!(matches!(client.send_bytes(SERVER, &[1]), Err(SessionError::Peer(Error::NotOpen { .. }))));
    // A server without clients sends nothing; that is not an error.
    let mut server = Session::server(SessionOptions::default());
    server.send_bytes(Target::All, &[1]).unwrap();
    assert_eq!(outputs(&mut server), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_packet_size_limit_includes_all_headers() {
    let mut world = World::of(&[A, B]);
    let max = 65_535;
    world.server.send_bytes(A, &vec![0; max - 1]).unwrap();
    assert_eq!(
        world.server.send_bytes(A, &vec![0; max]),
        Err(Error::PacketTooBig { len: max + 1, max }.into())
    );
    world.at(A).send_bytes(SERVER, &vec![0; max - 1]).unwrap();
    world.at(A).send_bytes(B, &vec![0; max - 7]).unwrap();
    let error = world.at(A).send_bytes(B, &vec![0; max - 6]);
    assert_eq!(error, Err(Error::PacketTooBig { len: max + 1, max }.into()));
}

/// A server with these peers, which have no sessions.
fn server_of(peers: &[PeerId]) -> Session {
    let mut server = Session::server(SessionOptions::default());
    for peer in peers {
        server.peer_joined(*peer, NOW);
    }
    outputs(&mut server);
    events(&mut server);
    server
}

#[wasm_bindgen_test(unsupported = test)]
fn the_server_puts_the_senders_id_on_a_relayed_packet() {
    let mut server = server_of(&[A, B, C]);
    // To C, and to all.
    server.receive(B, Packet::binary([7, 3, 4, 0, 0, 0, 3, 42]), NOW);
    assert_eq!(outputs(&mut server), [(vec![4], vec![7, 3, 3, 0, 0, 0, 3, 42])]);
    server.receive(B, Packet::binary([7, 3, 0, 0, 0, 0, 3, 42]), NOW);
    assert_eq!(outputs(&mut server), [(vec![2, 4], vec![7, 3, 3, 0, 0, 0, 3, 42])]);
    assert_eq!(server.stats().relayed, 2);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_packet_for_many_peers_is_encoded_once() {
    let peers: Vec<PeerId> = (2..1002).map(id).collect();
    let mut server = server_of(&peers);
    server.send_bytes(Target::All, &[0; 100]).unwrap();
    server.receive(A, Packet::binary([&[7, 3, 0, 0, 0, 0, 3][..], &[0; 100]].concat()), NOW);
    for expected in [&peers[..], &peers[1..]] {
        let Some(Output::Send { to: Recipients::Many(to), .. }) = server.next_output() else {
            panic!("no packet for many")
        };
        assert_eq!(to, expected);
    }
    assert_eq!(server.next_output(), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn received_bytes_are_not_copied() {
    let mut server = server_of(&[A]);
    for (packet, at) in [(vec![3, 1, 2, 3], 1), (vec![7, 3, 0, 0, 0, 0, 3, 1, 2, 3], 7)] {
        let packet = Packet::binary(packet);
        let expected = packet[at..].as_ptr();
        server.receive(A, packet, NOW);
        let Some(Event::Packet { data, .. }) = server.next_event() else { panic!("no packet") };
        assert_eq!((data.as_ptr(), data.as_bytes()), (expected, &[1, 2, 3][..]));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_receiver_rejects_malformed_relayed_packets() {
    let mut world = World::of(&[A, B]);
    world.join_scripted(C);
    world.settle();
    world.forget_events();
    // A malformed command.
    world.inject(C, &[7, 3, 2, 0, 0, 0, 0]);
    world.settle();
    assert_eq!(world.events(SERVER), []);
    assert!(matches!(world.rejections(A)[..], [(C, PacketError::Malformed(_))]));
    assert_eq!(world.events(B), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_relay_all_means_the_server() {
    let mut world = World::with(SessionOptions::default().relay(false));
    for client in [A, B] {
        world.join(client);
    }
    world.settle();
    world.forget_events();
    world.at(A).send_bytes(Target::All, &[1]).unwrap();
    assert_eq!(world.at(A).send_bytes(B, &[1]), Err(Error::UnknownPeer.into()));
    assert_eq!(world.at(A).send_bytes(A, &[1]), Err(Error::UnknownPeer.into()));
    world.settle();
    assert_eq!(world.events(SERVER), [Event::Packet { from: A, data: Packet::binary([1]) }]);
    assert_eq!(world.events(B), []);
}
