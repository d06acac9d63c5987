//! Rooms do not see each other.

use std::collections::BTreeSet;

use websocket_peer::{
    WebSocketPeer,
    multiplayer::{
        DisconnectReason, Event, MultiplayerOptions, PacketError, PeerId, RoomEvent, RoomKey, RoomOptions,
        SessionOptions, Target,
    },
};

use crate::test_rooms::TestRooms;

/// A relayed packet: bytes for this target.
fn relay(target: i32, text: &str) -> Vec<u8> {
    [&[7, 3][..], &target.to_le_bytes(), &[3], text.as_bytes()].concat()
}

/// Two rooms with two clients each.
fn two_rooms(rooms: &mut TestRooms) -> [(RoomKey, [usize; 2]); 2] {
    ["a", "b"].map(|name| {
        let room = rooms.open(name);
        (room, [rooms.join(name), rooms.join(name)])
    })
}

#[test]
fn members_are_those_of_the_room() {
    let mut rooms = TestRooms::new();
    let both = two_rooms(&mut rooms);
    for (room, members) in both {
        let mut ids = members.map(|client| rooms.id(client));
        ids.sort();
        assert_eq!(rooms.server.room(room).unwrap().peers().collect::<Vec<_>>(), ids);
        for client in members {
            let own = rooms.id(client);
            let other = *ids.iter().find(|id| **id != own).unwrap();
            assert_eq!(rooms.clients[client].peer.peers().collect::<Vec<_>>(), [PeerId::SERVER, other]);
        }
    }
    // A departure is reported in its room only.
    let (_, [left, stays]) = both[0];
    let id = rooms.id(left);
    rooms.leave(left);
    rooms.client_expects(stays, Event::PeerDisconnected(id, DisconnectReason::ReportedByServer));
    rooms.assert_quiet();
}

#[test]
fn what_is_sent_to_all_stays_in_the_room() {
    let mut rooms = TestRooms::new();
    let [(a, [anna, ben]), (b, [cleo, dan])] = two_rooms(&mut rooms);
    rooms.announce(a, Target::All, "to a");
    rooms.announce(b, Target::All, "to b");
    for (client, text) in [(anna, "to a"), (ben, "to a"), (cleo, "to b"), (dan, "to b")] {
        assert_eq!(rooms.client_call(client), (PeerId::SERVER, text.to_owned()));
    }
    for (from, to, room) in [(anna, ben, a), (dan, cleo, b)] {
        let id = rooms.id(from);
        rooms.say(from, Target::All, "all");
        assert_eq!(rooms.call_in(room), (id, "all".to_owned()));
        assert_eq!(rooms.client_call(to), (id, "all".to_owned()));
        rooms.clients[from].peer.session().send_bytes(Target::AllExcept(PeerId::SERVER), b"x").unwrap();
        let Event::Packet { from, .. } = rooms.client_event(to) else { panic!("bytes") };
        assert_eq!(from, id);
    }
    rooms.assert_quiet();
}

/// A raw client sends whatever it likes. A packet to a peer of another room is dropped, like one to an unknown peer.
#[test]
fn a_packet_to_a_peer_of_another_room_arrives_at_none() {
    let mut rooms = TestRooms::new();
    let [(a, [anna, _]), (b, [cleo, _])] = two_rooms(&mut rooms);
    let (anna_id, cleo_id) = (rooms.id(anna), rooms.id(cleo));
    let mut raw = WebSocketPeer::new();
    raw.connect(&rooms.url("a")).unwrap();
    let RoomEvent::Session(_, Event::PeerConnected(id)) = rooms.eventually("the raw client joins", |rooms| {
        raw.poll();
        rooms.events.pop_front()
    }) else {
        panic!("it joins")
    };
    rooms.settle_members(a);
    let before = (rooms.server.room(a).unwrap().stats(), rooms.server.room(b).unwrap().stats());
    // To one, to all but one, as if it came from a peer of the other room, and to a peer that does not exist.
    let unknown =
        (2..).find(|id| PeerId::new(*id).is_some_and(|id| rooms.server.room_of(id).is_none())).unwrap();
    for packet in [
        relay(cleo_id.get(), "to cleo"),
        relay(unknown, "to none"),
        relay(-cleo_id.get(), "to all but cleo"),
        relay(anna_id.get(), "to anna"),
    ] {
        raw.send(&packet).unwrap();
    }
    let texts: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            match rooms.eventually("bytes", |rooms| {
                raw.poll();
                rooms.clients[anna].events.pop_front()
            }) {
                Event::Packet { from, data } if from == id => data.as_bytes().to_vec(),
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert_eq!(texts, [&b"to all but cleo"[..], b"to anna"]);
    // The server is among "all but cleo". The others were rejected or dropped, as ids that no peer has.
    let mut events: Vec<RoomEvent> = rooms.events.drain(..).collect();
    events.retain(|event| !matches!(event, RoomEvent::Session(room, Event::Packet { from, .. }) if (*room, *from) == (a, id)));
    for event in &events {
        let RoomEvent::Session(room, Event::PacketRejected { from, error }) = event else {
            panic!("{event:?}")
        };
        assert_eq!((*room, *from), (a, id));
        assert!(matches!(error, PacketError::UnknownPeer), "{error:?}");
    }
    let after = (rooms.server.room(a).unwrap().stats(), rooms.server.room(b).unwrap().stats());
    assert_eq!(after.1, before.1, "the other room has received nothing");
    assert_eq!(after.0.relayed - before.0.relayed, 2);
    for client in 1..4 {
        rooms.clients[client].events.clear();
    }
    rooms.assert_quiet();
}

#[test]
fn ids_are_unique_in_the_server() {
    let mut rooms = TestRooms::new();
    for room in 0..10 {
        rooms.open(&room.to_string());
    }
    for client in 0..60 {
        rooms.connect(&(client % 10).to_string());
    }
    rooms.until("all are members", |rooms| {
        rooms
            .clients
            .iter()
            .all(|client| client.peer.id().is_some_and(|id| rooms.server.room_of(id).is_some()))
    });
    let ids: BTreeSet<PeerId> = (0..60).map(|client| rooms.id(client)).collect();
    assert_eq!(ids.len(), 60);
}

/// A room without relay beside one with it.
#[test]
fn each_room_has_its_own_options() {
    let mut rooms = TestRooms::new();
    let alone = SessionOptions::default().relay(false);
    let quiet = rooms.open_with("quiet", RoomOptions::default().session(alone));
    let lively = rooms.open("lively");
    let auth = SessionOptions::default().authenticate(true);
    let guarded = rooms.open_with("guarded", RoomOptions::default().session(auth.clone()));

    let in_quiet = [rooms.connect("quiet"), rooms.connect("quiet")];
    rooms.until("both are members", |rooms| rooms.server.room(quiet).unwrap().peer_count() == 2);
    let in_lively = [rooms.join_any("lively"), rooms.join_any("lively")];
    rooms.settle_members(lively);
    for client in in_quiet {
        assert_eq!(rooms.clients[client].peer.peers().collect::<Vec<_>>(), [PeerId::SERVER]);
    }
    for client in in_lively {
        assert_eq!(rooms.clients[client].peer.peers().len(), 2);
    }
    rooms.events.clear();

    let member = rooms.connect_with("guarded", MultiplayerOptions::default().session(auth));
    let RoomEvent::Session(room, Event::Authenticating(id)) = rooms.event() else { panic!("authentication") };
    assert_eq!((room, rooms.server.room(guarded).unwrap().peer_count()), (guarded, 0));
    rooms.server.session(guarded).unwrap().complete_auth(id).unwrap();
    rooms.until("the client authenticates", |rooms| {
        rooms.clients[member].peer.session().complete_auth(PeerId::SERVER).is_ok()
    });
    rooms.expect(RoomEvent::Session(guarded, Event::PeerConnected(id)));
    assert_eq!(rooms.server.room_of(rooms.id(member)), Some(guarded));
}
