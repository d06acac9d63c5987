//! `wait`: it sleeps while there is nothing to do, and wakes for packets, for the timers of rooms, and for other threads.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use websocket_peer::multiplayer::{
    Event, MultiplayerOptions, RoomCloseCause, RoomEvent, RoomOptions, RoomServer, RoomServerOptions,
    SceneMultiplayer, SessionOptions, Target,
};

use crate::{common::PATIENCE, test_rooms::TestRooms};

/// Far longer than any wait here.
const LONG: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(200);

/// Waits until the next event, at most for `PATIENCE`, and returns it with the number of waits.
#[track_caller]
fn wait_for(server: &mut RoomServer) -> (RoomEvent, u32) {
    let start = Instant::now();
    let mut waits = 0;
    loop {
        if let Some(event) = server.next_event() {
            return (event, waits);
        }
        server.wait(LONG);
        waits += 1;
        assert!(start.elapsed() < PATIENCE, "overslept");
    }
}

#[test]
fn an_idle_server_sleeps() {
    let mut rooms = TestRooms::new();
    for room in 0..20 {
        rooms.open(&room.to_string());
        rooms.join(&room.to_string());
    }
    rooms.assert_quiet();
    let start = Instant::now();
    let mut waits = 0;
    while start.elapsed() < 5 * SOON {
        rooms.server.wait(SOON);
        assert_eq!(rooms.server.next_event(), None);
        waits += 1;
    }
    // It may return early, but must not spin.
    assert!(waits <= 20, "{waits} waits in {:?}", start.elapsed());
}

#[test]
fn a_waiting_server_wakes_to_close_an_empty_room() {
    let mut server = RoomServer::bind("127.0.0.1:0", RoomServerOptions::default()).unwrap();
    let lasting = server.open("lasting", RoomOptions::default().empty_timeout(LONG)).unwrap();
    let brief = server.open("brief", RoomOptions::default().empty_timeout(SOON)).unwrap();
    assert_eq!(wait_for(&mut server).0, RoomEvent::Opened(lasting));
    assert_eq!(wait_for(&mut server).0, RoomEvent::Opened(brief));
    let (event, waits) = wait_for(&mut server);
    assert_eq!(event, RoomEvent::Closed(brief, RoomCloseCause::Empty));
    assert!(waits <= 10, "{waits} waits");
}

#[test]
fn a_waiting_server_wakes_for_the_deadlines_of_a_session() {
    let mut rooms = TestRooms::new();
    let auth = SessionOptions::default().authenticate(true);
    let options = RoomOptions::default().session(auth.clone().auth_timeout(SOON));
    let room = rooms.open_with("a", options);
    let client = rooms.connect_with("a", MultiplayerOptions::default().session(auth));
    let RoomEvent::Session(_, Event::Authenticating(id)) = rooms.event() else { panic!("it authenticates") };
    rooms.clients[client].is_polled = false;
    let (event, waits) = wait_for(&mut rooms.server);
    assert!(
        matches!(event, RoomEvent::Session(of, Event::AuthFailed { peer, .. }) if (of, peer) == (room, id)),
        "{event:?}"
    );
    assert!(waits <= 10, "{waits} waits");
}

#[test]
fn a_waker_ends_the_wait() {
    let mut server = RoomServer::bind("127.0.0.1:0", RoomServerOptions::default()).unwrap();
    let waker = server.waker();
    let other = thread::spawn(move || {
        thread::sleep(SOON);
        waker.wake();
    });
    let start = Instant::now();
    server.wait(LONG);
    other.join().unwrap();
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn wait_does_not_sleep_while_events_are_unread() {
    let mut server = RoomServer::bind("127.0.0.1:0", RoomServerOptions::default()).unwrap();
    let room = server.open("a", RoomOptions::default()).unwrap();
    let start = Instant::now();
    server.wait(LONG);
    assert!(start.elapsed() < PATIENCE);
    assert_eq!(server.next_event(), Some(RoomEvent::Opened(room)));
}

/// A program without a frame loop: every packet arrives, in each room, without polling.
#[test]
fn a_waiting_server_misses_nothing() {
    let mut server = RoomServer::bind("127.0.0.1:0", RoomServerOptions::default()).unwrap();
    let names = ["a", "b", "c"];
    for name in names {
        server.open(name, RoomOptions::default()).unwrap();
    }
    let (address, waker) = (server.local_addr().unwrap(), server.waker());
    let is_stopped = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&is_stopped);
    let host = thread::spawn(move || {
        while !stop.load(Ordering::SeqCst) {
            server.wait(LONG);
            while let Some(event) = server.next_event() {
                if let RoomEvent::Session(room, Event::Packet { from, data }) = event {
                    server.session(room).unwrap().send_bytes(Target::Peer(from), &data).unwrap();
                }
            }
        }
    });
    let mut clients = names.map(|name| {
        SceneMultiplayer::connect(&format!("ws://{address}/{name}"), MultiplayerOptions::default()).unwrap()
    });
    let wait_until = |client: &mut SceneMultiplayer, is_expected: &dyn Fn(&Event) -> bool| {
        let start = Instant::now();
        loop {
            while let Some(event) = client.next_event() {
                if is_expected(&event) {
                    return;
                }
            }
            client.wait(PATIENCE);
            assert!(start.elapsed() < PATIENCE, "overslept");
        }
    };
    for client in &mut clients {
        wait_until(client, &|event| matches!(event, Event::PeerConnected(_)));
    }
    for number in 0..20_u8 {
        for client in &mut clients {
            client.session().send_bytes(Target::SERVER, &[number]).unwrap();
            wait_until(
                client,
                &|event| matches!(event, Event::Packet { data, .. } if data.as_bytes() == [number]),
            );
        }
    }
    is_stopped.store(true, Ordering::SeqCst);
    waker.wake();
    host.join().unwrap();
}
