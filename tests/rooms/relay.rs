//! Decisions of the program about packets between members of a room.

use std::sync::{Arc, Mutex};

use websocket_peer::multiplayer::{Event, PeerId, RelayDecision, RoomCloseCause, RoomEvent, Target};

use crate::test_rooms::TestRooms;

#[test]
fn the_program_decides_about_each_relayed_packet() {
    let mut rooms = TestRooms::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    rooms.server.on_relay(move |room, packet| {
        let bytes = packet.bytes().map(<[u8]>::to_vec);
        log.lock().unwrap().push((room, packet.from, packet.to, bytes.clone()));
        if bytes.is_some_and(|bytes| bytes.starts_with(b"bad")) {
            RelayDecision::Drop
        } else {
            RelayDecision::Pass
        }
    });
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let ([anna, ben], [cleo, dan]) = ([rooms.join("a"), rooms.join("a")], [rooms.join("b"), rooms.join("b")]);
    let ids: Vec<PeerId> = [anna, ben, cleo, dan].map(|client| rooms.id(client)).into();
    for (client, to, bytes) in [
        (anna, Target::Peer(ids[1]), b"good 1"),
        (anna, Target::Peer(ids[1]), b"bad 2."),
        (anna, Target::All, b"bad 3."),
        (anna, Target::AllExcept(PeerId::SERVER), b"good 4"),
        (dan, Target::Peer(ids[2]), b"good 5"),
    ] {
        rooms.clients[client].peer.session().send_bytes(to, bytes).unwrap();
    }
    for (client, from, expected) in
        [(ben, ids[0], "good 1"), (ben, ids[0], "good 4"), (cleo, ids[3], "good 5")]
    {
        let Event::Packet { from: sender, data } = rooms.client_event(client) else { panic!("bytes") };
        assert_eq!((sender, data.as_bytes()), (from, expected.as_bytes()));
    }
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    let of = |room| seen.iter().filter(|(of, ..)| *of == room).cloned().collect::<Vec<_>>();
    assert_eq!(
        of(a),
        [
            (a, ids[0], Target::Peer(ids[1]), bytes("good 1")),
            (a, ids[0], Target::Peer(ids[1]), bytes("bad 2.")),
            (a, ids[0], Target::All, bytes("bad 3.")),
            (a, ids[0], Target::AllExcept(PeerId::SERVER), bytes("good 4")),
        ]
    );
    assert_eq!(of(b), [(b, ids[3], Target::Peer(ids[2]), bytes("good 5"))]);
    // The server is among "all". The hook decides about the other clients only.
    let bad = websocket_peer::Packet::binary(b"bad 3.".to_vec());
    rooms.expect(RoomEvent::Session(a, Event::Packet { from: ids[0], data: bad }));
    rooms.assert_quiet();
}

/// The hook of relays is the program's: its panic must not end the server, nor another room.
#[test]
fn a_relay_hook_that_panics_closes_that_room_only() {
    let mut rooms = TestRooms::new();
    rooms.server.on_relay(|_, packet| {
        assert_ne!(packet.bytes(), Some(&b"bad"[..]), "planted");
        RelayDecision::Pass
    });
    let (bad, good) = (rooms.open("bad"), rooms.open("good"));
    let [anna, ben] = [rooms.join("bad"), rooms.join("bad")];
    let [cleo, dan] = [rooms.join("good"), rooms.join("good")];
    rooms.clients[anna].peer.session().send_bytes(Target::All, b"bad").unwrap();
    let RoomEvent::Closed(room, RoomCloseCause::Failed(message)) = rooms.event() else {
        panic!("it is closed")
    };
    assert_eq!(room, bad);
    assert!(message.contains("planted"), "{message}");
    for client in [anna, ben] {
        assert_eq!(rooms.client_end(client).code, Some(1011));
    }
    let dan_id = rooms.id(dan);
    rooms.clients[cleo].peer.session().send_bytes(dan_id, b"fine").unwrap();
    assert!(matches!(rooms.client_event(dan), Event::Packet { .. }));
    assert!(rooms.server.room(good).is_some());
    rooms.assert_quiet();
}
