//! How peers leave: each end gets one event with the reason, behind the packets that were sent before.

use websocket_peer::{
    CloseCause, CloseCode, Error, Limit, RateLimits, ReadyState, ServerOptions, WebSocketPeer,
    multiplayer::{ConnectionStatus, PeerEvent, PeerId, Target},
};

use super::{Group, HOST, Member};
use crate::common::{closed, eventually, opened};

const SERVER: PeerId = PeerId::SERVER;

/// The end of a peer's connection, which is its next event.
#[track_caller]
fn end_of(group: &mut Group, member: usize, peer: PeerId) -> (Option<u16>, String, CloseCause) {
    match group.event(member) {
        PeerEvent::Disconnected(id, info) if id == peer => (info.code, info.reason, info.cause),
        other => panic!("not the end of {peer}: {other:?}"),
    }
}

#[test]
fn a_kicked_client_gets_the_reason_behind_everything_that_was_sent() {
    let mut group = Group::of(2);
    let (ann, bob) = (group.id(1), group.id(2));
    group.host().send(ann, b"last words").unwrap();
    let code = CloseCode::application::<4001>();
    group.host().disconnect_peer_with(ann, code, "no spam, please").unwrap();
    // It is a peer until its `Disconnected` is read.
    assert_eq!(group.host().peers().len(), 2);
    group.host().send(ann, b"into the void").unwrap();
    group.host().send(Target::All, b"for Bob").unwrap();
    group.host().disconnect_peer(ann).unwrap();

    assert_eq!(group.packet(1), (SERVER, b"last words".to_vec()));
    let reason = "no spam, please".to_owned();
    assert_eq!(end_of(&mut group, 1, SERVER), (Some(4001), reason.clone(), CloseCause::Remote));
    assert_eq!(end_of(&mut group, HOST, ann), (Some(4001), reason, CloseCause::Local));
    assert_eq!(group.packet(2), (SERVER, b"for Bob".to_vec()));
    assert_eq!(group.members[HOST].peer.peers().collect::<Vec<_>>(), [bob]);
    assert_eq!(group.host().disconnect_peer(ann), Err(Error::UnknownPeer));
    assert_eq!(group.host().send(ann, b"x"), Err(Error::UnknownPeer));
    let kicked = &group.members[1].peer;
    assert!(kicked.is_closed());
    assert_eq!((kicked.status(), kicked.peers().len()), (ConnectionStatus::Disconnected, 0));
    assert_eq!(kicked.id(), Some(ann));
}

#[test]
fn disconnect_peer_sends_1000_without_a_reason() {
    let mut group = Group::of(1);
    let ann = group.id(1);
    group.host().disconnect_peer(ann).unwrap();
    assert_eq!(end_of(&mut group, 1, SERVER), (Some(1000), String::new(), CloseCause::Remote));
    assert_eq!(end_of(&mut group, HOST, ann), (Some(1000), String::new(), CloseCause::Local));
}

#[test]
fn nothing_more_is_received_from_a_peer_that_was_disconnected() {
    for kicker in [HOST, 1] {
        let mut group = Group::of(2);
        let (kicked, peer) = if kicker == HOST { (1, group.id(1)) } else { (HOST, SERVER) };
        for text in ["one", "two"] {
            group.members[kicked].peer.send(Target::All, text.as_bytes()).unwrap();
        }
        let first = eventually("the first packet", || {
            group.members[kicked].peer.poll();
            group.members[kicker].peer.poll();
            group.members[kicker].peer.next_event()
        });
        assert!(matches!(first, PeerEvent::Packet(id, packet) if id == peer && *packet == *b"one"));
        // The second packet has arrived, too, or is on its way.
        group.members[kicker].peer.disconnect_peer(peer).unwrap();
        end_of(&mut group, kicker, peer);
    }
}

#[test]
fn a_disconnect_that_is_not_possible_is_an_error_without_effect() {
    let mut group = Group::of(1);
    let ann = group.id(1);
    let too_long = "x".repeat(124);
    let result = group.host().disconnect_peer_with(ann, CloseCode::NORMAL, &too_long);
    assert_eq!(result, Err(Error::ReasonTooLong { len: 124 }));
    assert_eq!(group.host().disconnect_peer(SERVER), Err(Error::UnknownPeer));
    let client = &mut group.members[1].peer;
    let result = client.disconnect_peer_with(SERVER, CloseCode::NORMAL, &too_long);
    assert_eq!(result, Err(Error::ReasonTooLong { len: 124 }));
    let result = client.disconnect_peer_with(SERVER, CloseCode::GOING_AWAY, "");
    assert_eq!(result, Err(Error::InvalidCloseCode { code: 1001 }));
    assert_eq!(client.disconnect_peer(ann), Err(Error::UnknownPeer));
    client.send(SERVER, b"still here").unwrap();
    assert_eq!(group.packet(HOST), (ann, b"still here".to_vec()));

    let new = group.join();
    assert_eq!(group.members[new].peer.disconnect_peer(SERVER), Err(Error::UnknownPeer), "it has no id");
}

#[test]
fn a_client_that_disconnects_the_server_leaves() {
    let mut group = Group::of(1);
    let ann = group.id(1);
    group.members[1].peer.send(SERVER, b"bye").unwrap();
    let code = CloseCode::application::<4002>();
    group.members[1].peer.disconnect_peer_with(SERVER, code, "bedtime").unwrap();
    assert_eq!(group.packet(HOST), (ann, b"bye".to_vec()));
    let reason = "bedtime".to_owned();
    assert_eq!(end_of(&mut group, HOST, ann), (Some(4002), reason.clone(), CloseCause::Remote));
    assert_eq!(end_of(&mut group, 1, SERVER), (Some(4002), reason, CloseCause::Local));
}

#[test]
fn a_client_that_closes_gets_only_the_event_disconnected() {
    let mut group = Group::of(1);
    let ann = group.id(1);
    group.host().send(ann, b"unread").unwrap();
    group.members[1].peer.send(SERVER, b"bye").unwrap();
    group.members[1].peer.close();
    let client = &mut group.members[1].peer;
    assert_eq!((client.status(), client.peers().len()), (ConnectionStatus::Disconnected, 0));
    assert_eq!(client.send(SERVER, b"x"), Err(Error::NotOpen { state: ReadyState::Closing }));
    assert_eq!(client.disconnect_peer(SERVER), Err(Error::UnknownPeer));
    assert_eq!(group.packet(HOST), (ann, b"bye".to_vec()));
    assert_eq!(end_of(&mut group, HOST, ann).0, Some(1000));
    assert_eq!(end_of(&mut group, 1, SERVER), (Some(1000), String::new(), CloseCause::Local));
    assert!(group.members[1].peer.is_closed());
}

#[test]
fn a_server_that_closes_delivers_everything_and_has_no_more_events() {
    let mut group = Group::of(2);
    let (url, ann) = (group.url(), group.id(1));
    group.members[1].peer.send(SERVER, b"unread").unwrap();
    group.host().send(Target::All, b"the end").unwrap();
    group.host().close();
    let host = group.host();
    assert_eq!((host.status(), host.peers().len()), (ConnectionStatus::Disconnected, 0));
    for to in [Target::All, Target::Peer(ann)] {
        assert_eq!(host.send(to, b"x"), Err(Error::NotOpen { state: ReadyState::Closing }));
    }
    assert_eq!(host.disconnect_peer(ann), Err(Error::UnknownPeer));
    // The program reads no event, and the server is closed all the same.
    let mut host = group.members.remove(HOST).peer;
    eventually("the server is closed", || {
        host.poll();
        group.step();
        host.is_closed().then_some(())
    });
    for client in [0, 1] {
        assert_eq!(group.packet(client), (SERVER, b"the end".to_vec()));
        assert_eq!(end_of(&mut group, client, SERVER).0, Some(1001));
    }
    assert_eq!(host.next_event(), None);
    let result = host.send(Target::All, b"x");
    assert_eq!(result, Err(Error::NotOpen { state: ReadyState::Closed }));
    let mut late = WebSocketPeer::new();
    late.connect(&url).unwrap();
    assert!(matches!(closed(&mut late).cause, CloseCause::Refused { .. }));
}

#[test]
fn a_lost_connection_is_reported_behind_the_packets_before_it() {
    let mut group = Group::of(2);
    let ann = group.id(1);
    for number in 0..10 {
        group.members[1].peer.send(SERVER, &[number]).unwrap();
    }
    eventually("everything is sent", || {
        group.members[1].peer.poll();
        group.members[HOST].peer.poll();
        (group.members[HOST].peer.peer(ann)?.stats().packets_received >= 10).then_some(())
    });
    drop(group.members.remove(1));
    for number in 0..10 {
        let event = eventually("a packet", || {
            group.host().poll();
            group.host().next_event()
        });
        assert!(matches!(event, PeerEvent::Packet(id, packet) if id == ann && *packet == [number]));
    }
    eventually("it is gone, and the program has not read that", || {
        group.host().poll();
        (group.host().peer(ann)?.state() == ReadyState::Closed).then_some(())
    });
    for to in [Target::Peer(ann), Target::All] {
        group.host().send(to, b"x").unwrap();
    }
    assert_eq!(end_of(&mut group, HOST, ann), (None, String::new(), CloseCause::ConnectionLost));
}

#[test]
fn a_lost_server_is_the_last_event_of_its_client() {
    let mut group = Group::of(1);
    group.host().send(Target::All, b"last").unwrap();
    group.host().flush();
    let mut member = group.members.remove(1);
    drop(group);
    eventually("the end", || {
        member.step();
        member.peer.is_closed().then_some(())
    });
    member.step();
    let events = Vec::from(member.events);
    let [PeerEvent::Packet(SERVER, last), PeerEvent::Disconnected(SERVER, _)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(last.as_bytes(), b"last");
    assert_eq!(member.peer.send(SERVER, b"x"), Err(Error::NotOpen { state: ReadyState::Closed }));
}

#[test]
fn a_send_to_a_server_whose_end_was_not_read_is_not_an_error() {
    let mut group = Group::of(1);
    let Member { mut peer, .. } = group.members.remove(1);
    drop(group);
    eventually("it is lost", || {
        peer.poll();
        peer.is_closed().then_some(())
    });
    peer.send(SERVER, b"x").unwrap();
    assert_eq!((peer.status(), peer.peers().len()), (ConnectionStatus::Connected, 1));
    assert!(matches!(peer.next_event(), Some(PeerEvent::Disconnected(SERVER, _))));
    assert_eq!(peer.send(SERVER, b"x"), Err(Error::NotOpen { state: ReadyState::Closed }));
    assert_eq!(peer.next_event(), None);
}

#[test]
fn a_client_that_sends_before_it_has_its_id_is_understood_and_a_flood_is_closed_with_1008() {
    let mut limits = RateLimits::default();
    limits.max_packets_per_second = 100;
    let mut group = Group::with(1, ServerOptions::default().rate_limits(limits));
    let mut raw_client = WebSocketPeer::new();
    raw_client.connect(&group.url()).unwrap();
    eventually("it is open", || {
        group.members[HOST].peer.poll();
        (raw_client.poll() == ReadyState::Open).then_some(())
    });
    // It has read nothing, and the server's program has not read that it is connected.
    for packet in [&b"early"[..], b"", &[0xff; 1000]] {
        raw_client.send(packet).unwrap();
    }
    raw_client.send_text("tëxt").unwrap();
    let mut events = Vec::new();
    group.until("all packets are read", |group| {
        raw_client.poll();
        events.extend(group.members[HOST].events.drain(..));
        events.len() >= 5
    });
    let PeerEvent::Connected(id) = events.remove(0) else { panic!("{events:?}") };
    let packets: Vec<Vec<u8>> = events
        .into_iter()
        .map(|event| match event {
            PeerEvent::Packet(from, packet) if from == id => packet.into_vec(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(packets, [b"early".to_vec(), vec![], vec![0xff; 1000], "tëxt".as_bytes().to_vec()]);

    for _ in 0..2000 {
        // It fails once the connection is closing.
        if raw_client.send(b"").is_err() {
            break;
        }
    }
    let end = loop {
        raw_client.poll();
        match group.event(HOST) {
            PeerEvent::Packet(from, packet) => assert_eq!((from, packet.len()), (id, 0)),
            other => break other,
        }
    };
    let PeerEvent::Disconnected(from, info) = end else { panic!("{end:?}") };
    assert_eq!((from, info.code), (id, Some(1008)));
    assert_eq!(info.cause, CloseCause::LimitExceeded(Limit::PacketRate));
    group.host().send(Target::All, b"still here").unwrap();
    assert_eq!(group.packet(1), (SERVER, b"still here".to_vec()));
}

#[test]
fn a_plain_client_needs_to_know_nothing_of_ids() {
    let mut group = Group::of(0);
    let mut raw_client = WebSocketPeer::new();
    raw_client.connect(&group.url()).unwrap();
    let PeerEvent::Connected(id) = eventually("it is a peer", || {
        raw_client.poll();
        group.step();
        group.members[HOST].events.pop_front()
    }) else {
        panic!("not connected")
    };
    opened(&mut raw_client);
    raw_client.close();
    let event = eventually("it is gone", || {
        raw_client.poll();
        group.step();
        group.members[HOST].events.pop_front()
    });
    assert!(matches!(event, PeerEvent::Disconnected(from, info) if from == id && info.was_clean()));
}
