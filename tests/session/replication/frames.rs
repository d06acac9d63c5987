//! Updates of properties: SYNC and DELTA.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error, Packet,
    multiplayer::{
        Event, Output, PeerId, Properties, Property, Recipients, Session, SessionError, SessionOptions,
        Spawn, Spawner,
    },
    variant::Vector2,
};

use super::{Setup, a_coin, describe};
use crate::world::{A, B, SERVER, events, id, outputs};

#[wasm_bindgen_test(unsupported = test)]
fn always_properties_are_sent_in_every_frame_and_changes_once() {
    let mut setup = Setup::of(&[A]);
    let coin = setup.spawn(SERVER, a_coin("coin"));
    let node = setup.spawned(A).node;
    // The rotation is not set yet.
    for _ in 0..2 {
        setup.frame(SERVER);
        let events = setup.events_at(A);
        assert!(matches!(events[..], [Event::Synchronized { from: SERVER, node: at, .. }] if at == node));
        assert_eq!(describe(&events), ["now position Vector2(1, 2)"]);
    }
    let server = setup.at(SERVER);
    server.set_property(coin, "rotation", 0.5).unwrap();
    server.set_property(coin, "position", Vector2::new(3.0, 4.0)).unwrap();
    server.set_property(coin, "health", 2).unwrap();
    server.set_property(coin, "hidden", 7).unwrap();
    setup.frame(SERVER);
    let expected = ["now position Vector2(3, 4)", "now rotation 0.5", "changed health 2, hidden 7"];
    assert_eq!(describe(&setup.events_at(A)), expected);
    // Setting the same value is not a change.
    setup.at(SERVER).set_property(coin, "health", 2).unwrap();
    setup.frame(SERVER);
    assert_eq!(describe(&setup.events_at(A)), expected[..2]);
    setup.at(SERVER).set_property(coin, "hidden", 8).unwrap();
    setup.frame(SERVER);
    assert_eq!(describe(&setup.events_at(A))[2..], ["changed hidden 8"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_registered_synchronizer_is_sent_once_its_path_is_confirmed() {
    let mut setup = Setup::of(&[A]);
    let door = setup.door[&SERVER];
    setup.at(SERVER).set_property(door, "open", true).unwrap();
    setup.frame(SERVER);
    assert_eq!(setup.events_at(A), []);
    // The value that was set before is sent now. The angle is not set yet.
    setup.frame(SERVER);
    assert_eq!(describe(&setup.events_at(A)), ["changed open true"]);
    setup.at(SERVER).set_property(door, "angle", 0.5).unwrap();
    setup.frame(SERVER);
    let events = setup.events_at(A);
    assert!(matches!(events[..], [Event::Synchronized { from: SERVER, node, .. }] if node == setup.door[&A]));
    setup.at(SERVER).set_property(door, "open", false).unwrap();
    setup.frame(SERVER);
    assert_eq!(describe(&setup.events_at(A)), ["now angle 0.5", "changed open false"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_does_not_know_the_path_gets_no_updates() {
    let mut setup = Setup::of(&[A]);
    setup.world.join(B);
    setup.world.settle();
    setup.world.forget_events();
    let door = setup.door[&SERVER];
    setup.at(SERVER).set_property(door, "angle", 0.5).unwrap();
    for _ in 0..3 {
        setup.frame(SERVER);
    }
    assert_eq!(describe(&setup.events_at(A)), ["now angle 0.5"]);
    // It only rejects the announcement of the path.
    assert_eq!(setup.rejections(B).len(), 1);
}

/// Returns a server with these peers and a spawner. Its scene has an always-sent property and an on-change one.
fn server_of(peers: &[PeerId], options: SessionOptions) -> (Session, websocket_peer::multiplayer::NodeKey) {
    let mut server = Session::server(options);
    for peer in peers {
        server.peer_joined(*peer, std::time::Duration::ZERO);
    }
    let blob =
        Properties::new().with(Property::any("bytes")).with(Property::any("more").on_change().not_at_spawn());
    let spawner = server.register_spawner("Spawner", Spawner::new().scene(blob)).unwrap();
    outputs(&mut server);
    events(&mut server);
    (server, spawner)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_frame_for_a_thousand_peers_is_encoded_once() {
    let peers: Vec<PeerId> = (2..1002).map(id).collect();
    let (mut server, spawner) = server_of(&peers, SessionOptions::default());
    for _ in 0..10 {
        server.spawn(spawner, Spawn::scene(0).with("bytes", vec![0_u8; 20]).with("more", 1)).unwrap();
    }
    outputs(&mut server);
    server.replicate();
    let Some(Output::Send { to: Recipients::Many(to), packet, .. }) = server.next_output() else {
        panic!("no packet for many")
    };
    assert_eq!((to, packet.len()), (peers.clone(), 3 + 10 * (8 + 28)));
    assert_eq!(server.next_output(), None);
    // A later peer gets the same time, so it shares the packet.
    server.peer_joined(id(2000), std::time::Duration::ZERO);
    outputs(&mut server);
    server.replicate();
    let sent = outputs(&mut server);
    assert_eq!((sent.len(), sent[0].0.len()), (1, 1001));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sync_is_split_at_the_largest_size() {
    let (mut server, spawner) = server_of(&[A], SessionOptions::default().max_sync_packet_size(100));
    for _ in 0..5 {
        server.spawn(spawner, Spawn::scene(0).with("bytes", vec![0_u8; 32]).with("more", 1)).unwrap();
    }
    let large = Spawn::scene(0).with("bytes", vec![0_u8; 200]).with("more", 1);
    server.spawn(spawner, large).unwrap();
    outputs(&mut server);
    server.replicate();
    let lens: Vec<usize> = outputs(&mut server).iter().map(|(_, packet)| packet.len()).collect();
    // Two entries fit into a packet. An entry that is too large gets its own packet.
    assert_eq!(lens, [3 + 2 * 48, 3 + 2 * 48, 3 + 48, 3 + 8 + 208]);
}

#[wasm_bindgen_test(unsupported = test)]
fn values_that_exceed_the_packet_size_cannot_be_set() {
    let (mut server, spawner) = server_of(&[A], SessionOptions::default().max_packet_size(300));
    let node = server.spawn(spawner, Spawn::scene(0).with("bytes", 1).with("more", 1)).unwrap();
    let door = server.register_synchronizer("Sync", Properties::new().with(Property::any("angle"))).unwrap();
    outputs(&mut server);
    // The longest values in a SPAWN, DELTA and SYNC. An array has 8 bytes besides its elements.
    let longest =
        [(node, "bytes", 300 - 28 - 8), (node, "more", 300 - 17 - 8 - 3), (door, "angle", 300 - 11 - 8 - 1)];
    for (node, property, len) in longest {
        let longer = server.set_property(node, property, vec![0_u8; len + 1]);
        assert!(
            matches!(longer, Err(SessionError::Peer(Error::PacketTooBig { max: 300, .. }))),
            "{property}: {longer:?}"
        );
    }
    server.replicate();
    assert!(outputs(&mut server).iter().all(|(_, packet)| packet.len() < 60));
    for (node, property, len) in longest {
        server.set_property(node, property, vec![0_u8; len]).unwrap();
    }
    server.receive(A, Packet::binary([2, 1, 1, 0, 0, 0]), std::time::Duration::ZERO);
    server.receive(A, Packet::binary([2, 1, 2, 0, 0, 0]), std::time::Duration::ZERO);
    server.peer_joined(B, std::time::Duration::ZERO);
    server.replicate();
    server.replicate();
    let longest = outputs(&mut server).iter().map(|(_, packet)| packet.len()).max();
    assert_eq!(longest, Some(300));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_older_state_does_not_replace_a_newer_one() {
    let mut setup = Setup::of(&[A]);
    setup.spawn(SERVER, a_coin("coin"));
    setup.events_at(A);
    let now = setup.world.now;
    let sync = |time: u16| {
        let [low, high] = time.to_le_bytes();
        Packet::binary([6, low, high, 2, 0, 0, 0, 12, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    };
    let client = setup.at(A);
    let mut is_accepted = |time| {
        client.receive(SERVER, sync(time), now);
        matches!(events(client)[..], [Event::Synchronized { .. }])
    };
    let times = [(9, true), (9, false), (8, false), (10, true), (65_000, true), (64_999, false), (3, true)];
    for (time, expected) in times {
        assert_eq!(is_accepted(time), expected, "{time}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn invalid_properties_cannot_be_set() {
    let mut setup = Setup::of(&[A]);
    let coin = setup.spawn(SERVER, a_coin("coin"));
    let (spawner, door) = (setup.spawner[&SERVER], setup.door[&SERVER]);
    let server = setup.at(SERVER);
    assert!(matches!(server.set_property(coin, "health", "x"), Err(SessionError::InvalidArguments { .. })));
    assert!(matches!(server.set_property(coin, "angle", 1), Err(SessionError::InvalidArguments { .. })));
    assert!(matches!(server.set_property(spawner, "angle", 1), Err(SessionError::InvalidNode { .. })));
    assert!(matches!(server.despawn(door), Err(SessionError::InvalidNode { .. })));
    server.unregister_node(door);
    assert_eq!(server.set_property(door, "angle", 1.0), Err(SessionError::UnknownNode));
    let door = setup.door[&A];
    assert_eq!(setup.at(A).set_property(door, "angle", 1.0), Err(SessionError::NotAuthority));
    setup.at(A).leave();
    assert_eq!(setup.at(A).set_property(door, "angle", 1.0), Err(SessionError::NotAuthority));
    // Has no effect after leaving.
    setup.at(A).replicate();
}
