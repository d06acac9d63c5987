//! What others must not say of nodes, and cannot.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Packet,
    multiplayer::{Event, NodeKey, PacketError, PeerId, ReplicationError as Fault, Session, SessionOptions},
};

use super::{door, spawner};
use crate::world::{A, B, SERVER, events, outputs, rejections};

const NOW: Duration = Duration::ZERO;

/// A server at which A has the spawner, as number 7, and the door, as number 8.
fn server_with(options: SessionOptions) -> (Session, NodeKey) {
    let mut server = Session::server(options);
    let spawner = server.register_spawner("Spawner", spawner()).unwrap();
    let door = server.register_synchronizer("Door", door()).unwrap();
    server.register_node_with("Game", websocket_peer::multiplayer::Methods::new()).unwrap();
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
        for (number, path) in [(7, "Spawner"), (8, "Door"), (9, "Game")] {
            let md5 = b"d41d8cd98f00b204e9800998ecf8427e\0";
            server.receive(peer, packet(&[&[1], md5, &[number, 0, 0, 0], path.as_bytes(), &[0]]), NOW);
        }
    }
    server.set_authority(spawner, A).unwrap();
    server.set_authority(door, A).unwrap();
    outputs(&mut server);
    events(&mut server);
    (server, spawner)
}

fn server() -> Session {
    server_with(SessionOptions::default()).0
}

fn packet(parts: &[&[u8]]) -> Packet {
    Packet::binary(parts.concat())
}

/// Position, health and color.
const STATE: &[u8] = &[
    5, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 2, 3, 20, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    128, 63,
];

/// The SPAWN of a coin.
fn spawn(scene: u8, spawner: u32, net_id: u32, sync_ids: &[u32], name: &str, state: &[u8]) -> Packet {
    let le = |number: u32| number.to_le_bytes();
    let count = le(u32::try_from(sync_ids.len()).unwrap());
    let name_len = le(u32::try_from(name.len() + 1).unwrap());
    let ids: Vec<u8> = sync_ids.iter().flat_map(|id| le(*id)).collect();
    let head: [&[u8]; 7] = [&[4, scene], &le(spawner), &le(net_id), &count, &name_len, &ids, name.as_bytes()];
    packet(&[&head.concat(), &[0], state])
}

fn coin(net_id: u32, name: &str) -> Packet {
    spawn(0, 7, net_id, &[net_id + 1, net_id + 2], name, STATE)
}

#[track_caller]
fn refusal(server: &mut Session, from: PeerId, packet: Packet) -> PacketError {
    server.receive(from, packet, NOW);
    assert_eq!(outputs(server), []);
    match <[_; 1]>::try_from(rejections(server)) {
        Ok([(sender, what)]) if sender == from => what,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn fault(server: &mut Session, from: PeerId, packet: Packet) -> Fault {
    match refusal(server, from, packet) {
        PacketError::Replication(why) => why,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn takes(server: &mut Session, packet: Packet) {
    server.receive(A, packet, NOW);
    let told = events(server);
    assert!(matches!(told[..], [Event::Spawned(_)]), "{told:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn only_the_authority_may_spawn() {
    let (mut server, spawner) = server_with(SessionOptions::default());
    assert_eq!(fault(&mut server, B, coin(1, "coin")), Fault::NotAuthority);
    takes(&mut server, coin(1, "coin"));
    // Nor may another one say that it is gone, or where it is.
    assert_eq!(fault(&mut server, B, packet(&[&[5, 1, 0, 0, 0]])), Fault::UnknownId { id: 1 });
    assert_eq!(fault(&mut server, B, sync(2, &POSITION)), Fault::UnknownId { id: 2 });
    assert_eq!(fault(&mut server, B, sync(0x8000_0008, &ANGLE)), Fault::NotAuthority);
    // Nor the same one, when it is in other hands.
    server.set_authority(spawner, B).unwrap();
    assert_eq!(fault(&mut server, A, packet(&[&[5, 1, 0, 0, 0]])), Fault::NotAuthority);
    assert_eq!(fault(&mut server, A, sync(2, &POSITION)), Fault::NotAuthority);
    assert_eq!(fault(&mut server, A, coin(5, "other")), Fault::NotAuthority);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_spawn_must_be_as_declared() {
    let mut server = server();
    let state = |state: &[u8]| spawn(0, 7, 1, &[2, 3], "coin", state);
    let ids = |ids: &[u32]| spawn(0, 7, 1, ids, "coin", STATE);
    let unknown = refusal(&mut server, A, spawn(0, 99, 1, &[2, 3], "coin", STATE));
    assert_eq!(unknown, PacketError::UnknownNode { id: 99 });
    let not_utf8 = refusal(&mut server, A, spawn(0, 7, 1, &[2, 3], "a/b", STATE));
    assert!(matches!(not_utf8, PacketError::Malformed(_)));
    for (packet, expected) in [
        (spawn(0, 8, 1, &[2, 3], "coin", STATE), Fault::NotSpawner),
        (spawn(2, 7, 1, &[2, 3], "coin", STATE), Fault::UnknownScene),
        // Of the value 1 nothing is made; and there may be no value.
        (spawn(255, 7, 1, &[2, 3], "coin", &[2, 0, 0, 0, 2, 1]), Fault::UnknownScene),
        (spawn(255, 7, 1, &[2, 3], "coin", &[0, 0, 0, 0]), Fault::ValueCount { expected: 1 }),
        (ids(&[]), Fault::SynchronizerCount { expected: 2, found: 0 }),
        (ids(&[2, 3, 4]), Fault::SynchronizerCount { expected: 2, found: 3 }),
        (ids(&[2, 2]), Fault::IdTaken { id: 2 }),
        (ids(&[2, 0x8000_0000]), Fault::IdTaken { id: 0x8000_0000 }),
        (state(&[]), Fault::ValueCount { expected: 3 }),
        (state(&STATE[..14]), Fault::ValueCount { expected: 3 }),
        (state(&[STATE, &[2, 1]].concat()), Fault::ValueCount { expected: 3 }),
        (spawn(0, 7, 1, &[2, 3], &"a".repeat(256), STATE), Fault::NameTooLong),
    ] {
        assert_eq!(fault(&mut server, A, packet), expected);
    }
    assert!(matches!(fault(&mut server, A, state(&STATE[..13])), Fault::InvalidValue(_)));
    let wrong = [&STATE[..12], &[0; 4], &STATE[14..]].concat();
    assert!(
        matches!(fault(&mut server, A, state(&wrong)), Fault::WrongType { property, .. } if property == "health")
    );
    // None of it has left anything behind.
    takes(&mut server, coin(1, "coin"));
}

#[wasm_bindgen_test(unsupported = test)]
fn names_and_numbers_are_given_once() {
    let mut server = server();
    takes(&mut server, coin(1, "coin"));
    assert_eq!(fault(&mut server, A, coin(11, "coin")), Fault::NameTaken);
    assert_eq!(fault(&mut server, A, coin(1, "other")), Fault::IdTaken { id: 1 });
    let same = spawn(0, 7, 11, &[12, 3], "other", STATE);
    assert_eq!(fault(&mut server, A, same), Fault::IdTaken { id: 3 });
    server.receive(A, packet(&[&[5, 1, 0, 0, 0]]), NOW);
    assert!(matches!(events(&mut server)[..], [Event::Despawned { from: A, .. }]));
    assert_eq!(fault(&mut server, A, packet(&[&[5, 1, 0, 0, 0]])), Fault::UnknownId { id: 1 });
    assert_eq!(fault(&mut server, A, sync(2, &POSITION)), Fault::UnknownId { id: 2 });
    takes(&mut server, coin(1, "coin"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_can_spawn_so_many_nodes_and_no_more() {
    let (mut server, _) = server_with(SessionOptions::default().max_spawned_per_peer(3));
    for number in 0..3 {
        takes(&mut server, coin(1 + 10 * number, &format!("coin{number}")));
    }
    assert_eq!(fault(&mut server, A, coin(91, "more")), Fault::TooManySpawned);
    server.receive(A, packet(&[&[5, 11, 0, 0, 0]]), NOW);
    events(&mut server);
    takes(&mut server, coin(91, "more"));
}

const POSITION: [u8; 12] = [5, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64];
const ANGLE: [u8; 8] = [3, 0, 0, 0, 0, 0, 0, 63];

fn entry(sync_id: u32, values: &[u8]) -> Vec<u8> {
    let len = u32::try_from(values.len()).unwrap();
    [&sync_id.to_le_bytes(), &len.to_le_bytes(), values].concat()
}

fn sync(sync_id: u32, values: &[u8]) -> Packet {
    packet(&[&[6, 5, 0], &entry(sync_id, values)])
}

fn delta(sync_id: u32, changed: u64, values: &[u8]) -> Packet {
    let entry = entry(sync_id, values);
    packet(&[&[0x16], &entry[..4], &changed.to_le_bytes(), &entry[4..]])
}

#[wasm_bindgen_test(unsupported = test)]
fn a_state_must_be_as_declared() {
    let mut server = server();
    takes(&mut server, coin(1, "coin"));
    let long = [&POSITION[..], &[2, 1]].concat();
    for (packet, expected) in [
        (sync(2, &long), Fault::ValueCount { expected: 1 }),
        (sync(1, &POSITION), Fault::UnknownId { id: 1 }),
        (sync(0x8000_0007, &ANGLE), Fault::NotSynchronizer),
        (sync(0x8000_0008, &[&ANGLE[..], &ANGLE].concat()), Fault::ValueCount { expected: 1 }),
        (delta(2, 1, &[2, 1, 2, 1]), Fault::ValueCount { expected: 1 }),
        (delta(2, 3, &[2, 1]), Fault::ValueCount { expected: 2 }),
        (delta(2, 0, &[2, 1]), Fault::UnknownProperty),
        (delta(2, 4, &[2, 1]), Fault::UnknownProperty),
        (delta(2, 1 << 63, &[2, 1]), Fault::UnknownProperty),
        (delta(3, 1, &[2, 1]), Fault::UnknownProperty),
        (delta(0x8000_0008, 2, &[2, 1]), Fault::UnknownProperty),
    ] {
        assert_eq!(fault(&mut server, A, packet), expected);
    }
    assert!(matches!(fault(&mut server, A, sync(2, &POSITION[..5])), Fault::InvalidValue(_)));
    assert!(
        matches!(fault(&mut server, A, sync(2, &[2, 1])), Fault::WrongType { property, .. } if property == "position")
    );
    assert!(matches!(fault(&mut server, A, delta(2, 1, &POSITION)), Fault::WrongType { .. }));
    assert_eq!(refusal(&mut server, A, sync(0x8000_0099, &ANGLE)), PacketError::UnknownNode { id: 0x99 });
    // Nor has any of it told the time.
    for good in [sync(2, &POSITION), sync(0x8000_0008, &ANGLE), delta(2, 2, &[2, 1])] {
        server.receive(A, good, NOW);
        assert!(matches!(events(&mut server)[..], [Event::Synchronized { .. } | Event::Changed { .. }]));
    }
    assert_eq!(fault(&mut server, A, sync(2, &POSITION)), Fault::Outdated);
    assert_eq!(fault(&mut server, A, sync(0x8000_0008, &ANGLE)), Fault::Outdated);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_wrong_with_one_node_does_not_keep_the_others_from_being_heard() {
    let mut server = server();
    takes(&mut server, coin(1, "coin"));
    let entries =
        [entry(99, &POSITION), entry(2, &POSITION), entry(2, &POSITION), entry(0x8000_0008, &ANGLE)];
    server.receive(A, packet(&[&[6, 5, 0], &entries.concat()]), NOW);
    let told = events(&mut server);
    let refused = |event: &Event| match event {
        Event::PacketRejected { error, .. } => Some(error.to_string()),
        _ => None,
    };
    let expected = [
        Some("nothing was spawned with the number 99".to_owned()),
        None,
        Some("the state is older than the one before".to_owned()),
        None,
    ];
    assert_eq!(told.iter().map(refused).collect::<Vec<_>>(), expected);
}

#[wasm_bindgen_test(unsupported = test)]
fn nobody_spawns_by_way_of_an_echo() {
    let mut client = Session::client(SessionOptions::default());
    client.peer_joined(SERVER, NOW);
    client.receive(SERVER, packet(&[&[2, 0, 0, 0]]), NOW);
    events(&mut client);
    let spawner = client.register_spawner("Spawner", spawner()).unwrap();
    client.set_authority(spawner, A).unwrap();
    client.spawn(spawner, super::a_coin("coin")).unwrap();
    events(&mut client);
    outputs(&mut client);
    client.receive(SERVER, packet(&[&[7, 3, 2, 0, 0, 0], &coin(1, "coin")]), NOW);
    assert_eq!(rejections(&mut client), [(A, PacketError::UnknownNode { id: 7 })]);
}

#[wasm_bindgen_test(unsupported = test)]
fn every_fault_says_what_is_wrong() {
    for why in [
        Fault::NotSpawner,
        Fault::NotSynchronizer,
        Fault::NotAuthority,
        Fault::UnknownScene,
        Fault::SynchronizerCount { expected: 1, found: 2 },
        Fault::IdTaken { id: 1 },
        Fault::UnknownId { id: 1 },
        Fault::NameTaken,
        Fault::NameTooLong,
        Fault::TooManySpawned,
        Fault::ValueCount { expected: 2 },
        Fault::UnknownProperty,
        Fault::Outdated,
    ] {
        let text = PacketError::from(why).to_string();
        assert!(text.len() > 10 && !text.ends_with('.'), "{text}");
    }
}
