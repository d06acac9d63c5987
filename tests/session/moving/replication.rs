//! Spawned and synchronized nodes of a peer that moves.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    multiplayer::{DisconnectReason, Event, NodeKey, PeerId, Properties, Property, Session, Spawn, Spawner},
    variant::Variant,
};

use super::rooms::Rooms;
use crate::world::{A, B, C, SERVER, events, gone};

fn coin() -> Spawner {
    let properties =
        Properties::new().with(Property::of::<i64>("x")).with(Property::of::<i64>("worth").on_change());
    Spawner::new().scene(properties)
}

fn spawn(session: &mut Session, spawner: NodeKey, name: &'static str) -> NodeKey {
    session.spawn(spawner, Spawn::scene(0).named(name).with("x", 1).with("worth", 2)).unwrap()
}

fn door() -> Properties {
    Properties::new().with(Property::of::<i64>("angle")).with(Property::of::<i64>("key").on_change())
}

/// The names of the nodes that were spawned, `-` for one that was despawned. Events about peers are left out.
#[track_caller]
fn spawned(events: &[Event]) -> Vec<&str> {
    let mut names = Vec::new();
    for event in events {
        match event {
            Event::Spawned(spawned) => names.push(&*spawned.name),
            Event::Despawned { .. } => names.push("-"),
            Event::PeerConnected(_) | Event::PeerDisconnected(..) => {}
            other => panic!("{other:?}"),
        }
    }
    names
}

/// The values of the events of synchronizers, which must be the only ones.
#[track_caller]
fn values(events: &[Event]) -> Vec<(String, i64)> {
    let state = |event: &Event| match event {
        Event::Synchronized { state, .. } | Event::Changed { state, .. } => state.clone(),
        other => panic!("{other:?}"),
    };
    let value = |value| i64::try_from(value).unwrap();
    let all = events.iter().flat_map(|event| state(event).into_iter().collect::<Vec<_>>());
    all.map(|(name, variant): (_, Variant)| (name.into_owned(), value(variant))).collect()
}

fn is_update(event: &Event) -> bool {
    matches!(event, Event::Synchronized { .. } | Event::Changed { .. })
}

/// Replicates at all ends, and delivers all packets.
fn frame(rooms: &mut Rooms) {
    let sessions = rooms.rooms.iter_mut().chain(rooms.clients.values_mut());
    sessions.for_each(Session::replicate);
    rooms.settle();
}

#[wasm_bindgen_test(unsupported = test)]
fn nodes_of_the_server_are_despawned_in_the_old_room_and_spawned_in_the_new_one() {
    for seed in 0..10 {
        let mut rooms = Rooms::of(&[&[A, B], &[C]]);
        rooms.seed(seed);
        for client in [A, B, C] {
            rooms.client(client).register_spawner("Level/Spawner", coin()).unwrap();
        }
        for (room, names) in [["coin", "gem"], ["coin", "key"]].into_iter().enumerate() {
            let server = &mut rooms.rooms[room];
            let spawner = server.register_spawner("Level/Spawner", coin()).unwrap();
            for name in names {
                spawn(server, spawner, name);
            }
            let hidden = spawn(server, spawner, "hidden");
            if room == 0 {
                // The peer that moves does not see this one.
                server.hide(hidden, A).unwrap();
            }
        }
        rooms.settle();
        rooms.forget_events();
        rooms.start_move(A, 1).unwrap();
        frame(&mut rooms);
        frame(&mut rooms);
        let mut seen = rooms.client_events(A);
        seen.retain(|event| !is_update(event));
        assert_eq!(spawned(&seen), ["-", "-", "coin", "key", "hidden"]);
        assert_eq!(rooms.rejected(), 0);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn nodes_of_a_peer_that_moves_are_despawned_and_their_updates_are_dropped() {
    let mut rooms = Rooms::of(&[&[A], &[], &[]]);
    // The third room has no spawner.
    let ours = rooms.client(A).register_spawner("Spawner", coin()).unwrap();
    rooms.client(A).set_authority(ours, A).unwrap();
    for room in [0, 1] {
        let spawner = rooms.rooms[room].register_spawner("Spawner", coin()).unwrap();
        rooms.rooms[room].set_authority(spawner, A).unwrap();
    }
    let old = spawn(rooms.client(A), ours, "old");
    rooms.settle();
    assert_eq!(spawned(&rooms.room_events(0)), ["old"]);
    rooms.start_move(A, 1).unwrap();
    let seen = rooms.room_events(0);
    assert!(matches!(seen[0], Event::Despawned { from: A, .. }));
    assert_eq!(seen[1..], [gone(A, DisconnectReason::Moved)]);
    // Spawned before the client knows of the move: the new room gets neither the node nor its updates.
    let late = spawn(rooms.client(A), ours, "late");
    rooms.settle();
    assert_eq!(spawned(&rooms.room_events(1)), [] as [&str; 0]);
    for (count, node) in [old, late].into_iter().enumerate() {
        rooms.client(A).set_property(node, "x", 7).unwrap();
        rooms.client(A).set_property(node, "worth", 8).unwrap();
        frame(&mut rooms);
        assert_eq!((rooms.room_events(1), rooms.rejected()), (vec![], 0), "{count}");
    }
    assert!(rooms.outdated() >= 5, "{}", rooms.outdated());
    // A new node is spawned, updated and removed as ever.
    let new = spawn(rooms.client(A), ours, "new");
    rooms.settle();
    assert_eq!(spawned(&rooms.room_events(1)), ["new"]);
    frame(&mut rooms);
    assert_eq!(values(&rooms.room_events(1)), [("x".to_owned(), 1)]);
    for node in [old, late, new] {
        rooms.client(A).despawn(node).unwrap();
    }
    rooms.settle();
    assert_eq!(spawned(&rooms.room_events(1)), ["-"]);

    // In a room without the spawner, a node that is spawned later is not rejected either.
    rooms.move_peer(A, 2);
    rooms.room_events(2);
    let lost = spawn(rooms.client(A), ours, "lost");
    frame(&mut rooms);
    rooms.client(A).set_property(lost, "worth", 8).unwrap();
    frame(&mut rooms);
    rooms.client(A).despawn(lost).unwrap();
    rooms.settle();
    assert_eq!((rooms.room_events(2), rooms.rejected()), (vec![], 0));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_synchronizer_of_a_room_that_has_just_begun_is_not_outdated_at_the_client() {
    for (frames, later) in [(1000, 1), (1000, 999), (5, 4), (5, 3), (40_000, 3), (1, 30_000)] {
        let mut rooms = Rooms::of(&[&[A], &[B]]);
        for client in [A, B] {
            rooms.client(client).register_synchronizer("Door", door()).unwrap();
        }
        let doors = [0, 1].map(|room| rooms.rooms[room].register_synchronizer("Door", door()).unwrap());
        // Each client confirms the path, and the rooms have different ages.
        for (room, frames) in [(0, frames), (1, later)] {
            rooms.rooms[room].set_property(doors[room], "angle", room as i64).unwrap();
            rooms.rooms[room].replicate();
            rooms.settle();
            (1..frames).for_each(|_| rooms.rooms[room].replicate());
        }
        rooms.settle();
        rooms.move_peer(A, 1);
        rooms.forget_events();
        rooms.rooms[1].set_property(doors[1], "angle", 90).unwrap();
        rooms.rooms[1].set_property(doors[1], "key", 5).unwrap();
        for frame_number in 0..5 {
            frame(&mut rooms);
            let seen = values(&rooms.client_events(A));
            // The first frame announces the synchronizer.
            let (name, value) = if frame_number == 0 { ("key", 5) } else { ("angle", 90) };
            assert!(
                seen.contains(&(name.to_owned(), value)),
                "{seen:?} in frame {frame_number} of {frames}, {later}"
            );
        }
        assert_eq!(rooms.rejected(), 0, "{frames} {later}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_synchronizer_of_the_peer_reaches_the_rooms_that_have_it() {
    let mut rooms = Rooms::of(&[&[A], &[], &[]]);
    let input = rooms.client(A).register_synchronizer("Input", door()).unwrap();
    rooms.client(A).set_authority(input, A).unwrap();
    rooms.client(A).set_property(input, "angle", 1).unwrap();
    for room in [0, 2] {
        let node = rooms.rooms[room].register_synchronizer("Input", door()).unwrap();
        rooms.rooms[room].set_authority(node, A).unwrap();
    }
    // The path is announced, then confirmed.
    (0..3).for_each(|_| frame(&mut rooms));
    assert_eq!(values(&rooms.room_events(0)), [("angle".to_owned(), 1)]);
    rooms.move_peer(A, 1);
    rooms.room_events(1);
    rooms.client(A).set_property(input, "key", 5).unwrap();
    frame(&mut rooms);
    assert_eq!((rooms.room_events(1), rooms.rejected(), rooms.outdated()), (vec![], 0, 2));
    rooms.move_peer(A, 2);
    assert_eq!(rooms.room_events(2), [Event::PeerConnected(A)]);
    rooms.client(A).set_property(input, "key", 6).unwrap();
    frame(&mut rooms);
    assert_eq!(values(&rooms.room_events(2)), [("angle".to_owned(), 1), ("key".to_owned(), 6)]);
    assert_eq!(rooms.rejected(), 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn other_clients_spawn_their_nodes_at_a_peer_that_arrives() {
    let mut rooms = Rooms::of(&[&[A], &[B]]);
    let mut spawners = Vec::new();
    for client in [A, B] {
        let spawner = rooms.client(client).register_spawner("Spawner", coin()).unwrap();
        rooms.client(client).set_authority(spawner, B).unwrap();
        spawners.push(spawner);
    }
    spawn(rooms.client(B), spawners[1], "theirs");
    rooms.settle();
    // The room's server has no spawner.
    assert!(rooms.rejected() > 0);
    rooms.forget_events();
    for (to, expected) in [(1, vec!["theirs"]), (0, vec!["-"]), (1, vec!["theirs"])] {
        rooms.move_peer(A, to);
        // B's node is announced when B has read that A is there.
        rooms.client_events(B);
        frame(&mut rooms);
        let mut seen = rooms.client_events(A);
        seen.retain(|event| !is_update(event));
        assert_eq!(spawned(&seen), expected, "in room {to}");
    }
    let expected = |peer: PeerId| gone(peer, DisconnectReason::ReportedByServer);
    rooms.move_peer(A, 0);
    let seen = events(rooms.client(B));
    assert!(seen.contains(&expected(A)) && !seen.contains(&expected(SERVER)), "{seen:?}");
}
