//! The room without I/O: who gets which message.

use std::{collections::BTreeMap, time::Duration};

use chat::{
    Message,
    room::{Output, Recipients, Room},
};
use websocket_peer::{Packet, multiplayer::PeerId, variant::Variant};

fn id(number: i32) -> PeerId {
    PeerId::new(number).expect("a positive number")
}

/// Returns a time that is long after the one for a smaller number.
fn minute(number: u64) -> Duration {
    Duration::from_secs(60 * number)
}

fn send(to: Recipients, message: Message) -> Output {
    Output::Send(to, message)
}

/// Returns a room with the members 2 and 3.
fn pair() -> Room {
    let mut room = Room::new();
    room.joined(id(2), minute(0));
    room.joined(id(3), minute(0));
    room
}

#[test]
fn a_member_is_announced_to_the_others_and_gets_their_names() {
    let mut room = Room::new();
    let announced = |number| send(Recipients::AllExcept(id(number)), Message::Connected(id(number)));
    assert_eq!(room.joined(id(2), minute(0)), [announced(2)]);
    assert_eq!(room.joined(id(3), minute(0)), [announced(3)], "2 has no name");
    room.received(id(2), &Packet::text("/name Ann"), minute(1));
    room.received(id(3), &Packet::text("/name Bob"), minute(1));
    let names = [(2, "Ann"), (3, "Bob")];
    let names =
        names.map(|(other, name)| send(Recipients::One(id(4)), Message::Named(id(other), name.into())));
    assert_eq!(room.joined(id(4), minute(2)), [&[announced(4)][..], &names].concat());
}

#[test]
fn a_line_goes_to_all_but_its_author() {
    let mut room = pair();
    let variant = Packet::variant(&Variant::from("hello")).expect("a value with a binary form");
    for packet in [Packet::text(" hello\u{7}\n"), variant, Packet::binary("hello")] {
        let line = send(Recipients::AllExcept(id(2)), Message::Says(id(2), "hello".into()));
        assert_eq!(room.received(id(2), &packet, minute(1)), [line]);
    }
}

#[test]
fn a_line_that_cannot_be_sent_is_answered_and_does_no_harm() {
    let mut room = pair();
    let variant = Packet::variant(&Variant::Int(7)).expect("a value with a binary form");
    for (packet, part) in [
        (Packet::text("x".repeat(501)), "more than 500 characters"),
        (variant, "Only text"),
        (Packet::binary([0xff]), "Only text"),
    ] {
        let outputs = room.received(id(2), &packet, minute(1));
        let [Output::Send(Recipients::One(to), Message::Plain(text))] = &outputs[..] else {
            panic!("{outputs:?}")
        };
        assert!(*to == id(2) && text.contains(part), "{text}");
    }
    for nothing in ["", " \n", "\u{202e}"] {
        assert_eq!(room.received(id(2), &Packet::text(nothing), minute(2)), [], "{nothing:?}");
    }
    let longest = "ü".repeat(500);
    assert_eq!(room.received(id(2), &Packet::text(longest), minute(3)).len(), 1);
}

#[test]
fn a_name_is_announced_to_the_others_and_confirmed_to_its_member() {
    let mut room = pair();
    let accepted = send(Recipients::One(id(2)), Message::NameAccepted("Ann".into()));
    let named = send(Recipients::AllExcept(id(2)), Message::Named(id(2), "Ann".into()));
    let text = Packet::text("/name  Ann ");
    assert_eq!(room.received(id(2), &text, minute(1)), [accepted.clone(), named]);
    assert_eq!(room.received(id(2), &text, minute(1)), [accepted], "it has this name");
    assert_eq!((room.name(id(2)), room.name(id(3))), (Some("Ann"), None));
    assert_eq!(room.received(id(2), &Packet::text("/name ANN"), minute(1)).len(), 2, "its own name");
    // Members would read these as names.
    for text in [" /name ann", "\u{1}/name ann", "\u{202e}/name ann"] {
        let refused = Message::NameRefused("this name is taken".into());
        let answer = send(Recipients::One(id(3)), refused);
        assert_eq!(room.received(id(3), &Packet::text(text), minute(2)), [answer], "{text:?}");
    }
}

#[test]
fn a_name_that_breaks_a_rule_or_is_taken_is_refused() {
    let mut room = pair();
    room.received(id(3), &Packet::text("/name Bob"), minute(0));
    let long = "x".repeat(21);
    for (name, reason) in [
        ("", "a name has 1 to 20 characters"),
        (&long, "a name has 1 to 20 characters"),
        ("A\u{202e}nn", "a name has no invisible characters"),
        ("[7]", "a name has no square brackets"),
        ("sErVeR", "this name cannot be chosen"),
        ("Bob", "this name is taken"),
        (" bOB ", "this name is taken"),
    ] {
        let refused = send(Recipients::One(id(2)), Message::NameRefused(reason.into()));
        let packet = Packet::text(format!("/name {name}"));
        assert_eq!(room.received(id(2), &packet, minute(1)), [refused], "{name:?}");
        assert_eq!(room.name(id(2)), None);
    }
    room.left(id(3));
    room.received(id(2), &Packet::text("/name Bob"), minute(2));
    assert_eq!(room.name(id(2)), Some("Bob"), "it is free again");
}

#[test]
fn a_member_that_floods_is_removed_with_a_reason_and_ignored() {
    let mut room = pair();
    let line = Packet::text("flood");
    for _ in 0..10 {
        assert_eq!(room.received(id(2), &line, minute(1)).len(), 1);
    }
    let outputs = room.received(id(2), &line, minute(1));
    let reason = "you send faster than people type".to_owned();
    let gone = send(Recipients::All, Message::Disconnected(id(2)));
    assert_eq!(outputs, [Output::Kick(id(2), reason), gone]);
    assert_eq!(room.received(id(2), &line, minute(2)), []);
    assert_eq!(room.left(id(2)), [], "its end was announced");
    assert_eq!(room.received(id(3), &line, minute(1)).len(), 1, "others are not affected");
}

#[test]
fn the_server_speaks_to_all_and_removes_members_by_id_or_name() {
    let mut room = pair();
    room.received(id(3), &Packet::text("/name 2"), minute(1));
    assert_eq!(room.say(" hi\n"), [send(Recipients::All, Message::Server("hi".into()))]);
    assert_eq!(room.say("\n"), []);
    assert_eq!((room.find("2"), room.find("3"), room.find("4")), (Some(id(3)), Some(id(3)), None));
    let Some(Output::Kick(removed, reason)) = room.kick(id(3), &"ä\n".repeat(100)).into_iter().next() else {
        panic!("a member can be removed")
    };
    assert!(removed == id(3) && reason.len() <= 123 && reason.starts_with("ä ä"), "{reason}");
    assert_eq!(room.kick(id(3), "again"), []);
}

/// What a member has received, and how often each line must have arrived.
#[derive(Default)]
struct Log {
    received: Vec<Message>,
    expected: Vec<String>,
}

#[test]
fn random_events_reach_every_other_member_once() {
    for seed in 1..=200 {
        play(seed);
    }
}

/// Plays a random chat, and checks it from the members' side.
fn play(seed: u64) {
    let mut random = Random(seed);
    let mut room = Room::new();
    let mut logs: BTreeMap<PeerId, Log> = BTreeMap::new();
    let mut next_id = 2;
    for step in 0..300 {
        let now = Duration::from_millis(400 * step);
        let chosen = logs.keys().copied().nth(random.below(logs.len().max(1)));
        let outputs = match (random.below(10), chosen) {
            (0 | 1, _) | (_, None) => {
                next_id += 1;
                logs.insert(id(next_id), Log::default());
                room.joined(id(next_id), now)
            }
            (2, Some(member)) => {
                logs.remove(&member);
                room.left(member)
            }
            (3 | 4, Some(member)) => {
                let name = ["Ann", "ann", "Bob", "", "[x]", "Server", "C\u{7}"][random.below(7)];
                room.received(member, &Packet::text(format!("/name {name}")), now)
            }
            (_, Some(member)) => {
                let line = format!("line {step}");
                let outputs = room.received(member, &Packet::text(&*line), now);
                if !matches!(outputs[..], [Output::Kick(..), ..]) {
                    let others = logs.iter_mut().filter(|(id, _)| **id != member);
                    others.for_each(|(_, log)| log.expected.push(line.clone()));
                }
                outputs
            }
        };
        deliver(outputs, &mut logs, seed);
        let names: Vec<String> = room.members().filter_map(|(_, name)| Some(name?.to_lowercase())).collect();
        let mut unique = names.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), names.len(), "seed {seed}: {names:?}");
        assert!(room.members().map(|(id, _)| id).eq(logs.keys().copied()), "seed {seed}");
    }
    for (id, log) in logs {
        let says = |message: &Message| match message {
            Message::Says(from, text) => {
                assert_ne!(*from, id, "seed {seed}: its own line came back");
                Some(text.clone())
            }
            _ => None,
        };
        let lines: Vec<String> = log.received.iter().filter_map(says).collect();
        assert_eq!(lines, log.expected, "seed {seed}: each line once, in order");
    }
}

fn deliver(outputs: Vec<Output>, logs: &mut BTreeMap<PeerId, Log>, seed: u64) {
    for output in outputs {
        match output {
            Output::Kick(id, _) => assert!(logs.remove(&id).is_some(), "seed {seed}: removed twice"),
            Output::Send(Recipients::One(id), message) => {
                logs.get_mut(&id)
                    .unwrap_or_else(|| panic!("seed {seed}: sent to {id}"))
                    .received
                    .push(message);
            }
            Output::Send(to, message) => {
                let is_recipient = |id| to != Recipients::AllExcept(id);
                let logs = logs.iter_mut().filter(|(id, _)| is_recipient(**id));
                logs.for_each(|(_, log)| log.received.push(message.clone()));
            }
        }
    }
}

/// Xorshift: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
