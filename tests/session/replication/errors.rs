//! Invalid packets about nodes.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Packet,
    multiplayer::{Event, NodeKey, PacketError, PeerId, ReplicationError, Session, SessionOptions},
};

use super::{door, spawner};
use crate::world::{A, B, SERVER, events, id, outputs, rejections};

const NOW: Duration = Duration::ZERO;

/// Returns a server. A is the authority of the spawner, with path id 7, and of the door, with path id 8.
fn server_with(options: SessionOptions) -> (Session, NodeKey) {
    let mut server = Session::server(options);
    let spawner = server.register_spawner("Spawner", spawner()).unwrap();
    let door = server.register_synchronizer("Sync", door()).unwrap();
    server.register_node_with("Game", websocket_peer::multiplayer::Methods::new()).unwrap();
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
        for (number, path) in [(7, "Spawner"), (8, "Sync"), (9, "Game")] {
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

/// Returns the SPAWN of a node.
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
fn rejection(server: &mut Session, from: PeerId, packet: Packet) -> PacketError {
    server.receive(from, packet, NOW);
    assert_eq!(outputs(server), []);
    match <[_; 1]>::try_from(rejections(server)) {
        Ok([(sender, error)]) if sender == from => error,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn replication_error(server: &mut Session, from: PeerId, packet: Packet) -> ReplicationError {
    match rejection(server, from, packet) {
        PacketError::Replication(error) => error,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_spawned(server: &mut Session, packet: Packet) {
    server.receive(A, packet, NOW);
    let events = events(server);
    assert!(matches!(events[..], [Event::Spawned(_)]), "{events:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn only_the_authority_may_spawn() {
    let (mut server, spawner) = server_with(SessionOptions::default());
    assert_eq!(replication_error(&mut server, B, coin(1, "coin")), ReplicationError::NotAuthority);
    assert_spawned(&mut server, coin(1, "coin"));
    // Another peer may neither despawn nor update the node.
    assert_eq!(
        replication_error(&mut server, B, packet(&[&[5, 1, 0, 0, 0]])),
        ReplicationError::UnknownId { id: 1 }
    );
    assert_eq!(replication_error(&mut server, B, sync(2, &POSITION)), ReplicationError::UnknownId { id: 2 });
    assert_eq!(replication_error(&mut server, B, sync(0x8000_0008, &ANGLE)), ReplicationError::NotAuthority);
    // Nor may the former authority.
    server.set_authority(spawner, B).unwrap();
    assert_eq!(
        replication_error(&mut server, A, packet(&[&[5, 1, 0, 0, 0]])),
        ReplicationError::NotAuthority
    );
    assert_eq!(replication_error(&mut server, A, sync(2, &POSITION)), ReplicationError::NotAuthority);
    assert_eq!(replication_error(&mut server, A, coin(5, "other")), ReplicationError::NotAuthority);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_spawn_must_be_as_declared() {
    let mut server = server();
    let state = |state: &[u8]| spawn(0, 7, 1, &[2, 3], "coin", state);
    let ids = |ids: &[u32]| spawn(0, 7, 1, ids, "coin", STATE);
    let unknown = rejection(&mut server, A, spawn(0, 99, 1, &[2, 3], "coin", STATE));
    assert_eq!(unknown, PacketError::UnknownNode { id: 99 });
    let invalid_name = rejection(&mut server, A, spawn(0, 7, 1, &[2, 3], "a/b", STATE));
    assert!(matches!(invalid_name, PacketError::Malformed(_)));
    for (packet, expected) in [
        (spawn(0, 8, 1, &[2, 3], "coin", STATE), ReplicationError::NotSpawner),
        (spawn(2, 7, 1, &[2, 3], "coin", STATE), ReplicationError::UnknownScene),
        // The spawner's function rejects the value 1. A custom spawn needs a value.
        (spawn(255, 7, 1, &[2, 3], "coin", &[2, 0, 0, 0, 2, 1]), ReplicationError::UnknownScene),
        (spawn(255, 7, 1, &[2, 3], "coin", &[0, 0, 0, 0]), ReplicationError::ValueCount { expected: 1 }),
        (ids(&[]), ReplicationError::SynchronizerCount { expected: 2, found: 0 }),
        (ids(&[2, 3, 4]), ReplicationError::SynchronizerCount { expected: 2, found: 3 }),
        (ids(&[2, 2]), ReplicationError::IdTaken { id: 2 }),
        (ids(&[2, 0x8000_0000]), ReplicationError::IdTaken { id: 0x8000_0000 }),
        (state(&[]), ReplicationError::ValueCount { expected: 3 }),
        (state(&STATE[..14]), ReplicationError::ValueCount { expected: 3 }),
        (state(&[STATE, &[2, 1]].concat()), ReplicationError::ValueCount { expected: 3 }),
        (spawn(0, 7, 1, &[2, 3], &"a".repeat(256), STATE), ReplicationError::NameTooLong),
    ] {
        assert_eq!(replication_error(&mut server, A, packet), expected);
    }
    assert!(matches!(
        replication_error(&mut server, A, state(&STATE[..13])),
        ReplicationError::InvalidValue(_)
    ));
    let wrong = [&STATE[..12], &[0; 4], &STATE[14..]].concat();
    let error = replication_error(&mut server, A, state(&wrong));
    assert!(matches!(error, ReplicationError::WrongType { property, .. } if property == "health"));
    // The rejected packets did not change anything.
    assert_spawned(&mut server, coin(1, "coin"));
}

#[wasm_bindgen_test(unsupported = test)]
fn names_and_ids_must_be_unique() {
    let mut server = server();
    assert_spawned(&mut server, coin(1, "coin"));
    assert_eq!(replication_error(&mut server, A, coin(11, "coin")), ReplicationError::NameTaken);
    assert_eq!(replication_error(&mut server, A, coin(1, "other")), ReplicationError::IdTaken { id: 1 });
    let same = spawn(0, 7, 11, &[12, 3], "other", STATE);
    assert_eq!(replication_error(&mut server, A, same), ReplicationError::IdTaken { id: 3 });
    server.receive(A, packet(&[&[5, 1, 0, 0, 0]]), NOW);
    assert!(matches!(events(&mut server)[..], [Event::Despawned { from: A, .. }]));
    assert_eq!(
        replication_error(&mut server, A, packet(&[&[5, 1, 0, 0, 0]])),
        ReplicationError::UnknownId { id: 1 }
    );
    assert_eq!(replication_error(&mut server, A, sync(2, &POSITION)), ReplicationError::UnknownId { id: 2 });
    assert_spawned(&mut server, coin(1, "coin"));
}

#[wasm_bindgen_test(unsupported = test)]
fn spawned_nodes_per_peer_are_limited() {
    let (mut server, _) = server_with(SessionOptions::default().max_spawned_per_peer(3));
    for number in 0..3 {
        assert_spawned(&mut server, coin(1 + 10 * number, &format!("coin{number}")));
    }
    assert_eq!(replication_error(&mut server, A, coin(91, "more")), ReplicationError::TooManySpawned);
    server.receive(A, packet(&[&[5, 11, 0, 0, 0]]), NOW);
    events(&mut server);
    assert_spawned(&mut server, coin(91, "more"));
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
    assert_spawned(&mut server, coin(1, "coin"));
    let long = [&POSITION[..], &[2, 1]].concat();
    for (packet, expected) in [
        (sync(2, &long), ReplicationError::ValueCount { expected: 1 }),
        (sync(1, &POSITION), ReplicationError::UnknownId { id: 1 }),
        (sync(0x8000_0007, &ANGLE), ReplicationError::NotSynchronizer),
        (sync(0x8000_0008, &[&ANGLE[..], &ANGLE].concat()), ReplicationError::ValueCount { expected: 1 }),
        (delta(2, 1, &[2, 1, 2, 1]), ReplicationError::ValueCount { expected: 1 }),
        (delta(2, 3, &[2, 1]), ReplicationError::ValueCount { expected: 2 }),
        (delta(2, 0, &[2, 1]), ReplicationError::UnknownProperty),
        (delta(2, 4, &[2, 1]), ReplicationError::UnknownProperty),
        (delta(2, 1 << 63, &[2, 1]), ReplicationError::UnknownProperty),
        (delta(3, 1, &[2, 1]), ReplicationError::UnknownProperty),
        (delta(0x8000_0008, 2, &[2, 1]), ReplicationError::UnknownProperty),
    ] {
        assert_eq!(replication_error(&mut server, A, packet), expected);
    }
    assert!(matches!(
        replication_error(&mut server, A, sync(2, &POSITION[..5])),
        ReplicationError::InvalidValue(_)
    ));
    let error = replication_error(&mut server, A, sync(2, &[2, 1]));
    assert!(matches!(error, ReplicationError::WrongType { property, .. } if property == "position"));
    assert!(matches!(
        replication_error(&mut server, A, delta(2, 1, &POSITION)),
        ReplicationError::WrongType { .. }
    ));
    assert_eq!(rejection(&mut server, A, sync(0x8000_0099, &ANGLE)), PacketError::UnknownNode { id: 0x99 });
    // The rejected packets did not change the times.
    for good in [sync(2, &POSITION), sync(0x8000_0008, &ANGLE), delta(2, 2, &[2, 1])] {
        server.receive(A, good, NOW);
        assert!(matches!(events(&mut server)[..], [Event::Synchronized { .. } | Event::Changed { .. }]));
    }
    assert_eq!(replication_error(&mut server, A, sync(2, &POSITION)), ReplicationError::Outdated);
    assert_eq!(replication_error(&mut server, A, sync(0x8000_0008, &ANGLE)), ReplicationError::Outdated);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_invalid_entry_does_not_affect_the_others() {
    let mut server = server();
    assert_spawned(&mut server, coin(1, "coin"));
    let entries =
        [entry(99, &POSITION), entry(2, &POSITION), entry(2, &POSITION), entry(0x8000_0008, &ANGLE)];
    server.receive(A, packet(&[&[6, 5, 0], &entries.concat()]), NOW);
    let events = events(&mut server);
    let refused = |event: &Event| match event {
        Event::PacketRejected { error, .. } => Some(error.to_string()),
        _ => None,
    };
    let expected = [
        Some("nothing was spawned with the id 99".to_owned()),
        None,
        Some("the state is older than the last one".to_owned()),
        None,
    ];
    assert_eq!(events.iter().map(refused).collect::<Vec<_>>(), expected);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_spawn_that_the_server_echoes_is_rejected() {
    let mut client = Session::client(SessionOptions::default());
    client.connected(id(2), NOW);
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
fn every_error_has_a_text() {
    for error in [
        ReplicationError::NotSpawner,
        ReplicationError::NotSynchronizer,
        ReplicationError::NotAuthority,
        ReplicationError::UnknownScene,
        ReplicationError::SynchronizerCount { expected: 1, found: 2 },
        ReplicationError::IdTaken { id: 1 },
        ReplicationError::UnknownId { id: 1 },
        ReplicationError::NameTaken,
        ReplicationError::NameTooLong,
        ReplicationError::TooManySpawned,
        ReplicationError::ValueCount { expected: 2 },
        ReplicationError::UnknownProperty,
        ReplicationError::Outdated,
    ] {
        let text = PacketError::from(error).to_string();
        assert!(text.len() > 10 && !text.ends_with('.'), "{text}");
    }
}
