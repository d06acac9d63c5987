//! What the program does with rooms while events of them are unread, or peers are arriving.

use websocket_peer::{
    CloseCause,
    multiplayer::{DisconnectReason, Event, RoomCloseCause, RoomEvent},
};

use crate::test_rooms::TestRooms;

/// A program that closes a room on `Empty` must not close it for a peer that is arriving.
#[test]
fn a_room_that_is_not_empty_any_more_is_not_reported_as_empty() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let (anna, ben) = (rooms.join("a"), rooms.join("b"));
    let (anna_id, ben_id) = (rooms.id(anna), rooms.id(ben));
    rooms.server.move_peer(anna_id, b).unwrap();
    rooms.server.move_peer(ben_id, a).unwrap();
    let mut seen = Vec::new();
    rooms.until("both have arrived", |rooms| {
        seen.extend(rooms.events.drain(..));
        let arrived = |room, peer| seen.contains(&RoomEvent::Session(room, Event::PeerConnected(peer)));
        arrived(a, ben_id) && arrived(b, anna_id)
    });
    for room in [a, b] {
        assert!(!seen.contains(&RoomEvent::Empty(room)), "{seen:?}");
    }
    // When it is empty, it is reported.
    rooms.leave(ben);
    rooms.expect(RoomEvent::Empty(a));
}

#[test]
fn a_room_that_is_closed_while_a_peer_arrives_closes_the_connection_with_its_reason() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let anna = rooms.join("a");
    let id = rooms.id(anna);
    rooms.server.move_peer(id, b).unwrap();
    rooms.server.close(b, "over").unwrap();
    assert_eq!(rooms.departure(a, id), DisconnectReason::Moved);
    let (mut empty, mut closed) = (0, 0);
    for _ in 0..2 {
        match rooms.event() {
            RoomEvent::Empty(room) if room == a => empty += 1,
            RoomEvent::Closed(room, RoomCloseCause::Requested) if room == b => closed += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((empty, closed), (1, 1));
    let info = rooms.client_end(anna);
    assert_eq!(info.cause, CloseCause::Remote, "{info}");
    assert_eq!((info.code, &*info.reason), (Some(1000), "over"));
    rooms.until("nothing is left of the peer", |rooms| rooms.server.stats().server.peers == 0);
    assert_eq!((rooms.server.room_of(id), rooms.server.room(a).unwrap().peer_count()), (None, 0));
    rooms.clients[anna].is_polled = false;
    rooms.assert_quiet();
}

#[test]
fn the_end_of_its_former_room_does_not_concern_a_peer_that_has_moved() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let anna = rooms.join("a");
    let id = rooms.id(anna);
    rooms.server.move_peer(id, b).unwrap();
    rooms.server.close(a, "over").unwrap();
    rooms.until("it has arrived", |rooms| {
        rooms.events.contains(&RoomEvent::Session(b, Event::PeerConnected(id)))
    });
    rooms.events.clear();
    rooms.settle_members(b);
    rooms.assert_quiet();
}

/// The documentation forbids it, so it must do no harm to the server.
#[test]
fn a_room_whose_session_the_program_has_left_can_be_closed() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let (anna, _) = (rooms.join("a"), rooms.join("b"));
    rooms.server.session(a).unwrap().leave();
    rooms.client_end(anna);
    rooms.clients[anna].is_polled = false;
    rooms.server.close(a, "over").unwrap();
    rooms.until("it is closed", |rooms| {
        rooms.events.contains(&RoomEvent::Closed(a, RoomCloseCause::Requested))
    });
    rooms.events.clear();
    assert_eq!(rooms.server.rooms().map(|room| room.key()).collect::<Vec<_>>(), [b]);
    rooms.assert_quiet();
}
