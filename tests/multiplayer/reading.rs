//! A packet means what it means to a program that has acted on everything before it: as in an engine, where a signal's
//! handler has run before the next packet is looked at.

use std::{
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{
    Packet, WebSocketPeer,
    multiplayer::{
        Event, Method, Methods, MultiplayerOptions, MultiplayerPeer, NodeKey, PeerId, Properties, Property,
        Scene, SessionOptions, Spawner, Target,
    },
};

use crate::{
    common::eventually,
    party::{HOST, Member, Party, Room, said},
    scripted::{ID, Scripted},
};

fn setup() -> Methods {
    Methods::new().with(Method::new("setup"))
}

/// The node at this path is called by this number.
fn announcement(number: u8, path: &str, methods: &Methods) -> Vec<u8> {
    [&[1][..], methods.md5().as_bytes(), &[0, number, 0, 0, 0], path.as_bytes(), &[0]].concat()
}

/// A call of the first method of the node at this path.
fn call(path: &str) -> Vec<u8> {
    [&[0xa0u8, 6, 0, 0, 0x80, 0][..], path.as_bytes(), &[0]].concat()
}

#[test]
fn a_call_behind_a_spawn_reaches_the_node_that_is_declared_when_the_spawn_is_read() {
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
fn a_synchronizer_that_is_declared_on_an_event_hears_the_next_packet() {
    let mut client = Scripted::start(MultiplayerOptions::default());
    let packets = [
        ID.to_vec(),
        vec![3, 1],
        announcement(1, "Door", &Methods::new()),
        // The state of the synchronizer at the path of this number: 0.
        [&[6, 1, 0][..], &[1, 0, 0, 0x80], &[2, 0, 0, 0], &[2, 0]].concat(),
    ];
    client.burst(&packets, |peer, event| match event {
        Event::Packet { .. } => {
            let door = Properties::new().with(Property::any("angle"));
            peer.session().register_synchronizer("Door", door).unwrap();
            None
        }
        Event::Synchronized { .. } => Some(()),
        Event::PacketRejected { error, .. } => panic!("{error}"),
        _ => None,
    });
}

/// Clients that send what a test says, as the host's peers. Each has its id.
fn strangers(host: &mut Member, count: usize) -> Vec<WebSocketPeer> {
    let url = format!("ws://{}", host.peer.local_addr().unwrap());
    let mut strangers: Vec<WebSocketPeer> = (0..count).map(|_| WebSocketPeer::new()).collect();
    for stranger in &mut strangers {
        stranger.connect(&url).unwrap();
        eventually("an id", || {
            host.step();
            stranger.poll();
            stranger.recv()
        });
    }
    host.told.clear();
    strangers
}

/// Waits until the host has something to read that these have sent, all of it in one poll, and reads nothing.
fn poll_together(host: &mut Member, strangers: &mut [WebSocketPeer], packets: &[Packet]) {
    for stranger in strangers {
        for packet in packets {
            stranger.send_packet(packet).unwrap();
        }
        eventually("all of it is sent", || {
            stranger.poll();
            (stranger.buffered() == 0).then_some(())
        });
    }
    // What was sent over loopback can be read at once, or soon.
    thread::sleep(Duration::from_millis(50));
    host.peer.poll();
}

#[test]
fn an_authority_that_is_given_on_an_event_may_call_in_the_next_packet() {
    let mut host = Member::new(MultiplayerPeer::bind("127.0.0.1:0", MultiplayerOptions::default()).unwrap());
    let mut strangers = strangers(&mut host, 1);
    let ship = host.peer.session().register_node_with("Ship", setup()).unwrap();
    let packets = [vec![3, 1], call("Ship")].map(Packet::binary);
    poll_together(&mut host, &mut strangers, &packets);
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
fn a_game_that_greets_newcomers_greets_each_once_however_many_come_in_one_poll() {
    let mut party = Party::hosted(MultiplayerOptions::default());
    party.members[HOST].reads = false;
    let newcomers: Vec<usize> = (0..4).map(|_| party.join()).collect();
    party.until("all of them are connected", |party| {
        party.members[HOST].peer.server_stats().is_some_and(|stats| stats.peers == newcomers.len())
    });
    let mut players: Vec<PeerId> = Vec::new();
    party.until("all have been greeted", |party| {
        let host = &mut party.members[HOST];
        while let Some(event) = host.peer.next_event() {
            let Event::PeerConnected(new) = event else { panic!("{event:?}") };
            // As in Godot's demo: the newcomer is told of all players, and all of the newcomer.
            for player in &players {
                host.say(new, &player.to_string());
            }
            host.say(Target::All, &new.to_string());
            players.push(new);
        }
        players.len() == newcomers.len()
    });
    let mut names: Vec<String> = players.iter().map(PeerId::to_string).collect();
    names.sort();
    for newcomer in newcomers {
        let mut told = Vec::new();
        party.until("each newcomer knows all players", |party| {
            let member = &mut party.members[newcomer];
            while let Some(event) = member.told.pop_front() {
                if let Event::Call(call) = event {
                    let Some(Ok(Room::Say { text })) = member.room.read(call) else { panic!("another call") };
                    told.push(text);
                }
            }
            told.len() >= names.len()
        });
        // Nothing is told twice: what follows comes after it.
        let id = party.id(newcomer);
        party.members[HOST].say(id, "the end");
        assert_eq!(party.call(newcomer).1, said("the end"));
        told.sort();
        assert_eq!(told, names);
    }
}

#[test]
fn of_two_actions_in_one_poll_the_second_is_judged_by_what_the_first_has_changed() {
    let mut host = Member::new(MultiplayerPeer::bind("127.0.0.1:0", MultiplayerOptions::default()).unwrap());
    let methods = || {
        let set_turn = Method::new("set_turn").call_local();
        Methods::new().with(Method::new("roll").any_peer()).with(set_turn)
    };
    let game: NodeKey = host.peer.session().register_node_with("Game", methods()).unwrap();
    let mut strangers = strangers(&mut host, 2);
    poll_together(&mut host, &mut strangers, &[Packet::binary(call("Game"))]);
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
                // The turn changes where this is read.
                Event::Call(_) => is_open = false,
                other => panic!("{other:?}"),
            }
        }
        (rolls == 2).then_some(())
    });
    assert_eq!(accepted, 1);
}

#[test]
fn a_program_that_reads_nothing_more_still_leaves() {
    for leaver in [HOST, 1] {
        let mut party = Party::of(2);
        party.members[leaver].reads = false;
        for text in ["one", "two"] {
            party.members[2].say(Target::All, text);
        }
        // The first of them waits to be read, and the second behind it.
        for _ in 0..20 {
            party.step();
        }
        party.members[leaver].peer.close();
        party.until("it is closed", |party| party.members[leaver].peer.is_closed());
    }
}

#[test]
fn an_answer_that_waits_to_be_read_is_not_late() {
    let limit = Duration::from_millis(100);
    let options = SessionOptions::default().authenticate(true).auth_timeout(limit);
    let options = MultiplayerOptions::default().session(options);
    let mut host = Member::new(MultiplayerPeer::bind("127.0.0.1:0", options).unwrap());
    let mut client = WebSocketPeer::new();
    client.connect(&format!("ws://{}", host.peer.local_addr().unwrap())).unwrap();
    let id = eventually("it asks to be admitted", || {
        client.poll();
        host.step();
        match host.told.pop_front()? {
            Event::Authenticating(id) => Some(id),
            other => panic!("{other:?}"),
        }
    });
    host.peer.session().complete_auth(id).unwrap();
    eventually("its id", || {
        client.poll();
        client.recv()
    });
    // A word, which the program has to read before the answer that is waited for.
    poll_together(&mut host, &mut [client], &[vec![7, 0, 5], vec![7, 0]].map(Packet::binary));
    let start = Instant::now();
    while start.elapsed() < limit * 2 {
        host.peer.poll();
    }
    host.step();
    assert!(matches!(host.told.pop_front(), Some(Event::Auth { .. })));
    assert_eq!(host.told.pop_front(), Some(Event::PeerConnected(id)));
}
