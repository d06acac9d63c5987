//! Peers that are disconnected, and the end of the server.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use websocket_peer::{
    CloseCause, CloseCode, Error, PeerOptions, ServerOptions,
    multiplayer::{
        DisconnectReason, Event, PeerId, RoomCloseCause, RoomError, RoomEvent, RoomOptions,
        RoomServerOptions, SessionOptions, Target,
    },
};

use crate::{common::eventually, test_rooms::TestRooms};

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_kicked_peer_gets_what_was_sent_before_the_code_and_the_reason() {
    let mut rooms = TestRooms::new();
    let room = rooms.open("a");
    let [kicked, stays] = [rooms.join("a"), rooms.join("a")];
    let id = rooms.id(kicked);
    for number in 0..20 {
        rooms.announce(room, Target::All, &number.to_string());
    }
    let code = CloseCode::new(4003).unwrap();
    rooms.server.session(room).unwrap().disconnect_peer_with(id, code, "cheating").unwrap();
    assert_eq!(rooms.departure(room, id), DisconnectReason::Kicked);
    for client in [kicked, stays] {
        for number in 0..20 {
            assert_eq!(rooms.client_call(client), (PeerId::SERVER, number.to_string()));
        }
    }
    let info = rooms.client_end(kicked);
    assert_eq!((info.code, info.reason.as_str(), info.cause), (Some(4003), "cheating", CloseCause::Remote));
    rooms.client_expects(stays, Event::PeerDisconnected(id, DisconnectReason::ReportedByServer));
    assert_eq!(rooms.server.room_of(id), None);
    rooms.assert_quiet();
}

#[test]
fn a_kick_in_one_room_cannot_reach_another() {
    let mut rooms = TestRooms::new();
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let client = rooms.join("b");
    let id = rooms.id(client);
    assert_eq!(rooms.server.session(a).unwrap().disconnect_peer(id), Err(Error::UnknownPeer));
    assert_eq!(rooms.server.room_of(id), Some(b));
    rooms.assert_quiet();
}

/// A peer that does not confirm is disconnected all the same, at the end of `drain_timeout`.
#[test]
fn a_kicked_peer_that_does_not_answer_is_disconnected_at_its_timeout() {
    let mut rooms = TestRooms::new();
    let session = SessionOptions::default().drain_timeout(Duration::from_millis(200));
    let room = rooms.open_with("a", RoomOptions::default().session(session).capacity(1));
    let client = rooms.join("a");
    let id = rooms.id(client);
    rooms.clients[client].is_polled = false;
    rooms.server.session(room).unwrap().disconnect_peer(id).unwrap();
    assert_eq!(rooms.departure(room, id), DisconnectReason::Kicked);
    rooms.expect(RoomEvent::Empty(room));
    rooms.until("its place is free", |rooms| rooms.server.stats().server.peers == 0);
    rooms.join("a");
}

#[test]
fn a_shutdown_closes_all_rooms_with_1001_after_the_last_packets() {
    let mut rooms = TestRooms::new();
    let names = ["a", "b", "c"];
    let keys = names.map(|name| rooms.open(name));
    let clients = ["a", "a", "b"].map(|name| rooms.join(name));
    for (room, name) in keys.into_iter().zip(names) {
        rooms.announce(room, Target::All, &format!("last of {name}"));
    }
    let address = rooms.address();
    assert!(!rooms.server.is_shut_down());
    rooms.server.shutdown(LONG);
    let mut closed: Vec<_> = keys
        .map(|_| match rooms.event() {
            RoomEvent::Closed(room, RoomCloseCause::ServerShutDown) => room,
            other => panic!("{other:?}"),
        })
        .into();
    closed.sort();
    assert_eq!(closed, keys);
    for (client, name) in clients.into_iter().zip(["a", "a", "b"]) {
        assert_eq!(rooms.client_call(client), (PeerId::SERVER, format!("last of {name}")));
        let info = rooms.client_end(client);
        assert_eq!((info.code, info.cause), (Some(1001), CloseCause::Remote));
    }
    rooms.until("it is shut down", |rooms| rooms.server.is_shut_down());
    assert!(TcpStream::connect(address).is_err(), "it does not listen any more");
    assert_eq!(rooms.server.stats().rooms, 0);
    assert_eq!(rooms.events, []);
}

#[test]
fn a_server_that_shuts_down_opens_no_rooms_and_accepts_no_clients() {
    let mut rooms = TestRooms::new();
    let room = rooms.open("a");
    let client = rooms.join("a");
    // It does not answer, so the shutdown takes its time.
    rooms.clients[client].is_polled = false;
    rooms.server.shutdown(LONG);
    assert!(rooms.server.open("b", RoomOptions::default()).is_err());
    assert_eq!(rooms.server.session(room).map(drop), Err(RoomError::UnknownRoom));
    // It cannot be opened again.
    rooms.server.refuse_new_connections(false);
    rooms.server.poll();
    if rooms.server.local_addr().is_ok() {
        assert_eq!(rooms.status("a"), 503);
    }
    rooms.clients[client].is_polled = true;
    rooms.until("it is shut down", |rooms| rooms.server.is_shut_down());
    assert_eq!(rooms.server.stats().server.peers, 0);
}

#[test]
fn a_shutdown_ends_in_time_when_clients_do_not_answer() {
    let close = PeerOptions::for_server().close_timeout(Duration::from_millis(100));
    let server = ServerOptions::default().connection(close);
    let mut rooms = TestRooms::with(RoomServerOptions::default().server(server));
    for name in ["a", "b"] {
        rooms.open(name);
        let client = rooms.join(name);
        rooms.clients[client].is_polled = false;
    }
    let start = Instant::now();
    rooms.server.shutdown(Duration::from_millis(400));
    rooms.until("it is shut down", |rooms| rooms.server.is_shut_down());
    // Far less than the default of any timeout that could end it otherwise.
    println!("{:?}", start.elapsed());
    assert_eq!((rooms.server.stats().rooms, rooms.server.stats().server.peers), (0, 0));
}

#[test]
fn an_empty_server_shuts_down() {
    let mut rooms = TestRooms::new();
    rooms.server.shutdown(LONG);
    rooms.until("it is shut down", |rooms| rooms.server.is_shut_down());
}

/// Unread events are events: the program learns how each room ended.
#[test]
fn a_shutdown_is_over_when_its_events_are_read() {
    let mut rooms = TestRooms::new();
    rooms.open("a");
    rooms.server.shutdown(LONG);
    eventually("the sockets are closed", || {
        rooms.server.poll();
        rooms.server.local_addr().is_err().then_some(())
    });
    assert!(!rooms.server.is_shut_down());
    assert!(matches!(rooms.server.next_event(), Some(RoomEvent::Closed(_, RoomCloseCause::ServerShutDown))));
    rooms.until("it is shut down", |rooms| rooms.server.is_shut_down());
}

/// The program may end its rooms in any order with their members.
#[test]
fn dropping_the_server_ends_the_connections() {
    let mut rooms = TestRooms::new();
    rooms.open("a");
    let client = rooms.join("a");
    let TestRooms { server, clients, .. } = rooms;
    drop(server);
    let mut clients = clients;
    eventually("the client's session ends", || {
        clients[client].peer.poll();
        match clients[client].peer.next_event()? {
            Event::Disconnected { info } => Some(info),
            _ => None,
        }
    });
}
