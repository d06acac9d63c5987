//! Clients that attack: names in masses, floods, peers that read nothing, slow handshakes.

use std::{collections::BTreeSet, time::Duration};

use websocket_peer::{
    PeerOptions, RateLimits, ServerOptions, WebSocketPeer,
    multiplayer::{
        Event, PeerId, Placement, RoomCloseCause, RoomEvent, RoomKey, RoomOptions, RoomServerOptions,
        SessionOptions, Target,
    },
};

use crate::{
    common::raw::{BINARY, Raw, client_frame},
    requests::request,
    test_rooms::{TestRooms, local},
};

/// Without rate limits, for floods.
fn open_server() -> ServerOptions {
    local().rate_limits(unlimited())
}

fn unlimited() -> RateLimits {
    RateLimits::default()
        .max_packets_per_second(0)
        .max_bytes_per_second(0)
        .max_control_frames_per_second(0)
        .max_fragments(0)
        .max_message_time(Duration::ZERO)
}

fn on_demand(rooms: usize, empty_timeout: Duration) -> TestRooms {
    let options = RoomServerOptions::default().server(open_server()).max_rooms(rooms);
    TestRooms::with_hook(options, move |request| {
        let options = RoomOptions::default().empty_timeout(empty_timeout);
        Placement::room_or_open(request.path().trim_start_matches('/'), options)
    })
}

/// The server has nothing of a name that it has rejected.
#[test]
fn a_mass_of_joins_to_unknown_rooms_leaves_nothing() {
    let mut rooms = TestRooms::with(RoomServerOptions::default().server(open_server()));
    let room = rooms.open("a");
    let client = rooms.join("a");
    rooms.assert_quiet();
    let before = rooms.server.stats().server.memory;
    for round in 0..1000 {
        assert_eq!(rooms.status(&format!("unknown-{round}-{}", "x".repeat(round % 200))), 404);
    }
    rooms.until("nothing is left of the connections", |rooms| {
        let stats = rooms.server.stats().server;
        (stats.pending, stats.memory) == (0, before)
    });
    let stats = rooms.server.stats();
    assert_eq!((stats.rooms, stats.opened, stats.closed, stats.server.peers), (1, 1, 0, 1));
    assert_eq!(rooms.server.rooms().map(|room| room.key()).collect::<Vec<_>>(), [room]);
    assert_eq!(rooms.server.room_of(rooms.id(client)), Some(room));
    rooms.assert_quiet();
}

/// Ten thousand names on demand, each by a client that leaves at once. Never more than `max_rooms` are open; the rest is
/// rejected with 503; empty rooms go, and their names with them.
#[test]
fn ten_thousand_names_open_at_most_max_rooms() {
    const NAMES: usize = 10_000;
    const MAX: usize = 64;
    let mut rooms = on_demand(MAX, Duration::from_millis(20));
    let mut open = BTreeSet::new();
    let (mut accepted, mut rejected, mut most) = (0, 0, 0);
    for first in (0..NAMES).step_by(100) {
        let mut raws: Vec<Raw> =
            (first..first + 100).map(|name| rooms.raw_client(&format!("name-{name}"))).collect();
        rooms.until("all are answered", |rooms| {
            let stats = rooms.server.stats();
            most = most.max(stats.rooms);
            (stats.server.accepted + stats.server.rejected) as usize >= first + 100
                && stats.server.pending == 0
        });
        for raw in &mut raws {
            let head = rooms.eventually("an answer", |_| raw.head());
            match head.split(' ').nth(1) {
                Some("101") => accepted += 1,
                Some("503") => rejected += 1,
                _ => panic!("{head}"),
            }
        }
        drop(raws);
        update(&mut open, &mut rooms);
    }
    assert_eq!(accepted + rejected, NAMES);
    assert!((1..=MAX).contains(&most), "{most} rooms");
    assert!(accepted >= MAX && rejected > 0, "{accepted} were accepted, {rejected} rejected");
    rooms.until("all rooms are closed", |rooms| {
        update(&mut open, rooms);
        open.is_empty() && rooms.server.stats().rooms == 0
    });
    rooms.until("nothing is left of the connections", |rooms| {
        let stats = rooms.server.stats();
        (stats.server.peers, stats.server.memory) == (0, 0)
    });
    let stats = rooms.server.stats();
    assert_eq!((stats.opened, stats.closed), (accepted as u64, accepted as u64));
    // The server is as usable as before.
    rooms.join_any("name-0");
}

/// Applies the events to the open rooms.
#[track_caller]
fn update(open: &mut BTreeSet<RoomKey>, rooms: &mut TestRooms) {
    for event in rooms.events.drain(..) {
        match event {
            RoomEvent::Opened(room) => assert!(open.insert(room)),
            RoomEvent::Closed(room, cause) => {
                assert_eq!((open.remove(&room), cause), (true, RoomCloseCause::Empty));
            }
            _ => {}
        }
    }
}

/// Rooms that were opened for connections that never finish their handshake close as empty ones do.
#[test]
fn rooms_that_were_opened_for_lost_handshakes_close() {
    let mut rooms = on_demand(8, Duration::from_millis(50));
    for round in 0..100 {
        let raw = rooms.raw_client(&round.to_string());
        raw.reset();
        rooms.step();
    }
    rooms.until("all rooms are closed", |rooms| rooms.server.stats().rooms == 0);
    let stats = rooms.server.stats();
    assert_eq!(stats.opened, stats.closed);
    rooms.events.clear();
    rooms.join_any("again");
}

/// An authenticated room cannot be entered by packets, whatever these contain.
#[test]
fn packets_of_a_client_that_is_not_authenticated_reach_no_member() {
    let mut rooms = TestRooms::with(RoomServerOptions::default().server(open_server()));
    let auth = SessionOptions::default().authenticate(true);
    let guarded = rooms.open_with("a", RoomOptions::default().session(auth.clone()));
    let options = websocket_peer::multiplayer::MultiplayerOptions::default().session(auth);
    let member = rooms.connect_with("a", options);
    let RoomEvent::Session(_, Event::Authenticating(id)) = rooms.event() else { panic!("it authenticates") };
    rooms.server.session(guarded).unwrap().complete_auth(id).unwrap();
    rooms.until("the client authenticates", |rooms| {
        rooms.clients[member].peer.session().complete_auth(PeerId::SERVER).is_ok()
    });
    rooms.expect(RoomEvent::Session(guarded, Event::PeerConnected(id)));
    rooms.clients[member].events.clear();
    let mut raw = WebSocketPeer::new();
    raw.connect(&rooms.url("a")).unwrap();
    let RoomEvent::Session(_, Event::Authenticating(intruder)) =
        rooms.eventually("it authenticates", |rooms| {
            raw.poll();
            rooms.events.pop_front()
        })
    else {
        panic!("it authenticates")
    };
    for target in [0, id.get(), -1, 1] {
        raw.send(&[&[7, 3][..], &target.to_le_bytes(), &[3, 1]].concat()).unwrap();
    }
    for packet in [&[3, 1][..], &[7, 1, 9, 0, 0, 0], &[7, 2, 9, 0, 0, 0]] {
        raw.send(packet).unwrap();
    }
    let rejected = |rooms: &TestRooms| rooms.server.room(guarded).unwrap().stats().rejected_packets;
    rooms.until("all are rejected", |rooms| {
        raw.poll();
        rejected(rooms) == 7
    });
    assert_eq!(rooms.server.room(guarded).unwrap().stats().relayed, 0);
    assert!(rooms.events.drain(..).all(|event| matches!(
        event,
        RoomEvent::Session(_, Event::PacketRejected { from, .. }) if from == intruder
    )));
    assert_eq!(rooms.clients[member].events, []);
}

/// Raw clients that send as fast as the server reads.
struct Flood {
    raws: Vec<Raw>,
    frame: Vec<u8>,
    offsets: Vec<usize>,
}

impl Flood {
    /// Joins a room with this number of clients. Each relays packets to all others.
    fn join(rooms: &mut TestRooms, path: &str, clients: usize, size: usize) -> Self {
        let mut raws: Vec<Raw> = (0..clients).map(|_| rooms.raw_client(path)).collect();
        let room = rooms.server.find(path).expect("a room");
        rooms.until("the flood has joined", |rooms| {
            for raw in &mut raws {
                raw.look();
            }
            rooms.server.room(room).unwrap().peer_count() >= clients
        });
        let packet = [&[7, 3][..], &0_i32.to_le_bytes(), &[3], &vec![7; size]].concat();
        let offsets = vec![0; clients];
        Self { raws, frame: client_frame(BINARY, packet), offsets }
    }

    /// Sends what the kernel takes, in whole frames over several calls, and reads what has arrived if `reads`.
    fn advance(&mut self, reads: bool) {
        for (raw, offset) in self.raws.iter_mut().zip(&mut self.offsets) {
            for _ in 0..64 {
                let sent = raw.offer(&self.frame[*offset..]);
                *offset = (*offset + sent) % self.frame.len();
                if sent == 0 {
                    break;
                }
            }
            if reads {
                raw.look();
                raw.forget();
            }
        }
    }
}

/// Answers every call in the quiet room, and returns the number of polls that each round trip took.
fn round_trips(
    rooms: &mut TestRooms,
    flood: &mut Flood,
    reads: bool,
    quiet: RoomKey,
    client: usize,
) -> Vec<u64> {
    let id = rooms.id(client);
    (0..30)
        .map(|number| {
            let before = rooms.polls();
            rooms.say(client, PeerId::SERVER, &number.to_string());
            let mut is_answered = false;
            rooms.until("the answer", |rooms| {
                flood.advance(reads);
                for event in std::mem::take(&mut rooms.events) {
                    if let RoomEvent::Session(room, Event::Call(_)) = event
                        && room == quiet
                    {
                        rooms.announce(quiet, id, "answer");
                    }
                }
                is_answered |=
                    rooms.clients[client].events.drain(..).any(|event| matches!(event, Event::Call(_)));
                is_answered
            });
            rooms.polls() - before
        })
        .collect()
}

/// Polls and reads at most this number of events at a time, as a program with a frame does. A flood cannot take more
/// than its budget of each poll.
#[test]
fn a_flooding_room_does_not_delay_another() {
    let mut rooms = TestRooms::with(RoomServerOptions::default().server(open_server()));
    let (loud, quiet) = (rooms.open("loud"), rooms.open("quiet"));
    let client = rooms.join("quiet");
    let mut flood = Flood::join(&mut rooms, "loud", 6, 1000);
    rooms.events.clear();
    let trips = round_trips(&mut rooms, &mut flood, true, quiet, client);
    let relayed = rooms.server.room(loud).unwrap().stats().relayed;
    assert!(relayed > 1000, "the flood has relayed {relayed} packets only");
    // There, handled, back, and two spare ones for packets that arrive behind a poll. The kernel may be slow.
    let slow = trips.iter().filter(|polls| **polls > 6).count();
    assert!(slow <= 3, "polls of each round trip: {trips:?}");
}

/// The deadlines of a room pass, also if its members always have sent more than its budget.
#[test]
fn a_kicked_peer_is_disconnected_while_its_room_is_flooded() {
    let mut rooms = TestRooms::with(RoomServerOptions::default().server(open_server()));
    let session = SessionOptions::default().drain_timeout(Duration::from_millis(100));
    let room = rooms.open_with("loud", RoomOptions::default().session(session));
    let client = rooms.join("loud");
    let id = rooms.id(client);
    // It does not answer.
    rooms.clients[client].is_polled = false;
    let mut flood = Flood::join(&mut rooms, "loud", 32, 0);
    rooms.server.session(room).unwrap().disconnect_peer(id).unwrap();
    rooms.until("the end of its connection", |rooms| {
        flood.advance(true);
        rooms.server.peer(id).is_none()
    });
}

/// Members that read nothing are disconnected, or their senders wait; another room does not notice.
#[test]
fn a_room_whose_members_do_not_read_does_not_delay_another() {
    let server = open_server().slow_reader_timeout(Duration::from_millis(500));
    let mut rooms = TestRooms::with(RoomServerOptions::default().server(server));
    let (loud, quiet) = (rooms.open("loud"), rooms.open("quiet"));
    let client = rooms.join("quiet");
    let mut flood = Flood::join(&mut rooms, "loud", 4, 10_000);
    rooms.events.clear();
    let trips = round_trips(&mut rooms, &mut flood, false, quiet, client);
    let slow = trips.iter().filter(|polls| **polls > 6).count();
    assert!(slow <= 3, "polls of each round trip: {trips:?}");
    assert!(rooms.server.room(loud).is_some());
    let memory = rooms.server.stats().server.memory;
    let max = ServerOptions::default().max_buffered_bytes;
    assert!(memory <= max, "{memory} bytes");
}

/// Places are reserved when the request is complete: slow requests cannot keep a room full.
#[test]
fn slow_handshakes_cannot_fill_a_room() {
    let connection = PeerOptions::for_server().connect_timeout(Duration::from_secs(2));
    let server = open_server().connection(connection);
    let mut rooms = TestRooms::with(RoomServerOptions::default().server(server));
    rooms.open_with("a", RoomOptions::default().capacity(2));
    let text = request("a");
    let mut slow: Vec<(Raw, usize)> = (0..40).map(|_| (rooms.raw(), 0)).collect();
    // They send a byte at a time, but never the last one.
    for _ in 0..20 {
        for (raw, sent) in &mut slow {
            *sent += raw.offer(&text.as_bytes()[*sent..=*sent]);
        }
        rooms.step();
    }
    let clients = [rooms.join("a"), rooms.join("a")];
    rooms.assert_quiet();
    assert_eq!(clients.map(|client| rooms.server.room_of(rooms.id(client)).is_some()), [true; 2]);
}

/// Events that the program does not read are bounded, whatever the clients of many rooms send.
#[test]
fn a_program_that_reads_nothing_slows_the_senders_down() {
    let mut rooms = TestRooms::with(RoomServerOptions::default().server(open_server()));
    let (a, b) = (rooms.open("a"), rooms.open("b"));
    let mut floods = [Flood::join(&mut rooms, "a", 2, 1000), Flood::join(&mut rooms, "b", 2, 1000)];
    rooms.events.clear();
    let relayed = |rooms: &TestRooms| {
        [a, b].map(|room| rooms.server.room(room).unwrap().stats().relayed).iter().sum::<u64>()
    };
    let before = relayed(&rooms);
    for _ in 0..200 {
        floods.iter_mut().for_each(|flood| flood.advance(true));
        rooms.server.poll();
    }
    // One packet is handled: its event waits to be read.
    assert!(relayed(&rooms) - before <= 2, "{} packets", relayed(&rooms) - before);
    rooms.until("it reads again", |rooms| {
        floods.iter_mut().for_each(|flood| flood.advance(true));
        relayed(rooms) > before + 100
    });
    assert!(rooms.server.session(a).unwrap().send_bytes(Target::All, b"x").is_ok());
}
