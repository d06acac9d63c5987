//! What properties hold: SYNC and DELTA.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error, Packet,
    multiplayer::{
        Event, Output, PeerId, Properties, Property, Recipients, Session, SessionError, SessionOptions,
        Spawn, Spawner,
    },
    variant::Vector2,
};

use super::{Stage, a_coin, heard};
use crate::world::{A, B, SERVER, events, id, outputs};

#[wasm_bindgen_test(unsupported = test)]
fn what_is_sent_always_is_sent_in_every_frame_and_changes_once() {
    let mut stage = Stage::of(&[A]);
    let coin = stage.spawn(SERVER, a_coin("coin"));
    let node = stage.spawned(A).node;
    // The rotation is not known yet.
    for _ in 0..2 {
        stage.frame(SERVER);
        let told = stage.told(A);
        assert!(matches!(told[..], [Event::Synchronized { from: SERVER, node: at, .. }] if at == node));
        assert_eq!(heard(&told), ["now position Vector2(1, 2)"]);
    }
    let server = stage.at(SERVER);
    server.set_property(coin, "rotation", 0.5).unwrap();
    server.set_property(coin, "position", Vector2::new(3.0, 4.0)).unwrap();
    server.set_property(coin, "health", 2).unwrap();
    server.set_property(coin, "hidden", 7).unwrap();
    stage.frame(SERVER);
    let expected = ["now position Vector2(3, 4)", "now rotation 0.5", "changed health 2, hidden 7"];
    assert_eq!(heard(&stage.told(A)), expected);
    // To set what it is already is no change.
    stage.at(SERVER).set_property(coin, "health", 2).unwrap();
    stage.frame(SERVER);
    assert_eq!(heard(&stage.told(A)), expected[..2]);
    stage.at(SERVER).set_property(coin, "hidden", 8).unwrap();
    stage.frame(SERVER);
    assert_eq!(heard(&stage.told(A))[2..], ["changed hidden 8"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_synchronizer_at_a_path_begins_when_that_is_confirmed() {
    let mut stage = Stage::of(&[A]);
    let door = stage.door[&SERVER];
    stage.at(SERVER).set_property(door, "open", true).unwrap();
    stage.frame(SERVER);
    assert_eq!(stage.told(A), []);
    // What was set before is told now; of the angle nothing is known.
    stage.frame(SERVER);
    assert_eq!(heard(&stage.told(A)), ["changed open true"]);
    stage.at(SERVER).set_property(door, "angle", 0.5).unwrap();
    stage.frame(SERVER);
    let told = stage.told(A);
    assert!(matches!(told[..], [Event::Synchronized { from: SERVER, node, .. }] if node == stage.door[&A]));
    stage.at(SERVER).set_property(door, "open", false).unwrap();
    stage.frame(SERVER);
    assert_eq!(heard(&stage.told(A)), ["now angle 0.5", "changed open false"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_does_not_know_the_path_is_told_nothing() {
    let mut stage = Stage::of(&[A]);
    stage.world.join(B);
    stage.world.settle();
    stage.world.forget_events();
    let door = stage.door[&SERVER];
    stage.at(SERVER).set_property(door, "angle", 0.5).unwrap();
    for _ in 0..3 {
        stage.frame(SERVER);
    }
    assert_eq!(heard(&stage.told(A)), ["now angle 0.5"]);
    // That it does not know it is all that it hears of it.
    assert_eq!(stage.rejections(B).len(), 1);
}

/// A server with these peers, and a spawner of what holds one array of bytes.
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
fn a_frame_for_a_thousand_peers_is_made_once() {
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
    // Who comes later is told the same time as the others.
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
    // Two fit; one that never does goes alone.
    assert_eq!(lens, [3 + 2 * 48, 3 + 2 * 48, 3 + 48, 3 + 8 + 208]);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_would_be_too_long_to_be_sent_cannot_be_set() {
    let (mut server, spawner) = server_of(&[A], SessionOptions::default().max_packet_size(300));
    let node = server.spawn(spawner, Spawn::scene(0).with("bytes", 1).with("more", 1)).unwrap();
    let door = server.register_synchronizer("Door", Properties::new().with(Property::any("angle"))).unwrap();
    outputs(&mut server);
    // What is the longest of SPAWN, with 28 bytes and a name, DELTA and SYNC, beside 8 of an array.
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
    let mut stage = Stage::of(&[A]);
    stage.spawn(SERVER, a_coin("coin"));
    stage.told(A);
    let now = stage.world.now;
    let sync = |time: u16| {
        let [low, high] = time.to_le_bytes();
        Packet::binary([6, low, high, 2, 0, 0, 0, 12, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    };
    let client = stage.at(A);
    let mut taken = |time| {
        client.receive(SERVER, sync(time), now);
        matches!(events(client)[..], [Event::Synchronized { .. }])
    };
    let times = [(9, true), (9, false), (8, false), (10, true), (65_000, true), (64_999, false), (3, true)];
    for (time, expected) in times {
        assert_eq!(taken(time), expected, "{time}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_cannot_be_set_says_why() {
    let mut stage = Stage::of(&[A]);
    let coin = stage.spawn(SERVER, a_coin("coin"));
    let (spawner, door) = (stage.spawner[&SERVER], stage.door[&SERVER]);
    let server = stage.at(SERVER);
    assert!(matches!(server.set_property(coin, "health", "x"), Err(SessionError::InvalidArguments { .. })));
    assert!(matches!(server.set_property(coin, "angle", 1), Err(SessionError::InvalidArguments { .. })));
    assert!(matches!(server.set_property(spawner, "angle", 1), Err(SessionError::InvalidNode { .. })));
    assert!(matches!(server.despawn(door), Err(SessionError::InvalidNode { .. })));
    server.unregister_node(door);
    assert_eq!(server.set_property(door, "angle", 1.0), Err(SessionError::UnknownNode));
    let door = stage.door[&A];
    assert_eq!(stage.at(A).set_property(door, "angle", 1.0), Err(SessionError::NotAuthority));
    stage.at(A).leave();
    assert_eq!(stage.at(A).set_property(door, "angle", 1.0), Err(SessionError::NotAuthority));
    // This is nobody's fault.
    stage.at(A).replicate();
}
