//! A packet is handled after the program has reacted to the events before it, as in an engine, where signal handlers
//! run before the next packet is handled.

use std::{
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{
    Packet, WebSocketPeer,
    multiplayer::{
        Event, Method, Methods, MultiplayerOptions, NodeKey, PeerId, Properties, Property, Scene,
        SceneMultiplayer, SessionOptions, Spawner, Target,
    },
};

use crate::{
    common::eventually,
    scripted_server::{ID, Scripted},
    test_session::{HOST, Room, TestPeer, TestSession, said},
};

fn setup() -> Methods {
    Methods::new().with(Method::new("setup"))
}

/// Announces this path by this id.
fn announcement(id: u8, path: &str, methods: &Methods) -> Vec<u8> {
    [&[1][..], methods.md5().as_bytes(), &[0, id, 0, 0, 0], path.as_bytes(), &[0]].concat()
}

/// A call of the first method of the node at this path.
fn call(path: &str) -> Vec<u8> {
    [&[0xa0u8, 6, 0, 0, 0x80, 0][..], path.as_bytes(), &[0]].concat()
}

#[test]
fn a_call_after_a_spawn_reaches_the_node_registered_when_the_spawn_is_read() {
    let mut client = Scripted::start(MultiplayerOptions::default());
    client.peer.session().register_spawner("Level/Spawner", Spawner::new().scene(Scene::new([]))).unwrap();
    let spawn = [&[4u8, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0][..], b"Hero\0"].concat();
    let packets = [
        ID.to_vec(),
        announcement(1, "Level/Spawner", &Methods::new()),
        spawn,
        announcement(2, "Level/Hero", &setup()),
        call("Level/Hero"),
    ];
    let mut hero = None;
    let called = client.burst(&packets, |peer, event| match event {
        Event::Spawned(spawned) => {
            hero =
                Some(peer.session().register_node_with(&format!("Level/{}", spawned.name), setup()).unwrap());
            None
        }
        Event::Call(call) => Some(call.node),
        Event::PacketRejected { error, .. } => panic!("{error}"),
        _ => None,
    });
    assert_eq!(Some(called), hero);
}

#[test]
fn a_synchronizer_registered_on_an_event_receives_the_next_packet() {
    let mut client = Scripted::start(MultiplayerOptions::default());
    let packets = [
        ID.to_vec(),
        vec![3, 1],
        announcement(1, "Gate", &Methods::new()),
        // The state of the synchronizer at the path with this id: 0.
        [&[6, 1, 0][..], &[1, 0, 0, 0x80], &[2, 0, 0, 0], &[2, 0]].concat(),
    ];
    client.burst(&packets, |peer, event| match event {
        Event::Packet { .. } => {
            let gate = Properties::new().with(Property::any("angle"));
            peer.session().register_synchronizer("Gate", gate).unwrap();
            None
        }
        Event::Synchronized { .. } => Some(()),
        Event::PacketRejected { error, .. } => panic!("{error}"),
        _ => None,
    });
}

/// Connected clients that send whatever packets a test gives them. Each has received its id.
fn raw_clients(host: &mut TestPeer, count: usize) -> Vec<WebSocketPeer> {
    let url = format!("ws://{}", host.peer.local_addr().unwrap());
    let mut raw_clients: Vec<WebSocketPeer> = (0..count).map(|_| WebSocketPeer::new()).collect();
    for raw_client in &mut raw_clients {
        raw_client.connect(&url).unwrap();
        eventually("an id", || {
            host.step();
            raw_client.poll();
            raw_client.recv()
        });
    }
    host.events.clear();
    raw_clients
}

/// Sends these packets, so that they arrive in one poll of the host. The host reads no event.
fn poll_together(host: &mut TestPeer, raw_clients: &mut [WebSocketPeer], packets: &[Packet]) {
    for raw_client in raw_clients {
        for packet in packets {
            raw_client.send_packet(packet).unwrap();
        }
        eventually("everything is sent", || {
            raw_client.poll();
            (raw_client.buffered() == 0).then_some(())
        });
    }
    // Over loopback it arrives at once, or soon.
    thread::sleep(Duration::from_millis(50));
    host.peer.poll();
}

#[test]
fn an_authority_set_on_an_event_may_call_in_the_next_packet() {
    let mut host =
        TestPeer::new(SceneMultiplayer::bind("127.0.0.1:0", MultiplayerOptions::default()).unwrap());
    let mut raw_clients = raw_clients(&mut host, 1);
    let ship = host.peer.session().register_node_with("Ship", setup()).unwrap();
    let packets = [vec![3, 1], call("Ship")].map(Packet::binary);
    poll_together(&mut host, &mut raw_clients, &packets);
    let called = eventually("the call", || {
        host.peer.poll();
        while let Some(event) = host.peer.next_event() {
            match event {
                Event::Packet { from, .. } => host.peer.session().set_authority(ship, from).unwrap(),
                Event::Call(call) => return Some(call.node),
                other => panic!("{other:?}"),
            }
        }
        None
    });
    assert_eq!(called, ship);
}

#[test]
fn a_game_that_announces_players_announces_each_once_if_several_join_in_one_poll() {
    let mut test_session = TestSession::hosted(MultiplayerOptions::default());
    test_session.members[HOST].reads = false;
    let new_clients: Vec<usize> = (0..4).map(|_| test_session.join()).collect();
    test_session.until("all of them are connected", |test_session| {
        test_session.members[HOST].peer.server_stats().is_some_and(|stats| stats.peers == new_clients.len())
    });
    let mut players: Vec<PeerId> = Vec::new();
    test_session.until("all have been announced", |test_session| {
        let host = &mut test_session.members[HOST];
        while let Some(event) = host.peer.next_event() {
            let Event::PeerConnected(new) = event else { panic!("{event:?}") };
            // As in Godot's demo: the new client is sent all players, and all are sent the new client.
            for player in &players {
                host.say(new, &player.to_string());
            }
            host.say(Target::All, &new.to_string());
            players.push(new);
        }
        players.len() == new_clients.len()
    });
    let mut names: Vec<String> = players.iter().map(PeerId::to_string).collect();
    names.sort();
    for new_client in new_clients {
        let mut texts = Vec::new();
        test_session.until("each new client knows all players", |test_session| {
            let member = &mut test_session.members[new_client];
            while let Some(event) = member.events.pop_front() {
                if let Event::Call(call) = event {
                    let Some(Ok(Room::Say { text })) = member.room.read(call) else { panic!("another call") };
                    texts.push(text);
                }
            }
            texts.len() >= names.len()
        });
        // Nothing is sent twice: the next call is the last one.
        let id = test_session.id(new_client);
        test_session.members[HOST].say(id, "the end");
        assert_eq!(test_session.call(new_client).1, said("the end"));
        texts.sort();
        assert_eq!(texts, names);
    }
}

#[test]
fn of_two_actions_in_one_poll_the_second_sees_the_effect_of_the_first() {
    let mut host =
        TestPeer::new(SceneMultiplayer::bind("127.0.0.1:0", MultiplayerOptions::default()).unwrap());
    let methods = || {
        let set_turn = Method::new("set_turn").call_local();
        Methods::new().with(Method::new("roll").any_peer()).with(set_turn)
    };
    let game: NodeKey = host.peer.session().register_node_with("Game", methods()).unwrap();
    let mut raw_clients = raw_clients(&mut host, 2);
    poll_together(&mut host, &mut raw_clients, &[Packet::binary(call("Game"))]);
    let (mut is_open, mut accepted, mut rolls) = (true, 0, 0);
    eventually("both rolls", || {
        host.peer.poll();
        while let Some(event) = host.peer.next_event() {
            match event {
                Event::Call(call) if call.method == "roll" => {
                    rolls += 1;
                    if is_open {
                        accepted += 1;
                        host.peer.session().call_method(game, Target::All, "set_turn", vec![]).unwrap();
                    }
                }
                // The turn changes when this is read.
                Event::Call(_) => is_open = false,
                other => panic!("{other:?}"),
            }
        }
        (rolls == 2).then_some(())
    });
    assert_eq!(accepted, 1);
}

#[test]
fn a_program_that_stops_reading_can_still_leave() {
    for leaver in [HOST, 1] {
        let mut test_session = TestSession::of(2);
        test_session.members[leaver].reads = false;
        for text in ["one", "two"] {
            test_session.members[2].say(Target::All, text);
        }
        // The first waits to be read, and the second behind it.
        for _ in 0..20 {
            test_session.step();
        }
        test_session.members[leaver].peer.close();
        test_session.until("it is closed", |test_session| test_session.members[leaver].peer.is_closed());
    }
}

#[test]
fn an_answer_that_waits_to_be_read_is_not_late() {
    let limit = Duration::from_millis(100);
    let options = SessionOptions::default().authenticate(true).auth_timeout(limit);
    let options = MultiplayerOptions::default().session(options);
    let mut host = TestPeer::new(SceneMultiplayer::bind("127.0.0.1:0", options).unwrap());
    let mut client = WebSocketPeer::new();
    client.connect(&format!("ws://{}", host.peer.local_addr().unwrap())).unwrap();
    let id = eventually("it is authenticating", || {
        client.poll();
        host.step();
        match host.events.pop_front()? {
            Event::Authenticating(id) => Some(id),
            other => panic!("{other:?}"),
        }
    });
    host.peer.session().complete_auth(id).unwrap();
    eventually("its id", || {
        client.poll();
        client.recv()
    });
    // Data, which the program must read before the answer.
    poll_together(&mut host, &mut [client], &[vec![7, 0, 5], vec![7, 0]].map(Packet::binary));
    let start = Instant::now();
    while start.elapsed() < limit * 2 {
        host.peer.poll();
    }
    host.step();
    assert!(matches!(host.events.pop_front(), Some(Event::Auth { .. })));
    assert_eq!(host.events.pop_front(), Some(Event::PeerConnected(id)));
}
