//! Code of the program for a room: `run`, the session, decisions about relayed packets.

use websocket_peer::{
    CloseCause,
    multiplayer::{Event, Node, PeerId, RoomCloseCause, RoomError, RoomEvent, SessionError, Target},
};

use crate::test_rooms::{Chat, PATH, TestRooms, said};

#[test]
fn an_error_of_a_rooms_code_closes_that_room_only() {
    let mut rooms = TestRooms::new();
    let (bad, good) = (rooms.open("bad"), rooms.open("good"));
    let (in_bad, in_good) = (rooms.join("bad"), rooms.join("good"));
    let result = rooms.server.run(bad, |_| Err::<(), _>("no more cards"));
    assert_eq!(result, Err(RoomError::Failed("no more cards".into())));
    rooms.expect(RoomEvent::Closed(bad, RoomCloseCause::Failed("no more cards".into())));
    let info = rooms.client_end(in_bad);
    assert_eq!((info.code, info.cause), (Some(1011), CloseCause::Remote));
    assert!(!info.reason.contains("cards"), "the message is the program's: {}", info.reason);
    assert_eq!(rooms.server.room_of(rooms.id(in_good)), Some(good));
    rooms.assert_quiet();
}

/// What the code has sent before it panicked arrives.
#[test]
fn a_panic_of_a_rooms_code_closes_that_room_only() {
    let mut rooms = TestRooms::new();
    let (bad, good) = (rooms.open("bad"), rooms.open("good"));
    let in_bad = rooms.join("bad");
    rooms.join("good");
    let chat = rooms.chats[&bad];
    let result = rooms.server.run(bad, |session| -> Result<(), SessionError> {
        session.call(chat, Target::All, said("last"))?;
        panic!("planted {}", 7)
    });
    assert_eq!(result, Err(RoomError::Failed("planted 7".into())));
    rooms.expect(RoomEvent::Closed(bad, RoomCloseCause::Failed("planted 7".into())));
    assert_eq!(rooms.client_call(in_bad), (PeerId::SERVER, "last".to_owned()));
    assert_eq!(rooms.client_end(in_bad).code, Some(1011));
    assert!(rooms.server.room(good).is_some());
    rooms.assert_quiet();
    // The name is free, and the server goes on.
    rooms.open("bad");
    rooms.join("bad");
    rooms.assert_quiet();
}

#[test]
fn code_that_succeeds_returns_its_value_and_sends_its_packets() {
    let mut rooms = TestRooms::new();
    let room = rooms.open("a");
    let client = rooms.join("a");
    let chat = rooms.chats[&room];
    let sent = rooms.server.run(room, |session| {
        session.call(chat, Target::All, said("hello"))?;
        Ok::<_, SessionError>(session.peers().len())
    });
    assert_eq!(sent, Ok(1));
    assert_eq!(rooms.client_call(client), (PeerId::SERVER, "hello".to_owned()));
    rooms.assert_quiet();
}

/// The guard sends when it is dropped, not only at a poll.
#[test]
fn packets_of_a_session_leave_when_its_guard_is_dropped() {
    let mut rooms = TestRooms::new();
    let room = rooms.open("a");
    let client = rooms.join("a");
    let chat = rooms.chats[&room];
    let mut session = rooms.server.session(room).unwrap();
    for number in 0..3 {
        session.call(chat, Target::All, said(&number.to_string())).unwrap();
    }
    drop(session);
    for number in 0..3 {
        assert_eq!(rooms.client_call(client), (PeerId::SERVER, number.to_string()));
    }
}

/// The same path in each room, with a table of its own.
#[test]
fn rooms_have_their_own_nodes() {
    websocket_peer::rpc! {
        enum Score {
            Set { points: i64 } = "set_points" [authority];
        }
    }
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let score = rooms.server.session(a).unwrap().register_node::<Score>("Score").unwrap();
    assert!(rooms.server.session(b).unwrap().call(score, Target::All, Score::Set { points: 1 }).is_err());
    let [anna, cleo] = ["a", "b"].map(|name| rooms.join(name));
    let nodes: Vec<Node<Score>> = [anna, cleo]
        .map(|client| rooms.clients[client].peer.session().register_node::<Score>("Score").unwrap())
        .into();
    rooms.server.session(a).unwrap().call(score, Target::All, Score::Set { points: 7 }).unwrap();
    let Event::Call(call) = rooms.client_event(anna) else { panic!("a call") };
    let Some(Ok(Score::Set { points })) = nodes[0].read(call) else { panic!("a call of this node") };
    assert_eq!(points, 7);
    assert_eq!(rooms.clients[cleo].events, []);
    assert_ne!(rooms.chats[&a].key(), rooms.chats[&b].key());
    assert_eq!(PATH, "Chat");
}

/// Every session's own call is checked by the room that it is in.
#[test]
fn a_call_that_only_the_server_may_make_is_rejected_in_its_room() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let [anna, ben] = ["a", "b"].map(|name| rooms.join(name));
    let chat = rooms.clients[anna].chat;
    let id = rooms.id(anna);
    assert!(
        rooms.clients[anna].peer.session().call(chat, PeerId::SERVER, Chat::Rule { number: 1 }).is_ok(),
        "the server decides"
    );
    let RoomEvent::Session(room, Event::PacketRejected { from, .. }) = rooms.event() else {
        panic!("rejected")
    };
    assert_eq!((room, from), (a, id));
    assert_eq!(rooms.server.room(a).unwrap().stats().rejected_packets, 1);
    assert_eq!(rooms.server.room(b).unwrap().stats().rejected_packets, 0);
    assert_eq!(rooms.server.room_of(rooms.id(ben)), Some(b));
    rooms.assert_quiet();
}
