//! Peers that are moved to another room: they keep their connection, id and data, and all members of both rooms see it.

mod interrupted;
mod nodes;

use websocket_peer::{
    Error,
    multiplayer::{
        DisconnectReason, Event, MultiplayerOptions, PeerId, Placement, RoomCloseCause, RoomError, RoomEvent,
        RoomKey, RoomOptions, RoomServerOptions, SessionError, SessionOptions, Target,
    },
};

use crate::test_rooms::{Chat, TestRooms, local};

/// Waits until a peer has arrived in a room, as the next event of the server.
#[track_caller]
fn expect_arrival(rooms: &mut TestRooms, room: RoomKey, id: PeerId) {
    rooms.expect(RoomEvent::Session(room, Event::PeerConnected(id)));
    assert_eq!(rooms.server.room_of(id), Some(room));
}

/// Moves a client, and waits until it has arrived. Takes all events about that.
#[track_caller]
fn move_client(rooms: &mut TestRooms, client: usize, from: RoomKey, to: RoomKey) {
    let id = rooms.id(client);
    let was_alone = rooms.server.room(from).unwrap().peer_count() == 1;
    rooms.server.move_peer(id, to).unwrap();
    assert_eq!(rooms.departure(from, id), DisconnectReason::Moved);
    if was_alone {
        rooms.expect(RoomEvent::Empty(from));
    }
    expect_arrival(rooms, to, id);
    for room in [from, to] {
        rooms.settle_members(room);
    }
    for client in &mut rooms.clients {
        client.events.retain(|event| {
            !matches!(event, Event::PeerDisconnected(of, DisconnectReason::ReportedByServer) if *of == id)
        });
    }
    rooms.clients[client].events.retain(|event| !matches!(event, Event::PeerDisconnected(..)));
}

fn rejected(rooms: &TestRooms) -> u64 {
    rooms.server.rooms().map(|room| room.stats().rejected_packets).sum()
}

#[test]
fn a_moved_peer_keeps_its_connection_and_id_and_all_members_see_it() {
    let mut rooms = TestRooms::with_hook(RoomServerOptions::default().server(local()), |request| {
        Placement::room(request.path().trim_start_matches('/')).data(request.query().unwrap_or_default())
    });
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let [anna, ben, cleo] = ["a?anna", "a?ben", "b?cleo"].map(|path| rooms.join(path));
    let [id, ben_id, cleo_id] = [anna, ben, cleo].map(|client| rooms.id(client));
    let before = rooms.server.stats().server.accepted;
    rooms.announce(a, Target::All, "last of a");
    rooms.server.move_peer(id, b).unwrap();

    assert_eq!(rooms.departure(a, id), DisconnectReason::Moved);
    expect_arrival(&mut rooms, b, id);
    assert_eq!(rooms.client_call(anna), (PeerId::SERVER, "last of a".to_owned()));
    rooms.client_expects(anna, Event::PeerDisconnected(ben_id, DisconnectReason::ReportedByServer));
    rooms.client_expects(anna, Event::PeerConnected(cleo_id));
    assert_eq!(rooms.client_call(ben), (PeerId::SERVER, "last of a".to_owned()));
    rooms.client_expects(ben, Event::PeerDisconnected(id, DisconnectReason::ReportedByServer));
    rooms.client_expects(cleo, Event::PeerConnected(id));

    assert_eq!(rooms.id(anna), id);
    let members = |room| rooms.server.room(room).unwrap().peers().collect::<Vec<_>>();
    let mut both = vec![id, cleo_id];
    both.sort();
    assert_eq!((members(a), members(b)), (vec![ben_id], both));
    assert_eq!(rooms.server.peer_data(id), Some(&b"anna"[..]));
    let stats = rooms.server.stats();
    assert_eq!((stats.moves, stats.server.accepted, stats.server.closed), (1, before, 0));

    // Calls of both kinds and bytes, in the new room only.
    rooms.say(anna, Target::All, "hello");
    assert_eq!(rooms.call_in(b), (id, "hello".to_owned()));
    assert_eq!(rooms.client_call(cleo), (id, "hello".to_owned()));
    rooms.say(cleo, id, "welcome");
    assert_eq!(rooms.client_call(anna), (cleo_id, "welcome".to_owned()));
    rooms.announce(a, Target::All, "to a");
    assert_eq!(rooms.client_call(ben), (PeerId::SERVER, "to a".to_owned()));
    rooms.assert_quiet();
    assert_eq!(rejected(&rooms), 0);
}

/// Path ids that a peer knows are used in each room that it comes to, and no room rejects what it sends.
#[test]
fn peers_that_move_around_call_and_are_called_everywhere() {
    let mut rooms = TestRooms::new();
    let keys = ["a", "b", "c"].map(|name| rooms.open(name));
    let clients = ["a", "a", "b", "c"].map(|name| rooms.join(name));
    let mut at = [0, 0, 1, 2];
    rooms.assert_quiet();
    for round in 0..24 {
        let mover = round * 7 % 4;
        let to = (at[mover] + 1 + round % 2) % 3;
        move_client(&mut rooms, clients[mover], keys[at[mover]], keys[to]);
        at[mover] = to;
        let id = rooms.id(clients[mover]);
        let text = round.to_string();
        rooms.say(clients[mover], Target::All, &text);
        assert_eq!(rooms.call_in(keys[to]), (id, text.clone()));
        for other in (0..4).filter(|other| *other != mover && at[*other] == to) {
            assert_eq!(rooms.client_call(clients[other]), (id, text.clone()));
        }
        rooms.assert_quiet();
    }
    assert_eq!((rejected(&rooms), rooms.server.stats().moves), (0, 24));
}

/// The peer does not know of the move yet, so its packets are about the room that it has left. No room gets them, and
/// they are not its fault.
#[test]
fn what_a_peer_sends_before_it_knows_of_the_move_is_dropped() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let [anna, ben, cleo] = ["a", "a", "b"].map(|name| rooms.join(name));
    let [id, ben_id, cleo_id] = [anna, ben, cleo].map(|client| rooms.id(client));
    rooms.clients[anna].is_polled = false;
    rooms.server.move_peer(id, b).unwrap();
    for number in 0..20 {
        for to in [Target::All, Target::SERVER, ben_id.into(), Target::AllExcept(ben_id)] {
            rooms.say(anna, to, &number.to_string());
            rooms.clients[anna].peer.session().send_bytes(to, b"late").unwrap();
        }
    }
    assert_eq!(rooms.departure(a, id), DisconnectReason::Moved);
    rooms.client_expects(ben, Event::PeerDisconnected(id, DisconnectReason::ReportedByServer));
    rooms.clients[anna].is_polled = true;
    expect_arrival(&mut rooms, b, id);
    rooms.client_expects(cleo, Event::PeerConnected(id));
    rooms.client_expects(anna, Event::PeerDisconnected(ben_id, DisconnectReason::ReportedByServer));
    rooms.client_expects(anna, Event::PeerConnected(cleo_id));
    rooms.assert_quiet();
    assert_eq!(rejected(&rooms), 0);
}

#[test]
fn a_move_into_a_full_closed_or_unknown_room_has_no_effect() {
    let mut rooms = TestRooms::new();
    let (a, closed) = (rooms.open("a"), rooms.open("closed"));
    let full = rooms.open_with("full", RoomOptions::default().capacity(1));
    let [anna, ben] = [rooms.join("a"), rooms.join("a")];
    let dan = rooms.join("full");
    rooms.server.close(closed, "").unwrap();
    rooms.expect(RoomEvent::Closed(closed, RoomCloseCause::Requested));
    let [id, dan_id] = [anna, dan].map(|client| rooms.id(client));
    assert_eq!(rooms.server.move_peer(id, full), Err(RoomError::RoomFull));
    assert_eq!(rooms.server.move_peer(id, closed), Err(RoomError::UnknownRoom));
    for unknown in [PeerId::SERVER, PeerId::new(77).unwrap()] {
        let result = rooms.server.move_peer(unknown, a);
        assert_eq!(result, Err(RoomError::Session(SessionError::Peer(Error::UnknownPeer))));
    }
    rooms.assert_quiet();
    assert_eq!([anna, ben].map(|client| rooms.server.room_of(rooms.id(client))), [Some(a); 2]);
    assert_eq!(rooms.server.stats().moves, 0);

    // The place in the full room is free when its peer has moved away.
    rooms.server.move_peer(dan_id, a).unwrap();
    assert_eq!(rooms.departure(full, dan_id), DisconnectReason::Moved);
    rooms.expect(RoomEvent::Empty(full));
    rooms.server.move_peer(id, full).unwrap();
    rooms.until("both have arrived", |rooms| {
        rooms.server.room(full).unwrap().peer_count() == 1 && rooms.server.room(a).unwrap().peer_count() == 2
    });
}

/// A place is taken at once, not only when the peer arrives.
#[test]
fn moves_and_joins_at_the_same_time_cannot_overfill_a_room() {
    let mut rooms = TestRooms::new();
    rooms.open("a");
    let b = rooms.open_with("b", RoomOptions::default().capacity(2));
    let movers = [(); 4].map(|()| rooms.join("a")).map(|client| rooms.id(client));
    let moved: Vec<bool> = movers.iter().map(|id| rooms.server.move_peer(*id, b).is_ok()).collect();
    assert_eq!(moved, [true, true, false, false]);
    assert_eq!(rooms.status("b"), 503);
    rooms.until("they have arrived", |rooms| rooms.server.room(b).unwrap().peer_count() == 2);
    assert_eq!(rooms.status("b"), 503);
}

#[test]
fn a_peer_that_authenticates_cannot_be_moved() {
    let mut rooms = TestRooms::new();
    let auth = SessionOptions::default().authenticate(true);
    let guarded = rooms.open_with("guarded", RoomOptions::default().session(auth.clone()));
    let other = rooms.open_with("other", RoomOptions::default().session(auth.clone()));
    let options = MultiplayerOptions::default().session(auth);
    let client = rooms.connect_with("guarded", options);
    let RoomEvent::Session(_, Event::Authenticating(id)) = rooms.event() else { panic!("it authenticates") };
    let result = rooms.server.move_peer(id, other);
    assert_eq!(result, Err(RoomError::Session(SessionError::Peer(Error::UnknownPeer))));
    // It goes on as if nothing had happened.
    rooms.server.session(guarded).unwrap().complete_auth(id).unwrap();
    rooms.until("the client authenticates", |rooms| {
        rooms.clients[client].peer.session().complete_auth(PeerId::SERVER).is_ok()
    });
    rooms.expect(RoomEvent::Session(guarded, Event::PeerConnected(id)));
    assert_eq!(rooms.server.room_of(id), Some(guarded));
    // Now it can, and it does not authenticate again.
    rooms.server.move_peer(id, other).unwrap();
    assert_eq!(rooms.departure(guarded, id), DisconnectReason::Moved);
    rooms.expect(RoomEvent::Empty(guarded));
    expect_arrival(&mut rooms, other, id);
    rooms.say(client, PeerId::SERVER, "here");
    assert_eq!(rooms.call_in(other), (id, "here".to_owned()));
}

#[test]
fn a_peer_cannot_be_moved_past_authentication() {
    let mut rooms = TestRooms::new();
    let open = rooms.open("open");
    let auth = SessionOptions::default().authenticate(true);
    let guarded = rooms.open_with("guarded", RoomOptions::default().session(auth));
    let client = rooms.join("open");
    let id = rooms.id(client);
    assert_eq!(rooms.server.move_peer(id, guarded), Err(RoomError::NotAuthenticated));
    assert_eq!(rooms.server.room_of(id), Some(open));
    rooms.assert_quiet();
}

/// Every client is moved at the same time, through rooms that fill and empty.
#[test]
fn many_peers_move_at_once() {
    let mut rooms = TestRooms::new();
    let keys = ["a", "b"].map(|name| rooms.open(name));
    let clients: Vec<usize> = (0..40).map(|client| rooms.connect(["a", "b"][client % 2])).collect();
    rooms.until("all are members", |rooms| {
        keys.iter().all(|room| rooms.server.room(*room).unwrap().peer_count() == 20)
            && rooms.clients.iter().all(|client| client.peer.id().is_some())
    });
    for round in 0..3 {
        for client in &clients {
            let id = rooms.id(*client);
            let at = rooms.server.room_of(id).unwrap();
            let to = keys[usize::from(at == keys[0])];
            rooms.server.move_peer(id, to).unwrap();
        }
        rooms.until("all have arrived", |rooms| {
            keys.iter().all(|room| rooms.server.room(*room).unwrap().peer_count() == 20)
        });
        for room in keys {
            rooms.settle_members(room);
        }
        for (index, client) in clients.iter().enumerate() {
            let expected = keys[(index + round + 1) % 2];
            assert_eq!(rooms.server.room_of(rooms.id(*client)), Some(expected));
        }
    }
    rooms.events.clear();
    rooms.clients.iter_mut().for_each(|client| client.events.clear());
    rooms.assert_quiet();
    assert_eq!((rejected(&rooms), rooms.server.stats().moves), (0, 120));
}

/// The rate of rejections moves with the peer: a move does not forgive them.
#[test]
fn a_moved_peer_is_still_a_member_with_duties() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let client = rooms.join("a");
    let id = rooms.id(client);
    move_client(&mut rooms, client, a, b);
    let chat = rooms.clients[client].chat;
    rooms.clients[client].peer.session().call(chat, PeerId::SERVER, Chat::Rule { number: 1 }).unwrap();
    let RoomEvent::Session(room, Event::PacketRejected { from, .. }) = rooms.event() else {
        panic!("rejected")
    };
    assert_eq!((room, from), (b, id));
    assert_eq!(rooms.server.room(a).unwrap().stats().rejected_packets, 0);
}
