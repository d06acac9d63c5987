//! Nodes, their paths, and the numbers of paths.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, Error, Packet,
    multiplayer::{Event, Method, Methods, PacketError, PeerId, Session, SessionError, SessionOptions},
};

use crate::world::{A, B, SERVER, World, events, outputs, rejections};

const NOW: Duration = Duration::ZERO;

fn methods(names: &[&'static str]) -> Methods {
    names.iter().fold(Methods::new(), |methods, name| methods.with(Method::new(*name).any_peer()))
}

/// Announces a number for the path of a node with these methods.
fn announcement(number: u32, path: &str, methods: &Methods) -> Packet {
    let packet = [&[1][..], methods.md5().as_bytes(), &[0], &number.to_le_bytes(), path.as_bytes(), &[0]];
    Packet::binary(packet.concat())
}

fn confirmation(number: u32, valid: bool) -> Vec<u8> {
    [&[2, u8::from(valid)][..], &number.to_le_bytes()].concat()
}

/// A server with a client A and a node `Game` with the method `play`.
fn server_with(options: SessionOptions) -> Session {
    let mut server = Session::server(options);
    server.register_node_with("Game", methods(&["play"])).unwrap();
    server.peer_joined(A, NOW);
    outputs(&mut server);
    events(&mut server);
    server
}

#[wasm_bindgen_test(unsupported = test)]
fn a_known_path_is_confirmed() {
    let mut server = server_with(SessionOptions::default());
    let play = methods(&["play"]);
    for (number, path) in [(1, "Game"), (0, "/root/Game"), (u32::MAX, "./Game")] {
        server.receive(A, announcement(number, path, &play), NOW);
        assert_eq!(outputs(&mut server), [(vec![2], confirmation(number, true))], "{path}");
    }
    // Engines also accept it without the NUL.
    let packet = announcement(5, "Game", &play);
    server.receive(A, Packet::binary(&packet[..packet.len() - 1]), NOW);
    assert_eq!(outputs(&mut server), [(vec![2], confirmation(5, true))]);
    assert_eq!(events(&mut server), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unknown_path_is_not_confirmed() {
    let mut server = server_with(SessionOptions::default());
    for path in ["Gam", "Game/Kid", "game", "/Game", "/other/Game", "../Game"] {
        server.receive(A, announcement(1, path, &Methods::new()), NOW);
        assert_eq!(rejections(&mut server), [(A, PacketError::UnknownPath)], "{path}");
    }
    assert_eq!(outputs(&mut server), []);
    // The number is still free.
    server.receive(A, announcement(1, "Game", &methods(&["play"])), NOW);
    assert_eq!(outputs(&mut server).len(), 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_root_path_is_always_known() {
    let mut server = server_with(SessionOptions::default().max_paths_per_peer(4));
    for (id, path) in [".", "", "/root", "/root/"].into_iter().enumerate() {
        let id = id as u32;
        server.receive(A, announcement(id, path, &Methods::new()), NOW);
        assert_eq!(outputs(&mut server), [(vec![2], confirmation(id, true))], "{path:?}");
    }
    server.receive(A, announcement(4, ".", &Methods::new()), NOW);
    server.receive(A, Packet::binary([0x80, 1, 0]), NOW);
    let expected = [(A, PacketError::TooManyPaths), (A, PacketError::UnknownNode { id: 1 })];
    assert_eq!(rejections(&mut server), expected);

    // Its number is valid for a root that is declared later.
    server.register_node_with(".", methods(&["play"])).unwrap();
    server.receive(A, Packet::binary([0x80, 1, 0]), NOW);
    assert!(matches!(events(&mut server)[..], [Event::Call(_)]));

    let mut server = server_with(SessionOptions::default());
    server.register_node_with("/root", methods(&["play"])).unwrap();
    server.receive(A, announcement(1, ".", &methods(&["play"])), NOW);
    server.receive(A, Packet::binary([0x80, 1, 0]), NOW);
    assert!(matches!(events(&mut server)[..], [Event::Call(_)]));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_number_keeps_its_path() {
    let mut server = server_with(SessionOptions::default());
    server.register_node_with("Other", methods(&["play"])).unwrap();
    let play = methods(&["play"]);
    server.receive(A, announcement(1, "Game", &play), NOW);
    outputs(&mut server);
    server.receive(A, announcement(1, "Other", &play), NOW);
    assert_eq!(rejections(&mut server), [(A, PacketError::PathIdTaken { id: 1 })]);
    assert_eq!(outputs(&mut server), []);
    // A peer may repeat an announcement, with any form of the same path.
    for (path, methods) in [("Game", &play), ("/root/Game", &play), ("Game", &Methods::new())] {
        server.receive(A, announcement(1, path, methods), NOW);
        assert_eq!(outputs(&mut server), [(vec![2], confirmation(1, methods.md5() == play.md5()))]);
    }
    assert!(matches!(events(&mut server)[..], [Event::ChecksumMismatch { .. }]));
    // Another peer's numbers are its own.
    server.peer_joined(B, NOW);
    outputs(&mut server);
    server.receive(B, announcement(1, "Other", &play), NOW);
    assert_eq!(outputs(&mut server), [(vec![3], confirmation(1, true))]);
}

#[wasm_bindgen_test(unsupported = test)]
fn max_paths_per_peer_bounds_the_announced_paths() {
    let options = SessionOptions::default().max_paths_per_peer(10).max_rejected_packets_per_second(0);
    let mut server = server_with(options);
    let play = methods(&["play"]);
    for number in 0..1000 {
        server.receive(A, announcement(number, "Game", &play), NOW);
    }
    assert_eq!(outputs(&mut server).len(), 10);
    let seen = rejections(&mut server);
    assert_eq!(seen, vec![(A, PacketError::TooManyPaths); 64]);
    assert_eq!(server.stats().rejected_packets, 990);
    // Earlier numbers are valid, and so are whole paths.
    server.receive(A, Packet::binary([0x80, 9, 0]), NOW);
    server.receive(A, Packet::binary([0xa0, 6, 0, 0, 0x80, 0, b'G', b'a', b'm', b'e', 0]), NOW);
    assert!(matches!(events(&mut server)[..], [Event::Call(_), Event::Call(_)]));
    // A peer that connects again has announced nothing.
    server.peer_left(A, CloseCause::ConnectionLost.into());
    server.peer_joined(A, NOW);
    outputs(&mut server);
    server.receive(A, announcement(0, "Game", &play), NOW);
    assert_eq!(outputs(&mut server), [(vec![2], confirmation(0, true))]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_node_that_is_declared_again_gets_a_new_number() {
    let mut world = World::of(&[A]);
    let play = methods(&["play"]);
    let nodes = world.declare("Game", &play);
    let play_at = |world: &mut World, node| {
        world.at(A).call_method(node, SERVER, "play", vec![]).unwrap();
        let sent = outputs(world.at(A));
        for (_, packet) in &sent {
            world.server.receive(A, Packet::binary(&packet[..]), NOW);
        }
        world.settle();
        assert!(matches!(world.events(SERVER)[..], [Event::Call(_)]));
        sent.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>()
    };
    assert_eq!(play_at(&mut world, nodes[&A]).len(), 2);
    assert_eq!(play_at(&mut world, nodes[&A]), [[0x80, 1, 0]]);
    world.at(A).unregister_node(nodes[&A]);
    let again = world.at(A).register_node_with("Game", play.clone()).unwrap();
    assert_ne!(again, nodes[&A]);
    assert_eq!(play_at(&mut world, again)[0], announcement(2, "Game", &play).into_vec());
    assert_eq!(play_at(&mut world, again), [[0x80, 2, 0]]);

    // If only the receiver declares it again, the old number finds it by its path.
    world.server.unregister_node(nodes[&SERVER]);
    world.at(A).call_method(again, SERVER, "play", vec![]).unwrap();
    world.settle();
    assert_eq!(world.rejections(SERVER), [(A, PacketError::UnknownNode { id: 2 })]);
    world.server.register_node_with("Game", play).unwrap();
    assert_eq!(play_at(&mut world, again), [[0x80, 2, 0]]);
}

#[wasm_bindgen_test(unsupported = test)]
fn confirmations_of_unannounced_numbers_are_ignored() {
    let mut server = server_with(SessionOptions::default());
    let node = server.register_node_with("Other", methods(&["play"])).unwrap();
    for number in [0, 1, 2, u32::MAX] {
        server.receive(A, Packet::binary(confirmation(number, true)), NOW);
        server.receive(A, Packet::binary(confirmation(number, false)), NOW);
    }
    assert_eq!(events(&mut server), []);
    server.call_method(node, A, "play", vec![]).unwrap();
    server.peer_joined(B, NOW);
    outputs(&mut server);
    // The number was announced to A, not to B.
    server.receive(B, Packet::binary(confirmation(1, false)), NOW);
    assert_eq!(events(&mut server), [Event::PeerConnected(B)]);
    server.call_method(node, B, "play", vec![]).unwrap();
    assert_eq!(outputs(&mut server).len(), 2);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_connects_again_gets_the_announcement_again() {
    let mut server = server_with(SessionOptions::default());
    let node = server.register_node_with("Other", methods(&["play"])).unwrap();
    for _ in 0..2 {
        server.call_method(node, A, "play", vec![]).unwrap();
        server.receive(A, Packet::binary(confirmation(1, false)), NOW);
        let seen = outputs(&mut server);
        assert_eq!(seen[0].1, announcement(1, "Other", &methods(&["play"])).into_vec());
        assert_eq!(seen.len(), 2);
        assert!(matches!(events(&mut server)[..], [Event::ChecksumMismatch { peer: A, .. }]));
        server.peer_left(A, CloseCause::ConnectionLost.into());
        server.peer_joined(A, NOW);
        outputs(&mut server);
        events(&mut server);
    }
}

/// Returns our methods and theirs of the mismatch event when A announces `Game` with these methods.
fn mismatch(server: &mut Session, theirs: &[&'static str]) -> (Vec<String>, Option<Vec<String>>) {
    server.receive(A, announcement(9, "Game", &methods(theirs)), NOW);
    assert_eq!(outputs(server), [(vec![2], confirmation(9, false))]);
    match &events(server)[..] {
        [Event::ChecksumMismatch { peer: A, ours, theirs, .. }] => (ours.clone(), theirs.clone()),
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_checksum_mismatch_names_methods_that_can_be_identified() {
    let declared: &[&'static str] = &["a", "b", "c"];
    for (theirs, is_found) in
        [(&["a", "b"][..], true), (&["b", "c"], true), (&["x"], true), (&["a", "b", "c", "d"], false)]
    {
        let mut server = Session::server(SessionOptions::default());
        server.register_node_with("Game", methods(declared)).unwrap();
        server.register_node_with("Other", methods(&["x"])).unwrap();
        server.peer_joined(A, NOW);
        outputs(&mut server);
        events(&mut server);
        let (ours, found) = mismatch(&mut server, theirs);
        assert_eq!(ours, declared);
        assert_eq!(found, is_found.then(|| theirs.iter().map(|name| (*name).to_owned()).collect()));
        // The event comes once, and the number is valid.
        server.receive(A, announcement(10, "Game", &methods(theirs)), NOW);
        server.receive(A, Packet::binary([0x80, 10, 0]), NOW);
        assert!(matches!(events(&mut server)[..], [Event::Call(_)]));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn both_ends_get_a_checksum_mismatch() {
    let mut world = World::of(&[A]);
    let ours = world.at(A).register_node_with("Game", methods(&["play", "stop"])).unwrap();
    world.server.register_node_with("Game", methods(&["play"])).unwrap();
    for _ in 0..3 {
        world.at(A).call_method(ours, SERVER, "play", vec![]).unwrap();
        world.settle();
    }
    let is_mismatch = |event: &Event, peer: PeerId| matches!(event, Event::ChecksumMismatch { peer: other, .. } if *other == peer);
    let (at_client, at_server) = (world.events(A), world.events(SERVER));
    assert_eq!(at_client.len(), 1);
    assert!(is_mismatch(&at_client[0], SERVER));
    assert_eq!(at_server.iter().filter(|event| is_mismatch(event, A)).count(), 1);
    assert_eq!(at_server.len(), 4, "the calls still arrive: {at_server:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn invalid_nodes_are_not_declared() {
    let mut server = Session::server(SessionOptions::default().root_path("/root/Main"));
    server.register_node_with("Game", Methods::new()).unwrap();
    for path in ["Game", "./Game", "/root/Main/Game", "/root/Game", "A//B", "../A", "A:b", "A\0"] {
        let error = server.register_node_with(path, Methods::new());
        assert!(matches!(error, Err(SessionError::InvalidNode { .. })), "{path:?}: {error:?}");
    }
    let twice = Methods::new().with(Method::new("a")).with(Method::new("a"));
    assert!(matches!(server.register_node_with("Other", twice), Err(SessionError::InvalidNode { .. })));
    let mut server = Session::server(SessionOptions::default().max_packet_size(60));
    assert!(matches!(
        server.register_node_with(&"a".repeat(20), Methods::new()),
        Err(SessionError::Peer(Error::PacketTooBig { .. }))
    ));
}
