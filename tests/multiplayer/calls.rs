//! Calls and bytes between all peers.

use websocket_peer::multiplayer::{Event, PeerId, Target};

use crate::test_session::{HOST, Room, TestSession, said};

#[test]
fn every_peer_can_call_every_peer() {
    let mut test_session = TestSession::of(2);
    let (ann, bob) = (test_session.id(1), test_session.id(2));
    for (from, to, target) in [
        (1, HOST, Target::SERVER),
        (HOST, 1, ann.into()),
        (1, 2, bob.into()),
        (2, 1, ann.into()),
        (2, HOST, Target::SERVER),
    ] {
        // First by path, then by id.
        for text in ["first", "second"] {
            let sender = test_session.id(from);
            test_session.members[from].say(target, text);
            assert_eq!(test_session.call(to), (sender, said(text)));
        }
    }
    assert!(test_session.members.iter().all(|member| member.events.is_empty()));
}

#[test]
fn a_call_to_all_reaches_each_once_and_the_caller_if_the_method_is_local() {
    let mut test_session = TestSession::of(3);
    let ann = test_session.id(1);
    let shout = Room::Shout { text: "hey".to_owned() };
    let room = test_session.members[1].room;
    test_session.members[1].peer.session().call(room, Target::All, shout.clone()).unwrap();
    for member in 0..4 {
        assert_eq!(test_session.call(member), (ann, shout.clone()), "member {member}");
    }
    let room = test_session.members[HOST].room;
    test_session.members[HOST]
        .peer
        .session()
        .call(room, Target::AllExcept(ann), Room::Rule { number: 1 })
        .unwrap();
    for member in [2, 3] {
        assert_eq!(test_session.call(member), (PeerId::SERVER, Room::Rule { number: 1 }));
    }
    test_session.members[HOST].say(ann, "and you");
    assert_eq!(test_session.call(1), (PeerId::SERVER, said("and you")), "nothing arrived before it");
}

#[test]
fn bytes_reach_one_peer_or_all() {
    let mut test_session = TestSession::of(2);
    let (ann, bob) = (test_session.id(1), test_session.id(2));
    test_session.members[1].peer.session().send_bytes(Target::All, b"to all").unwrap();
    for member in [HOST, 2] {
        let Event::Packet { from, data } = test_session.event(member) else { panic!("no packet") };
        assert_eq!((from, data.as_bytes()), (ann, &b"to all"[..]));
    }
    test_session.members[1].peer.session().send_bytes(bob, b"to one").unwrap();
    let Event::Packet { from, data } = test_session.event(2) else { panic!("no packet") };
    assert_eq!((from, data.as_bytes()), (ann, &b"to one"[..]));
}

#[test]
fn a_poll_relays_even_if_the_program_reads_nothing() {
    let mut test_session = TestSession::of(2);
    let bob = test_session.id(2);
    test_session.members[HOST].reads = false;
    for round in 0..3 {
        let text = format!("round {round}");
        test_session.members[1].say(bob, &text);
        assert_eq!(test_session.call(2).1, said(&text));
    }
}

#[test]
fn a_program_that_reads_nothing_slows_down_the_sender_and_loses_nothing() {
    const PACKETS: usize = 3000;
    let mut test_session = TestSession::of(1);
    test_session.members[HOST].reads = false;
    for number in 0..PACKETS {
        let number = (number as u32).to_le_bytes();
        test_session.members[1].peer.session().send_bytes(Target::SERVER, &number).unwrap();
        test_session.step();
    }
    for _ in 0..50 {
        test_session.step();
    }
    test_session.members[HOST].reads = true;
    for number in 0..PACKETS {
        let Event::Packet { data, .. } = test_session.event(HOST) else { panic!("no packet") };
        assert_eq!(data.as_bytes(), (number as u32).to_le_bytes());
    }
}
