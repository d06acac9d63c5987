//! The capacity of a room. A place is taken when a request is accepted, so handshakes at the same time cannot overfill a
//! room, and is free again however the handshake or the peer ends.

use std::time::Duration;

use websocket_peer::{
    CloseCause, PeerOptions, ServerOptions,
    multiplayer::{
        DisconnectReason, Event, MultiplayerOptions, RoomEvent, RoomOptions, RoomServerOptions,
        SessionOptions,
    },
};

use crate::{common::raw::Raw, requests::request, test_rooms::TestRooms};

/// Waits until the room can be joined again: all its places are free.
#[track_caller]
fn assert_places(rooms: &mut TestRooms, path: &str, capacity: usize) {
    let start = rooms.clients.len();
    rooms.until("a place is free", |rooms| {
        let client = rooms.connect(path);
        let is_joined = rooms.eventually("an answer", |rooms| {
            let client = &mut rooms.clients[client];
            match client.events.pop_front()? {
                Event::Connected { .. } => Some(true),
                Event::ConnectionFailed { .. } => Some(false),
                other => panic!("{other:?}"),
            }
        });
        if !is_joined {
            rooms.clients.pop();
        }
        is_joined
    });
    while rooms.clients.len() < start + capacity {
        rooms.connect(path);
    }
    rooms.until("all places are taken", |rooms| {
        let room = rooms.server.find(path).expect("a room");
        rooms.server.room(room).is_some_and(|room| room.peer_count() == capacity)
    });
    assert_eq!(rooms.status(path), 503);
}

#[test]
fn clients_that_come_at_the_same_time_cannot_overfill_a_room() {
    let mut rooms = TestRooms::new();
    let room = rooms.open_with("a", RoomOptions::default().capacity(4));
    let clients: Vec<usize> = (0..20).map(|_| rooms.connect("a")).collect();
    let (mut joined, mut refused) = (0, 0);
    rooms.until("all have an answer", |rooms| {
        for client in &clients {
            match rooms.clients[*client].events.pop_front() {
                Some(Event::Connected { .. }) => joined += 1,
                Some(Event::ConnectionFailed { info }) => {
                    assert!(matches!(info.cause, CloseCause::Refused { status: Some(503), .. }), "{info:?}");
                    refused += 1;
                }
                _ => {}
            }
        }
        joined + refused == clients.len()
    });
    assert_eq!((joined, refused), (4, 16));
    rooms.until("they are members", |rooms| rooms.server.room(room).unwrap().peer_count() == 4);
    let arrivals = rooms.events.drain(..);
    let all_arrivals = arrivals.map(|event| matches!(event, RoomEvent::Session(_, Event::PeerConnected(_))));
    assert_eq!(all_arrivals.collect::<Vec<_>>(), [true; 4]);
}

#[test]
fn a_place_is_free_when_a_peer_leaves() {
    let mut rooms = TestRooms::new();
    let room = rooms.open_with("a", RoomOptions::default().capacity(2));
    for _ in 0..3 {
        let clients = [rooms.join("a"), rooms.join("a")];
        assert_eq!(rooms.status("a"), 503);
        for client in clients {
            rooms.leave(client);
        }
        rooms.until("both are gone", |rooms| rooms.server.stats().server.peers == 0);
        rooms.expect(RoomEvent::Empty(room));
    }
    assert_places(&mut rooms, "a", 2);
}

#[test]
fn a_place_is_free_when_a_peer_is_kicked_or_vanishes() {
    let mut rooms = TestRooms::new();
    let room = rooms.open_with("a", RoomOptions::default().capacity(2));
    let (kicked, lost) = (rooms.join("a"), rooms.join("a"));
    let (id, lost_id) = (rooms.id(kicked), rooms.id(lost));
    rooms.server.session(room).unwrap().disconnect_peer(id).unwrap();
    assert_eq!(rooms.departure(room, id), DisconnectReason::Kicked);
    rooms.clients.remove(lost);
    rooms.departure(room, lost_id);
    rooms.until("both are gone", |rooms| rooms.server.stats().server.peers == 0);
    assert_places(&mut rooms, "a", 2);
}

/// A place of a connection that ends before it is open: closed by the client, or reset.
#[test]
fn a_place_is_free_when_a_handshake_fails() {
    let mut rooms = TestRooms::new();
    rooms.open_with("a", RoomOptions::default().capacity(1).empty_timeout(Duration::ZERO));
    for _ in 0..20 {
        let raw = rooms.raw_client("a");
        raw.reset();
        rooms.step();
    }
    assert_places(&mut rooms, "a", 1);
}

/// Requests that are never completed take no place, and are ended by the timeout for handshakes.
#[test]
fn a_slow_handshake_holds_no_place() {
    let connection = PeerOptions::for_server().connect_timeout(Duration::from_millis(300));
    let server = ServerOptions::default().connection(connection);
    let mut rooms = TestRooms::with(RoomServerOptions::default().server(server));
    rooms.open_with("a", RoomOptions::default().capacity(2));
    let text = request("a");
    let mut slow: Vec<Raw> = (0..10)
        .map(|_| {
            let mut raw = rooms.raw();
            raw.send(&text[..text.len() - 2]);
            raw
        })
        .collect();
    rooms.until("they are accepted", |rooms| rooms.server.stats().server.pending == 10);
    let clients = [rooms.join("a"), rooms.join("a")];
    assert_eq!(rooms.status("a"), 503);
    for raw in &mut slow {
        rooms.until("its handshake ends", |_| raw.end().is_some());
    }
    for client in clients {
        assert!(rooms.server.room_of(rooms.id(client)).is_some());
    }
    rooms.assert_quiet();
}

/// Authentication takes a place, and gives it back when it fails.
#[test]
fn a_place_is_free_when_authentication_fails() {
    let mut rooms = TestRooms::new();
    let session = SessionOptions::default().authenticate(true).auth_timeout(Duration::from_millis(200));
    let options = RoomOptions::default().capacity(1).session(session.clone()).empty_timeout(Duration::ZERO);
    let room = rooms.open_with("a", options);
    for _ in 0..3 {
        let client = rooms.connect_with("a", MultiplayerOptions::default().session(session.clone()));
        let RoomEvent::Session(_, Event::Authenticating(id)) = rooms.event() else {
            panic!("it authenticates")
        };
        assert_eq!((rooms.server.room_of(id), rooms.status("a")), (Some(room), 503));
        let RoomEvent::Session(_, Event::AuthFailed { peer, .. }) = rooms.event() else { panic!("too late") };
        assert_eq!(peer, id);
        rooms.clients.remove(client);
        rooms.expect(RoomEvent::Empty(room));
    }
}

#[test]
fn zero_is_no_limit() {
    let mut rooms = TestRooms::new();
    let room = rooms.open_with("a", RoomOptions::default().capacity(0));
    for _ in 0..30 {
        rooms.connect("a");
    }
    rooms.until("all are members", |rooms| rooms.server.room(room).unwrap().peer_count() == 30);
}
