//! The hook's answers to requests.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use websocket_peer::{
    CloseCause, PeerOptions, RateLimits, ServerOptions,
    multiplayer::{
        Event, MultiplayerOptions, Placement, RoomEvent, RoomOptions, RoomServerOptions, SessionOptions,
    },
};

use crate::{
    requests::{plain_request, request},
    test_rooms::TestRooms,
};

#[test]
fn a_request_for_an_unknown_room_gets_404_and_for_a_full_one_503() {
    let mut rooms = TestRooms::new();
    let room = rooms.open_with("a", RoomOptions::default().capacity(1));
    assert_eq!(rooms.status("b"), 404);
    assert_eq!(rooms.status(""), 404);
    let client = rooms.join("a");
    assert_eq!(rooms.status("a"), 503);
    let full = rooms.connect("a");
    let info = rooms.client_end(full);
    assert!(matches!(info.cause, CloseCause::Refused { status: Some(503), .. }), "{info:?}");

    rooms.leave(client);
    rooms.expect(RoomEvent::Empty(room));
    rooms.join("a");
    rooms.assert_quiet();
}

#[test]
fn the_hook_rejects_and_answers_with_its_status() {
    let mut rooms = TestRooms::with_hook(RoomServerOptions::default(), |request| match request.path() {
        "/health" => Placement::respond(200, "ok").header("Cache-Control", "no-store"),
        "/teapot" => Placement::reject(418),
        "/banned" => Placement::reject(403).header("X-Reason", "cheating"),
        path => Placement::room(path.trim_start_matches('/')),
    });
    rooms.open("a");
    let answer = rooms.answer(&plain_request("health"));
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert!(answer.head.contains("Cache-Control: no-store\r\n"), "{}", answer.head);
    assert_eq!(rooms.answer(&request("health")).status, 200);
    assert_eq!(rooms.status("teapot"), 418);
    let answer = rooms.answer(&request("banned"));
    assert!(answer.head.contains("X-Reason: cheating\r\n"), "{}", answer.head);
    assert_eq!(answer.status, 403);
    // A room needs an upgrade, and is not joined without one.
    let answer = rooms.answer(&plain_request("a"));
    assert_eq!(answer.status, 426);
    assert_eq!((rooms.server.stats().server.peers, rooms.events.len()), (0, 0));
    rooms.join("a");
    rooms.assert_quiet();
}

/// A plain request opens no room.
#[test]
fn a_plain_request_opens_no_room() {
    let mut rooms = TestRooms::with_hook(RoomServerOptions::default(), |request| {
        Placement::room_or_open(request.path().trim_start_matches('/'), RoomOptions::default())
    });
    assert_eq!(rooms.answer(&plain_request("a")).status, 426);
    assert_eq!((rooms.server.stats().opened, rooms.server.find("a")), (0, None));
}

#[test]
fn health_is_answered_when_all_rooms_are_full_and_new_connections_are_refused() {
    let server = ServerOptions::default().max_peers(1);
    let mut rooms =
        TestRooms::with_hook(RoomServerOptions::default().server(server), |request| match request.path() {
            "/health" => Placement::respond(200, "ok"),
            _ => Placement::room("a"),
        });
    rooms.open_with("a", RoomOptions::default().capacity(1));
    rooms.join("a");
    assert_eq!(rooms.answer(&plain_request("health")).status, 200);
    rooms.server.refuse_new_connections(true);
    assert_eq!(rooms.answer(&plain_request("health")).status, 200);
    assert_eq!(rooms.status("a"), 503);
}

#[test]
fn a_refusing_server_accepts_again() {
    let mut rooms = TestRooms::new();
    rooms.open("a");
    rooms.server.refuse_new_connections(true);
    assert_eq!(rooms.status("a"), 503);
    rooms.server.refuse_new_connections(false);
    rooms.join("a");
    rooms.assert_quiet();
}

#[test]
fn the_sub_protocol_the_data_and_the_options_of_a_placement_apply() {
    let mut rooms = TestRooms::with_hook(RoomServerOptions::default(), |request| {
        let ticket = request.query().unwrap_or_default().as_bytes().to_vec();
        let small = PeerOptions::for_server().max_message_size(100);
        Placement::room("a").protocol("ludus").data(ticket).connection(small)
    });
    let room = rooms.open("a");
    let client = rooms.connect_with("?ticket=7", MultiplayerOptions::default().protocols(["other", "ludus"]));
    rooms.settle_join(client);
    let id = rooms.id(client);
    assert_eq!(
        rooms.server.peer(id).and_then(|peer| peer.protocol().map(str::to_owned)).as_deref(),
        Some("ludus")
    );
    assert_eq!(rooms.server.peer_data(id), Some(&b"ticket=7"[..]));
    rooms.say(client, websocket_peer::multiplayer::PeerId::SERVER, "short");
    assert_eq!(rooms.call_in(room), (id, "short".to_owned()));
    rooms.say(client, websocket_peer::multiplayer::PeerId::SERVER, &"x".repeat(200));
    rooms.departure(room, id);
    assert_eq!(rooms.client_end(client).code, Some(1009));
    rooms.expect(RoomEvent::Empty(room));
    assert_eq!(rooms.server.peer_data(id), None);
}

#[test]
fn the_rate_limits_of_a_placement_apply_to_its_client_only() {
    let mut rooms = TestRooms::with_hook(RoomServerOptions::default(), |request| {
        let limits = RateLimits::default().max_packets_per_second(5);
        match request.query() {
            Some(_) => Placement::room("a").rate_limits(limits),
            None => Placement::room("a"),
        }
    });
    let room = rooms.open("a");
    let (limited, free) = (rooms.connect("?limited"), rooms.connect(""));
    rooms.until("both are members", |rooms| {
        rooms.server.room(room).is_some_and(|room| room.peer_count() == 2)
    });
    rooms.settle_members(room);
    rooms.events.clear();
    let (id, free_id) = (rooms.id(limited), rooms.id(free));
    for client in [free, limited] {
        for _ in 0..100 {
            rooms.say(client, websocket_peer::multiplayer::PeerId::SERVER, "x");
        }
    }
    assert_eq!(rooms.client_end(limited).code, Some(1008));
    let mut calls = 0;
    rooms.until("all calls of the free one", |rooms| {
        calls += rooms
            .events
            .drain(..)
            .filter(|event| {
                matches!(event,
            RoomEvent::Session(_, Event::Call(call)) if call.from == free_id)
            })
            .count();
        calls == 100
    });
    assert_eq!(rooms.server.room_of(free_id), Some(room));
    assert_eq!(rooms.server.room_of(id), None);
}

/// A hook that panics ends neither the server nor a room.
#[test]
fn a_hook_that_panics_is_one_500() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let mut rooms = TestRooms::with_hook(RoomServerOptions::default(), move |request| {
        counted.fetch_add(1, Ordering::Relaxed);
        assert_ne!(request.path(), "/bad", "planted");
        Placement::room("a")
    });
    rooms.open("a");
    rooms.join("a");
    for _ in 0..3 {
        assert_eq!(rooms.status("bad"), 500);
    }
    rooms.join("a");
    assert_eq!(calls.load(Ordering::Relaxed), 5);
    rooms.assert_quiet();
}

/// What `Admission` does not accept is the program's mistake.
#[test]
fn an_invalid_placement_is_500_and_opens_no_room() {
    let mut rooms = TestRooms::with_hook(RoomServerOptions::default(), |request| match request.path() {
        "/field" => Placement::room("a").header("bad name", "x"),
        _ => Placement::room_or_open(
            "b",
            RoomOptions::default().session(SessionOptions::default().max_packet_size(1 << 30)),
        ),
    });
    let room = rooms.open("a");
    for path in ["field", "options"] {
        assert_eq!(rooms.status(path), 500, "{path}");
    }
    assert_eq!((rooms.server.find("b"), rooms.server.room(room).unwrap().peer_count()), (None, 0));
}

/// The hook sees the request, and a path may have any form.
#[test]
fn the_hook_gets_each_request_once() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let mut rooms = TestRooms::with_hook(RoomServerOptions::default(), move |request| {
        log.lock().unwrap().push((request.path().to_owned(), request.is_upgrade()));
        Placement::reject(404)
    });
    for path in ["room/ABCD", "%2e%2e/../x", "room//", "?a=b"] {
        rooms.status(path);
    }
    rooms.answer(&plain_request("health"));
    assert_eq!(
        *seen.lock().unwrap(),
        [
            ("/room/ABCD".to_owned(), true),
            ("/%2e%2e/../x".to_owned(), true),
            ("/room//".to_owned(), true),
            ("/".to_owned(), true),
            ("/health".to_owned(), false)
        ]
    );
}
