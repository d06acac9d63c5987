//! Calls and bytes between all of them.

use websocket_peer::multiplayer::{Event, PeerId, Target};

use crate::party::{HOST, Party, Room, said};

#[test]
fn everybody_can_call_everybody() {
    let mut party = Party::of(2);
    let (ann, bob) = (party.id(1), party.id(2));
    for (from, to, target) in [
        (1, HOST, Target::SERVER),
        (HOST, 1, ann.into()),
        (1, 2, bob.into()),
        (2, 1, ann.into()),
        (2, HOST, Target::SERVER),
    ] {
        // By path first, by number then.
        for text in ["first", "second"] {
            let sender = party.id(from);
            party.members[from].say(target, text);
            assert_eq!(party.call(to), (sender, said(text)));
        }
    }
    assert!(party.members.iter().all(|member| member.told.is_empty()));
}

#[test]
fn a_call_to_all_reaches_each_once_and_the_caller_where_it_is_local() {
    let mut party = Party::of(3);
    let ann = party.id(1);
    let shout = Room::Shout { text: "hey".to_owned() };
    let room = party.members[1].room;
    party.members[1].peer.session().call(room, Target::All, shout.clone()).unwrap();
    for member in 0..4 {
        assert_eq!(party.call(member), (ann, shout.clone()), "member {member}");
    }
    let room = party.members[HOST].room;
    party.members[HOST].peer.session().call(room, Target::AllExcept(ann), Room::Rule { number: 1 }).unwrap();
    for member in [2, 3] {
        assert_eq!(party.call(member), (PeerId::SERVER, Room::Rule { number: 1 }));
    }
    party.members[HOST].say(ann, "and you");
    assert_eq!(party.call(1), (PeerId::SERVER, said("and you")), "nothing came before it");
}

#[test]
fn bytes_go_the_same_ways() {
    let mut party = Party::of(2);
    let (ann, bob) = (party.id(1), party.id(2));
    party.members[1].peer.session().send_bytes(Target::All, b"to all").unwrap();
    for member in [HOST, 2] {
        let Event::Packet { from, data } = party.event(member) else { panic!("no packet") };
        assert_eq!((from, data.as_bytes()), (ann, &b"to all"[..]));
    }
    party.members[1].peer.session().send_bytes(bob, b"to one").unwrap();
    let Event::Packet { from, data } = party.event(2) else { panic!("no packet") };
    assert_eq!((from, data.as_bytes()), (ann, &b"to one"[..]));
}

#[test]
fn a_poll_relays_even_if_the_program_reads_nothing() {
    let mut party = Party::of(2);
    let bob = party.id(2);
    party.members[HOST].reads = false;
    for round in 0..3 {
        let text = format!("round {round}");
        party.members[1].say(bob, &text);
        assert_eq!(party.call(2).1, said(&text));
    }
}

#[test]
fn a_program_that_reads_nothing_holds_up_who_sends_and_loses_nothing() {
    const PACKETS: usize = 3000;
    let mut party = Party::of(1);
    party.members[HOST].reads = false;
    for number in 0..PACKETS {
        let number = (number as u32).to_le_bytes();
        party.members[1].peer.session().send_bytes(Target::SERVER, &number).unwrap();
        party.step();
    }
    for _ in 0..50 {
        party.step();
    }
    party.members[HOST].reads = true;
    for number in 0..PACKETS {
        let Event::Packet { data, .. } = party.event(HOST) else { panic!("no packet") };
        assert_eq!(data.as_bytes(), (number as u32).to_le_bytes());
    }
}
