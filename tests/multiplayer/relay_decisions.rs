//! The hook of `on_relay`, over real connections.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use websocket_peer::multiplayer::{Event, MultiplayerOptions, RelayDecision, RelayedKind, Target};

use crate::test_session::{HOST, Room, TestSession, said};

/// Sends bytes from a member.
fn send(test_session: &mut TestSession, from: usize, to: impl Into<Target>, bytes: &[u8]) {
    test_session.members[from].peer.session().send_bytes(to, bytes).expect("the packet is valid");
}

/// The bytes of the next event of a member, which is a packet.
#[track_caller]
fn bytes(test_session: &mut TestSession, member: usize) -> Vec<u8> {
    match test_session.event(member) {
        Event::Packet { data, .. } => data.into_vec(),
        other => panic!("not a packet: {other:?}"),
    }
}

#[test]
fn a_hook_drops_what_one_client_sends_to_others_and_passes_the_rest() {
    let mut test_session = TestSession::of(3);
    let (ann, bob) = (test_session.id(1), test_session.id(2));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let hook_seen = Arc::clone(&seen);
    test_session.members[HOST].peer.on_relay(move |packet| {
        hook_seen.lock().unwrap().push((packet.from, packet.to, packet.bytes().map(<[u8]>::to_vec)));
        if packet.from == ann { RelayDecision::Drop } else { RelayDecision::Pass }
    });
    send(&mut test_session, 1, bob, b"dropped");
    send(&mut test_session, 1, Target::All, b"for the server only");
    assert_eq!(bytes(&mut test_session, HOST), b"for the server only");
    // The server has handled everything before, so the others would get it before this.
    send(&mut test_session, HOST, Target::All, b"end");
    for member in [1, 2, 3] {
        assert_eq!(bytes(&mut test_session, member), b"end", "member {member}");
    }
    send(&mut test_session, 2, Target::All, b"passed");
    for member in [HOST, 1, 3] {
        assert_eq!(bytes(&mut test_session, member), b"passed", "member {member}");
    }
    let all = Target::All;
    assert_eq!(
        *seen.lock().unwrap(),
        [
            (ann, bob.into(), Some(b"dropped".to_vec())),
            (ann, all, Some(b"for the server only".to_vec())),
            (bob, all, Some(b"passed".to_vec())),
        ]
    );
    let stats = test_session.members[HOST].peer.session().stats();
    assert_eq!((stats.dropped_relays, stats.relayed, stats.rejected_packets), (2, 1, 0));
}

#[test]
fn a_hook_decides_about_the_calls_between_clients_but_not_about_those_to_the_server() {
    let mut test_session = TestSession::of(2);
    test_session.members[HOST].peer.on_relay(|packet| match packet.kind() {
        RelayedKind::Call => RelayDecision::Drop,
        _ => RelayDecision::Pass,
    });
    let ann = test_session.id(1);
    let shout = Room::Shout { text: "hey".to_owned() };
    let room = test_session.members[1].room;
    for _ in 0..3 {
        test_session.members[1].peer.session().call(room, Target::All, shout.clone()).unwrap();
        assert_eq!(test_session.call(HOST), (ann, shout.clone()));
        assert_eq!(test_session.call(1), (ann, shout.clone()), "the local call");
    }
    test_session.until("the calls to the other client are dropped", |test_session| {
        test_session.members[HOST].peer.session().stats().dropped_relays == 3
    });
    // The next hook replaces it.
    test_session.members[HOST].peer.on_relay(|_| RelayDecision::Pass);
    test_session.members[1].say(Target::All, "back");
    assert_eq!(test_session.call(2), (ann, said("back")));
    assert_eq!(test_session.call(HOST), (ann, said("back")));
}

#[test]
fn a_panic_of_the_hook_drops_the_packet_and_nothing_else() {
    let mut test_session = TestSession::of(2);
    let bob = test_session.id(2);
    let calls = Arc::new(AtomicUsize::new(0));
    let hook_calls = Arc::clone(&calls);
    test_session.members[HOST].peer.on_relay(move |packet| {
        hook_calls.fetch_add(1, Ordering::Relaxed);
        assert_ne!(packet.bytes(), Some(&b"panic"[..]), "planted");
        RelayDecision::Pass
    });
    for round in 0..3u8 {
        send(&mut test_session, 1, bob, b"panic");
        send(&mut test_session, 1, bob, &[round]);
        assert_eq!(bytes(&mut test_session, 2), [round]);
    }
    let stats = test_session.members[HOST].peer.session().stats();
    assert_eq!((calls.load(Ordering::Relaxed), stats.relayed, stats.dropped_relays), (6, 3, 3));
    assert_eq!(test_session.members[HOST].peer.peers().len(), 2);
}

#[test]
fn a_client_never_calls_its_hook() {
    let mut test_session = TestSession::with(2, MultiplayerOptions::default());
    let bob = test_session.id(2);
    let calls = Arc::new(AtomicUsize::new(0));
    for member in [1, 2] {
        let calls = Arc::clone(&calls);
        test_session.members[member].peer.on_relay(move |_| {
            calls.fetch_add(1, Ordering::Relaxed);
            RelayDecision::Drop
        });
    }
    send(&mut test_session, 1, bob, b"hello");
    assert_eq!(bytes(&mut test_session, 2), b"hello");
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}
