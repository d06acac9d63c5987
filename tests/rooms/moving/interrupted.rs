//! Moves during which the peer leaves, a room is closed, or another move begins.

use std::time::{Duration, Instant};

use websocket_peer::{
    Error,
    multiplayer::{
        DisconnectReason, Event, RoomCloseCause, RoomError, RoomEvent, RoomOptions, RoomServerOptions,
        SessionError,
    },
};

use super::{expect_arrival, move_client, rejected};
use crate::test_rooms::{TestRooms, local};

/// The peer arrives before it can be moved again.
#[test]
fn a_peer_that_is_moving_cannot_be_moved_again() {
    let mut rooms = TestRooms::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| rooms.open(name));
    let client = rooms.join("a");
    let id = rooms.id(client);
    rooms.server.move_peer(id, b).unwrap();
    let again = rooms.server.move_peer(id, c);
    assert_eq!(again, Err(RoomError::Session(SessionError::Peer(Error::UnknownPeer))));
    assert_eq!(rooms.departure(a, id), DisconnectReason::Moved);
    rooms.expect(RoomEvent::Empty(a));
    expect_arrival(&mut rooms, b, id);
    move_client(&mut rooms, client, b, c);
    rooms.assert_quiet();
    assert_eq!((rejected(&rooms), rooms.server.stats().moves), (0, 2));
}

#[test]
fn a_peer_that_leaves_while_it_moves_is_reported_once_and_its_place_is_free() {
    let mut rooms = TestRooms::new();
    let a = rooms.open("a");
    let b = rooms.open_with("b", RoomOptions::default().capacity(1));
    for vanishes in [false, true] {
        let client = rooms.join("a");
        let id = rooms.id(client);
        rooms.clients[client].is_polled = false;
        rooms.server.move_peer(id, b).unwrap();
        assert_eq!(rooms.departure(a, id), DisconnectReason::Moved);
        rooms.expect(RoomEvent::Empty(a));
        assert_eq!(rooms.status("b"), 503);
        if vanishes {
            rooms.clients.remove(client);
        } else {
            rooms.clients[client].peer.close();
            rooms.clients[client].is_polled = true;
        }
        // It may confirm the move before its close frame, or end without that.
        match rooms.event() {
            RoomEvent::Session(room, Event::ArrivalFailed { peer, reason }) => {
                assert_eq!((room, peer), (b, id));
                assert!(matches!(reason, DisconnectReason::Closed(_)), "{reason:?}");
            }
            RoomEvent::Session(room, Event::PeerConnected(peer)) => {
                assert_eq!((room, peer), (b, id));
                rooms.departure(b, id);
            }
            other => panic!("{other:?}"),
        }
        rooms.expect(RoomEvent::Empty(b));
        rooms.until("its place is free", |rooms| rooms.server.stats().server.peers == 0);
        assert_eq!(rooms.server.room_of(id), None);
    }
    rooms.clients.clear();
    rooms.join("b");
    rooms.assert_quiet();
}

#[test]
fn a_room_that_is_closed_during_a_move_takes_the_peer_with_it() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let client = rooms.join("a");
    let id = rooms.id(client);
    rooms.server.move_peer(id, b).unwrap();
    rooms.server.close(b, "over").unwrap();
    assert_eq!(rooms.departure(a, id), DisconnectReason::Moved);
    rooms.expect(RoomEvent::Empty(a));
    rooms.expect(RoomEvent::Closed(b, RoomCloseCause::Requested));
    assert_eq!(rooms.client_end(client).reason, "over");
    rooms.until("it is gone", |rooms| rooms.server.stats().server.peers == 0);
    assert_eq!((rooms.server.room_of(id), rooms.events.len()), (None, 0));
}

#[test]
fn a_room_that_is_closed_after_a_peer_moved_away_does_not_disconnect_it() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let [anna, ben] = [rooms.join("a"), rooms.join("a")];
    let id = rooms.id(anna);
    rooms.server.move_peer(id, b).unwrap();
    rooms.server.close(a, "over").unwrap();
    // The departure was an event of a room that is closed.
    rooms.expect(RoomEvent::Closed(a, RoomCloseCause::Requested));
    expect_arrival(&mut rooms, b, id);
    assert_eq!(rooms.client_end(ben).reason, "over");
    rooms.clients[ben].is_polled = false;
    rooms.clients[anna].events.clear();
    rooms.assert_quiet();
}

/// A client that reads but does not confirm, or does not read at all, cannot stay between two rooms.
#[test]
fn a_peer_that_does_not_confirm_the_move_is_disconnected_in_time() {
    let options = RoomServerOptions::default().server(local()).move_timeout(Duration::from_millis(200));
    let mut rooms = TestRooms::with(options);
    let a = rooms.open("a");
    let b = rooms.open_with("b", RoomOptions::default().capacity(1));
    let client = rooms.join("a");
    let id = rooms.id(client);
    rooms.clients[client].is_polled = false;
    rooms.server.move_peer(id, b).unwrap();
    assert_eq!(rooms.departure(a, id), DisconnectReason::Moved);
    rooms.expect(RoomEvent::Empty(a));
    rooms
        .expect(RoomEvent::Session(b, Event::ArrivalFailed { peer: id, reason: DisconnectReason::TimedOut }));
    rooms.expect(RoomEvent::Empty(b));
    rooms.clients[client].is_polled = true;
    let info = rooms.client_end(client);
    assert_eq!(info.code, Some(1008));
    rooms.join("b");
}

#[test]
fn a_moving_peer_can_be_kicked() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let client = rooms.join("a");
    let id = rooms.id(client);
    rooms.server.move_peer(id, b).unwrap();
    rooms.server.session(b).unwrap().disconnect_peer(id).unwrap();
    assert_eq!(rooms.departure(a, id), DisconnectReason::Moved);
    rooms.expect(RoomEvent::Empty(a));
    rooms.expect(RoomEvent::Session(b, Event::ArrivalFailed { peer: id, reason: DisconnectReason::Kicked }));
    rooms.expect(RoomEvent::Empty(b));
    assert_eq!(rooms.client_end(client).code, Some(1000));
}

/// The room that is left closes in its time; the one that a peer is on its way to does not.
#[test]
fn a_room_to_which_a_peer_is_moving_is_not_empty() {
    let brief = RoomOptions::default().empty_timeout(Duration::from_millis(300));
    let mut rooms = TestRooms::new();
    let a = rooms.open_with("a", brief.clone());
    let client = rooms.join("a");
    let b = rooms.open_with("b", brief);
    let id = rooms.id(client);
    rooms.clients[client].is_polled = false;
    rooms.server.move_peer(id, b).unwrap();
    assert_eq!(rooms.departure(a, id), DisconnectReason::Moved);
    rooms.expect(RoomEvent::Empty(a));
    rooms.expect(RoomEvent::Closed(a, RoomCloseCause::Empty));
    let start = Instant::now();
    rooms.until("more than the time of the other room", |_| start.elapsed() > Duration::from_millis(600));
    rooms.clients[client].is_polled = true;
    expect_arrival(&mut rooms, b, id);
    rooms.assert_quiet();
}
