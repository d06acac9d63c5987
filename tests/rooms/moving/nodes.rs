//! Nodes that are spawned and synchronized, in the rooms that a peer leaves and comes to.

use websocket_peer::multiplayer::{DisconnectReason, Event, Properties, Property, RoomEvent, Spawn, Spawner};

use super::{expect_arrival, rejected};
use crate::test_rooms::TestRooms;

/// What the server has spawned in one room vanishes at the peer, and what it has spawned in the other appears. A node
/// that is only synchronized gets the other room's values, however long either room has run.
#[test]
fn nodes_of_the_server_vanish_and_appear() {
    let unit = || Properties::new().with(Property::of::<i64>("health"));
    let clock = || Properties::new().with(Property::of::<i64>("ticks"));
    let mut rooms = TestRooms::new();
    let keys = ["old", "new"].map(|name| rooms.open(name));
    let client = rooms.join("old");
    let id = rooms.id(client);
    let mut session = rooms.clients[client].peer.session();
    let spawner_there = session.register_spawner("Arena/Spawner", Spawner::new().scene(unit())).unwrap();
    let clock_there = session.register_synchronizer("Clock/Sync", clock()).unwrap();
    drop(session);
    let nodes = keys.map(|room| {
        let mut session = rooms.server.session(room).unwrap();
        let spawner = session.register_spawner("Arena/Spawner", Spawner::new().scene(unit())).unwrap();
        let clock = session.register_synchronizer("Clock/Sync", clock()).unwrap();
        let name = format!("Tank{}", room.as_u64());
        let tank = session.spawn(spawner, Spawn::scene(0).named(name.clone()).with("health", 7)).unwrap();
        (clock, tank, name)
    });
    let frame = |rooms: &mut TestRooms, room: usize, ticks: i64| {
        let mut session = rooms.server.session(keys[room]).unwrap();
        session.set_property(nodes[room].0, "ticks", ticks).unwrap();
        session.replicate();
    };
    // The old room has run for long, so that its time is far ahead of the new one's.
    for _ in 0..3000 {
        frame(&mut rooms, 0, 1);
    }
    let mut there = None;
    for (round, room) in [0, 1, 0, 1].into_iter().enumerate() {
        let ticks = 100 + round as i64;
        if round > 0 {
            let from = keys[1 - room];
            rooms.server.move_peer(id, keys[room]).unwrap();
            assert_eq!(rooms.departure(from, id), DisconnectReason::Moved);
            rooms.expect(RoomEvent::Empty(from));
            expect_arrival(&mut rooms, keys[room], id);
        }
        let mut has_ticks = false;
        let (mut gone, mut appeared) = (None, None);
        rooms.until("the nodes of the room", |rooms| {
            frame(rooms, room, ticks);
            for event in rooms.clients[client].events.drain(..) {
                match event {
                    Event::Despawned { node, spawner, .. } => {
                        assert_eq!(spawner, spawner_there);
                        gone = Some(node);
                    }
                    Event::Spawned(spawned) => {
                        assert_eq!(*spawned.name, nodes[room].2);
                        appeared = Some(spawned.node);
                    }
                    Event::Synchronized { node, state, .. } if node == clock_there => {
                        has_ticks |= state.get("ticks") == Some(&ticks.into());
                    }
                    _ => {}
                }
            }
            has_ticks && appeared.is_some()
        });
        assert_eq!(gone, there, "what the other room has spawned");
        there = appeared;
    }
    assert_eq!(rejected(&rooms), 0);
}

/// What a peer itself has spawned is despawned in the room that it leaves. It goes on synchronizing it, which is not its
/// fault.
#[test]
fn nodes_of_a_moved_peer_are_despawned_in_its_room() {
    let unit = || Properties::new().with(Property::of::<i64>("health"));
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let client = rooms.join("a");
    let id = rooms.id(client);
    for room in [a, b] {
        let mut session = rooms.server.session(room).unwrap();
        let spawner = session.register_spawner("Arena/Spawner", Spawner::new().scene(unit())).unwrap();
        session.set_authority(spawner, id).unwrap();
    }
    let mut session = rooms.clients[client].peer.session();
    let spawner = session.register_spawner("Arena/Spawner", Spawner::new().scene(unit())).unwrap();
    session.set_authority(spawner, id).unwrap();
    let tank = session.spawn(spawner, Spawn::scene(0).named("Tank").with("health", 7)).unwrap();
    drop(session);
    let RoomEvent::Session(_, Event::Spawned(spawned)) = rooms.event() else { panic!("it is spawned") };
    assert_eq!(spawned.from, id);
    rooms.server.move_peer(id, b).unwrap();
    let mut events = vec![];
    rooms.until("it has arrived", |rooms| {
        events.extend(rooms.events.drain(..));
        events.last() == Some(&RoomEvent::Session(b, Event::PeerConnected(id)))
    });
    let despawned = |event: &&RoomEvent| matches!(event, RoomEvent::Session(room, Event::Despawned { node, .. }) if (*room, *node) == (a, spawned.node));
    assert_eq!(events.iter().filter(despawned).count(), 1, "{events:?}");
    for health in 0..50 {
        let mut session = rooms.clients[client].peer.session();
        session.set_property(tank, "health", health).unwrap();
        session.replicate();
        drop(session);
        rooms.step();
    }
    rooms.clients[client].peer.session().despawn(tank).unwrap();
    rooms.assert_quiet();
    assert_eq!(rejected(&rooms), 0);
}
