//! The memory of a room, and its limit.

use std::time::Duration;

use websocket_peer::{
    CloseCause, Limit, PeerOptions,
    multiplayer::{Event, RoomOptions, RoomServerOptions, Target},
};

use crate::test_rooms::{TestRooms, local};

const MIB: usize = 1024 * 1024;

/// The members of one room read nothing, and ten times its limit is sent to them. Nothing of another room is lost,
/// although the largest queue of the server is there.
#[test]
fn a_room_over_its_limit_closes_only_its_own_members() {
    let peer = PeerOptions::for_server().outbound_buffer_size(64 * MIB);
    let server = local().connection(peer).max_peers(16).slow_reader_timeout(Duration::ZERO);
    let mut rooms = TestRooms::with(RoomServerOptions::default().server(server));
    let crowd = rooms.open_with("crowd", RoomOptions::default().max_buffered_bytes(MIB));
    let calm = rooms.open("calm");
    let slow: Vec<usize> = (0..3).map(|_| rooms.join("crowd")).collect();
    let patient = rooms.join("calm");
    for client in slow.iter().chain([&patient]) {
        rooms.clients[*client].is_polled = false;
    }
    let memory = |rooms: &TestRooms, room| rooms.server.room(room).expect("it is open").memory();
    let text = "x".repeat(20_000);
    let mut sent_to_calm = 0;
    rooms.until("much waits in the calm room", |rooms| {
        rooms.announce(calm, Target::All, &text);
        sent_to_calm += 1;
        memory(rooms, calm) > 3 * MIB
    });
    rooms.until("the slow readers are disconnected", |rooms| {
        for _ in 0..50 {
            rooms.announce(crowd, Target::All, &text);
            // The limit, and the shares of three members.
            assert!(memory(rooms, crowd) < 2 * MIB, "{}", memory(rooms, crowd));
        }
        rooms.server.room(crowd).expect("it is open").peer_count() < 3
    });
    let closes = rooms.server.stats().server.closes;
    let slow = CloseCause::LimitExceeded(Limit::SlowReader);
    let backlog = CloseCause::LimitExceeded(Limit::SessionBacklog);
    assert!(closes.of(&slow) + closes.of(&backlog) > 0, "{closes:?}");
    assert!(memory(&rooms, calm) > 3 * MIB, "the calm room keeps what waits for its member");
    rooms.clients[patient].is_polled = true;
    for number in 0..sent_to_calm {
        let event = rooms.client_event(patient);
        assert!(matches!(event, Event::Call(_)), "packet {number} of {sent_to_calm}: {event:?}");
    }
}
