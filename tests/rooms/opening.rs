//! Rooms that are opened, listed and closed.

use std::time::{Duration, Instant};

use websocket_peer::{
    CloseCause, CloseCode, Error,
    multiplayer::{
        Event, PeerId, Placement, RoomCloseCause, RoomError, RoomEvent, RoomOptions, RoomServerOptions,
        SessionError, Target,
    },
};

use crate::{common::until, requests::request, test_rooms::TestRooms};

/// A time after which an empty room is closed.
const SHORT: Duration = Duration::from_millis(150);

#[test]
fn rooms_are_found_and_listed_until_they_are_closed() {
    let mut rooms = TestRooms::new();
    assert_eq!((rooms.server.find("a"), rooms.server.rooms().count()), (None, 0));
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    assert_ne!(a, b);
    assert_eq!(
        (rooms.server.find("a"), rooms.server.find("b"), rooms.server.find("c")),
        (Some(a), Some(b), None)
    );
    let list: Vec<_> = rooms.server.rooms().map(|room| (room.key(), room.name().to_owned())).collect();
    assert_eq!(list, [(a, "a".to_owned()), (b, "b".to_owned())]);
    assert_eq!(rooms.server.stats().rooms, 2);

    rooms.server.close(a, "over").unwrap();
    assert_eq!((rooms.server.find("a"), rooms.server.room(a).is_none()), (None, true));
    rooms.expect(RoomEvent::Closed(a, RoomCloseCause::Requested));
    let stats = rooms.server.stats();
    assert_eq!((stats.rooms, stats.opened, stats.closed), (1, 2, 1));
    for result in [
        rooms.server.close(a, ""),
        rooms.server.session(a).map(drop),
        rooms.server.run(a, |_| Ok::<(), Error>(())),
    ] {
        assert_eq!(result, Err(RoomError::UnknownRoom));
    }

    // The name is free, and the key is another one.
    let again = rooms.open("a");
    assert!(again > b, "{again}");
    assert_eq!(rooms.server.find("a"), Some(again));
    rooms.assert_quiet();
}

#[test]
fn a_room_lists_its_members_and_its_options() {
    let mut rooms = TestRooms::new();
    let options = RoomOptions::default().capacity(5).empty_timeout(Duration::ZERO);
    let room = rooms.open_with("a", options.clone());
    let other = rooms.open("b");
    rooms.join("b");
    let mut ids: Vec<PeerId> = [(); 3].map(|()| rooms.join("a")).map(|client| rooms.id(client)).into();
    ids.sort();
    let info = rooms.server.room(room).unwrap();
    assert_eq!((info.peers().collect::<Vec<_>>(), info.peer_count()), (ids.clone(), 3));
    assert_eq!((info.key(), info.name(), info.options()), (room, "a", &options));
    assert_eq!(rooms.server.room(other).unwrap().peer_count(), 1);
    for id in ids {
        assert_eq!(rooms.server.room_of(id), Some(room));
        assert!(rooms.server.peer(id).is_some());
    }
    assert_eq!(rooms.server.room_of(PeerId::SERVER), None);
    rooms.assert_quiet();
}

#[test]
fn a_name_is_taken_once_and_must_be_valid() {
    let mut rooms = TestRooms::new();
    rooms.open("a");
    assert_eq!(rooms.server.open("a", RoomOptions::default()), Err(RoomError::NameTaken));
    let long = "x".repeat(256);
    for name in ["", "a\0b", "a\nb", "\u{7f}", &long] {
        assert_eq!(rooms.server.open(name, RoomOptions::default()), Err(RoomError::InvalidName), "{name:?}");
    }
    for name in ["A", "a ", "größe/😀", &long[1..]] {
        rooms.open(name);
    }
    assert_eq!(rooms.server.rooms().count(), 5);
}

#[test]
fn there_are_at_most_max_rooms() {
    let mut rooms = TestRooms::with(RoomServerOptions::default().max_rooms(2));
    let a = rooms.open("a");
    rooms.open("b");
    assert_eq!(rooms.server.open("c", RoomOptions::default()), Err(RoomError::TooManyRooms));
    assert_eq!(rooms.events, []);
    rooms.server.close(a, "").unwrap();
    rooms.expect(RoomEvent::Closed(a, RoomCloseCause::Requested));
    rooms.open("c");
}

/// `Closed` is behind `Opened`, also when the program has read neither.
#[test]
fn a_room_that_is_closed_at_once_is_reported_as_open_and_closed() {
    let mut rooms = TestRooms::new();
    let room = rooms.server.open("a", RoomOptions::default()).unwrap();
    rooms.server.close(room, "").unwrap();
    let again = rooms.server.open("a", RoomOptions::default()).unwrap();
    rooms.expect(RoomEvent::Opened(room));
    rooms.expect(RoomEvent::Closed(room, RoomCloseCause::Requested));
    rooms.expect(RoomEvent::Opened(again));
    rooms.assert_quiet();
}

#[test]
fn members_of_a_closed_room_get_everything_sent_before_and_the_reason() {
    let mut rooms = TestRooms::new();
    let (room, other) = (rooms.open("a"), rooms.open("b"));
    let members = [rooms.join("a"), rooms.join("a")];
    let bystander = rooms.join("b");
    let peers = members.map(|client| rooms.server.peer(rooms.id(client)).is_some());
    assert_eq!(peers, [true; 2]);
    for number in 0..50 {
        rooms.announce(room, Target::All, &number.to_string());
    }
    rooms.server.close(room, "the game is over").unwrap();
    rooms.expect(RoomEvent::Closed(room, RoomCloseCause::Requested));
    for client in members {
        for number in 0..50 {
            assert_eq!(rooms.client_call(client), (PeerId::SERVER, number.to_string()));
        }
        let info = rooms.client_end(client);
        assert_eq!(
            (info.code, info.reason.as_str(), info.cause),
            (Some(1000), "the game is over", CloseCause::Remote)
        );
    }
    // The other room goes on, and nothing is left of the closed one.
    rooms.until("its connections are gone", |rooms| rooms.server.stats().server.peers == 1);
    assert_eq!(rooms.server.room_of(rooms.id(bystander)), Some(other));
    rooms.assert_quiet();
    assert_eq!(rooms.status("a"), 404);
}

#[test]
fn a_reason_of_more_than_123_bytes_is_an_error_without_effect() {
    let mut rooms = TestRooms::new();
    let room = rooms.open("a");
    let client = rooms.join("a");
    let result = rooms.server.close(room, &"x".repeat(124));
    assert!(
        matches!(result, Err(RoomError::Session(SessionError::Peer(Error::ReasonTooLong { .. })))),
        "{result:?}"
    );
    rooms.assert_quiet();
    rooms.server.close(room, &"x".repeat(123)).unwrap();
    assert_eq!(rooms.client_end(client).reason.len(), 123);
}

/// Whatever its members had sent, and the program had not read, is not an event of a closed room.
#[test]
fn no_event_of_a_room_follows_its_close() {
    let mut rooms = TestRooms::new();
    let room = rooms.open("a");
    let clients = [rooms.join("a"), rooms.join("a")];
    for client in clients {
        for number in 0..20 {
            rooms.say(client, PeerId::SERVER, &number.to_string());
        }
    }
    until("calls arrive", || {
        rooms.clients.iter_mut().for_each(|client| client.peer.poll());
        rooms.server.poll();
        rooms.server.stats().server.packets_received >= 40
    });
    let first = rooms.server.next_event();
    assert!(matches!(first, Some(RoomEvent::Session(of, Event::Call(_))) if of == room), "{first:?}");
    rooms.server.close(room, "over").unwrap();
    rooms.expect(RoomEvent::Closed(room, RoomCloseCause::Requested));
    for client in clients {
        assert_eq!(rooms.client_end(client).reason, "over");
    }
    rooms.until("all are gone", |rooms| rooms.server.stats().server.peers == 0);
    assert_eq!(rooms.events, []);
}

#[test]
fn an_empty_room_is_closed_after_its_time() {
    let mut rooms = TestRooms::new();
    let before = Instant::now();
    let brief = rooms.open_with("brief", RoomOptions::default().empty_timeout(SHORT));
    let lasting = rooms.open_with("lasting", RoomOptions::default().empty_timeout(Duration::ZERO));
    rooms.expect(RoomEvent::Closed(brief, RoomCloseCause::Empty));
    assert!(before.elapsed() >= SHORT);
    assert_eq!((rooms.server.find("brief"), rooms.server.find("lasting")), (None, Some(lasting)));
}

#[test]
fn a_room_with_a_member_stays_and_its_time_starts_when_the_last_one_leaves() {
    let mut rooms = TestRooms::new();
    let room = rooms.open_with("a", RoomOptions::default().empty_timeout(SHORT));
    let (first, last) = (rooms.join("a"), rooms.join("a"));
    let start = Instant::now();
    rooms.until("some time passes", |_| start.elapsed() > 3 * SHORT);
    assert_eq!(rooms.events, []);
    for (client, left) in [(first, 1), (last, 0)] {
        rooms.leave(client);
        assert_eq!(rooms.server.room(room).map(|room| room.peer_count()), Some(left));
    }
    rooms.expect(RoomEvent::Empty(room));
    let left = Instant::now();
    rooms.expect(RoomEvent::Closed(room, RoomCloseCause::Empty));
    // The time started when the server noticed that the last one had left, which was before the event was read.
    assert!(left.elapsed() >= SHORT / 2, "{:?}", left.elapsed());
}

#[test]
fn a_room_that_fills_again_stays_and_is_reported_empty_each_time() {
    let mut rooms = TestRooms::new();
    let room = rooms.open_with("a", RoomOptions::default().empty_timeout(Duration::from_secs(3600)));
    for _ in 0..3 {
        let client = rooms.join("a");
        rooms.leave(client);
        rooms.expect(RoomEvent::Empty(room));
    }
    rooms.assert_quiet();
}

#[test]
fn rooms_on_demand_are_opened_for_the_first_client_and_shared() {
    let mut rooms = TestRooms::with_hook(RoomServerOptions::default(), |request| {
        let options = RoomOptions::default().capacity(3).empty_timeout(SHORT);
        Placement::room_or_open(request.path().trim_start_matches('/'), options)
    });
    let first = rooms.connect("a");
    let RoomEvent::Opened(room) = rooms.event() else { panic!("a room opens first") };
    rooms.settle_join(first);
    let second = rooms.join("a");
    assert_eq!(
        rooms.server.room(room).map(|room| (room.peer_count(), room.options().capacity)),
        Some((2, 3))
    );
    let other = rooms.connect("b");
    let RoomEvent::Opened(other_room) = rooms.event() else { panic!("another room opens") };
    rooms.settle_join(other);
    assert_eq!(
        [first, second, other].map(|client| rooms.server.room_of(rooms.id(client))),
        [Some(room), Some(room), Some(other_room)]
    );
    rooms.assert_quiet();
    rooms.leave(other);
    rooms.expect(RoomEvent::Empty(other_room));
    rooms.expect(RoomEvent::Closed(other_room, RoomCloseCause::Empty));
}

/// The names of rooms on demand are names of clients.
#[test]
fn invalid_names_are_rejected_with_400() {
    let mut rooms = TestRooms::with_hook(RoomServerOptions::default(), |request| {
        Placement::room_or_open(
            request.path().trim_start_matches('/').replace("%00", "\0"),
            RoomOptions::default(),
        )
    });
    for path in ["", "a%00b", &"x".repeat(256)] {
        assert_eq!(rooms.status(path), 400, "{path:?}");
    }
    assert_eq!((rooms.server.rooms().count(), rooms.server.stats().opened), (0, 0));
    assert_eq!(rooms.events, []);
}

#[test]
fn a_room_can_be_closed_with_another_code() {
    let mut rooms = TestRooms::new();
    let room = rooms.open("a");
    let client = rooms.join("a");
    rooms.server.close_with(room, CloseCode::new(4001).unwrap(), "maintenance").unwrap();
    let info = rooms.client_end(client);
    assert_eq!((info.code, info.reason.as_str()), (Some(4001), "maintenance"));
}

/// A client that has been accepted, and has not sent anything, is in the room as soon as it can send.
#[test]
fn a_client_joins_before_its_first_packet_is_read() {
    let mut rooms = TestRooms::new();
    let room = rooms.open("a");
    let mut raw = rooms.raw();
    let packet = websocket_peer::Packet::binary(vec![3, 42]);
    let frame = crate::common::raw::client_frame(crate::common::raw::BINARY, packet.as_bytes());
    raw.send([request("a").as_bytes(), &frame].concat());
    let RoomEvent::Session(_, Event::PeerConnected(id)) = rooms.event() else { panic!("it joins first") };
    rooms.expect(RoomEvent::Session(
        room,
        Event::Packet { from: id, data: websocket_peer::Packet::binary(vec![42]) },
    ));
}
