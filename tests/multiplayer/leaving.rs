//! How peers leave: nothing that was sent before is lost, and each departure is reported once.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use websocket_peer::{
    CloseCause, Error, Limit, PeerOptions, RateLimits, ReadyState, ServerOptions, Timeout, WebSocketPeer,
    multiplayer::{DisconnectReason, Event, MultiplayerOptions, SessionError, Target},
};

use crate::{
    common::{
        eventually,
        raw::{REQUEST, Raw},
    },
    test_session::{HOST, TestPeer, TestSession, accepted, said},
};

#[test]
fn a_kicked_client_receives_the_last_message_and_the_others_see_it_leave() {
    let mut test_session = TestSession::of(2);
    let ann = test_session.id(1);
    test_session.members[HOST].say(ann, "you are out");
    test_session.members[HOST].peer.session().disconnect_peer(ann).unwrap();
    assert_eq!(test_session.event(HOST), Event::PeerDisconnected(ann, DisconnectReason::Kicked));
    assert_eq!(test_session.call(1).1, said("you are out"));
    assert!(matches!(test_session.event(1), Event::PeerDisconnected(_, DisconnectReason::ServerLost)));
    assert!(matches!(test_session.event(1), Event::PeerDisconnected(..)));
    let Event::Disconnected { info } = test_session.event(1) else { panic!("not disconnected") };
    assert_eq!((info.code, info.cause), (Some(1000), CloseCause::Remote));
    assert_eq!(test_session.event(2), Event::PeerDisconnected(ann, DisconnectReason::ReportedByServer));
    assert_eq!(test_session.members[HOST].peer.session().disconnect_peer(ann), Err(Error::UnknownPeer));
}

#[test]
fn a_client_whose_connection_is_lost_leaves_for_all() {
    let mut test_session = TestSession::of(2);
    let ann = test_session.id(1);
    drop(test_session.members.remove(1));
    let Event::PeerDisconnected(peer_id, DisconnectReason::Closed(info)) = test_session.event(HOST) else {
        panic!("not gone")
    };
    assert_eq!((peer_id, info.cause), (ann, CloseCause::ConnectionLost));
    assert_eq!(test_session.event(1), Event::PeerDisconnected(ann, DisconnectReason::ReportedByServer));
}

#[test]
fn a_lost_server_ends_the_session_for_all() {
    let mut test_session = TestSession::of(2);
    let (ann, bob) = (test_session.id(1), test_session.id(2));
    drop(test_session.members.remove(HOST));
    for (member, other) in [(0, bob), (1, ann)] {
        assert_eq!(test_session.event(member), Event::PeerDisconnected(other, DisconnectReason::ServerLost));
        assert!(matches!(test_session.event(member), Event::PeerDisconnected(..)));
        assert!(matches!(test_session.event(member), Event::Disconnected { .. }));
        assert!(test_session.members[member].peer.is_closed());
    }
    let result = test_session.members[0].peer.session().send_bytes(Target::All, b"hello?");
    assert_eq!(result, Err(Error::NotOpen { state: ReadyState::Closed }.into()));
}

#[test]
fn everything_that_a_leaving_client_sent_arrives() {
    let mut test_session = TestSession::of(1);
    let ann = test_session.id(1);
    test_session.members[1].say(Target::SERVER, "bye");
    test_session.members[1].peer.close();
    assert_eq!(test_session.call(HOST), (ann, said("bye")));
    let Event::PeerDisconnected(_, DisconnectReason::Closed(info)) = test_session.event(HOST) else {
        panic!("not gone")
    };
    assert_eq!((info.code, info.cause), (Some(1000), CloseCause::Remote));
    test_session.until("it is closed", |test_session| test_session.members[1].peer.is_closed());
}

#[test]
fn everything_that_a_closing_server_sent_arrives_and_then_it_stops_listening() {
    let mut test_session = TestSession::of(2);
    let url = test_session.url();
    test_session.members[HOST].say(Target::All, "the end");
    test_session.members[HOST].peer.close();
    for member in [1, 2] {
        assert_eq!(test_session.call(member).1, said("the end"));
    }
    test_session.until("all are closed", |test_session| {
        test_session.members.iter().all(|member| member.peer.is_closed())
    });
    let mut late = WebSocketPeer::new();
    late.connect(&url).unwrap();
    assert!(matches!(crate::common::closed(&mut late).cause, CloseCause::Refused { .. }));
}

#[test]
fn a_server_without_clients_can_close() {
    let mut test_session = TestSession::of(0);
    test_session.members[HOST].peer.close();
    test_session.until("it is closed", |test_session| test_session.members[HOST].peer.is_closed());
}

#[test]
fn a_client_that_reads_too_slowly_is_disconnected_and_the_others_see_it_leave() {
    let limits = RateLimits::default();
    let peer = PeerOptions::for_server().outbound_buffer_size(64 * 1024);
    let options =
        MultiplayerOptions::default().server(ServerOptions::default().connection(peer).rate_limits(limits));
    let mut test_session = TestSession::with(1, options);
    let address = test_session.members[HOST].peer.local_addr().unwrap();
    let mut raw = Raw::new(TcpStream::connect(address).unwrap());
    raw.send(REQUEST);
    let Event::PeerConnected(slow) = test_session.event(HOST) else { panic!("it was not admitted") };
    assert_eq!(test_session.event(1), Event::PeerConnected(slow));
    let much = [7; 60_000];
    let event = loop {
        if test_session.members[HOST].peer.session().send_bytes(slow, &much).is_err() {
            break test_session.event(HOST);
        }
        test_session.step();
    };
    let Event::PeerDisconnected(peer_id, DisconnectReason::Closed(info)) = event else { panic!("{event:?}") };
    assert_eq!((peer_id, info.cause), (slow, CloseCause::LimitExceeded(Limit::SessionBacklog)));
    assert_eq!(test_session.event(1), Event::PeerDisconnected(slow, DisconnectReason::ReportedByServer));
    test_session.members[HOST].say(Target::All, "still here");
    assert_eq!(test_session.call(1).1, said("still here"));
}

#[test]
fn a_flood_of_rejected_packets_closes_with_1008_and_the_others_see_it_leave() {
    let mut test_session = TestSession::of(1);
    let mut raw_client = WebSocketPeer::new();
    raw_client.connect(&test_session.url()).unwrap();
    let Event::PeerConnected(id) = eventually("the raw client is a peer", || {
        raw_client.poll();
        test_session.step();
        if raw_client.state() == ReadyState::Open {
            test_session.members[HOST].events.pop_front()
        } else {
            None
        }
    }) else {
        panic!("it was not admitted")
    };
    assert_eq!(test_session.event(1), Event::PeerConnected(id));
    for _ in 0..1000 {
        raw_client.send(&[]).unwrap();
    }
    let info = eventually("the raw client is closed", || {
        raw_client.poll();
        test_session.step();
        raw_client.close_info().cloned()
    });
    assert_eq!((info.code, info.cause), (Some(1008), CloseCause::Remote));
    assert_eq!(info.reason, "sent too many packets that were rejected");
    assert_eq!(test_session.event(1), Event::PeerDisconnected(id, DisconnectReason::ReportedByServer));
    test_session.members[1].say(Target::SERVER, "still here");
    let mut gone = Vec::new();
    loop {
        match test_session.event(HOST) {
            Event::PacketRejected { from, .. } if from == id => assert_eq!(gone, []),
            Event::PeerDisconnected(peer_id, DisconnectReason::Closed(info)) if peer_id == id => {
                gone.push(info.cause)
            }
            Event::Call(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(gone, [CloseCause::LimitExceeded(Limit::RejectedPacketRate)]);
}

/// A short heartbeat, so that the tests take tenths of a second.
const INTERVAL: Duration = Duration::from_millis(200);

/// A host, and a client that is not polled, so that its pongs are missing.
fn with_a_frozen_client(options: PeerOptions) -> (TestSession, TestPeer) {
    let mut test_session = TestSession::with(1, accepted(options));
    let frozen = test_session.members.remove(1);
    (test_session, frozen)
}

#[test]
fn a_frozen_client_is_disconnected_after_the_heartbeat_timeout() {
    let options = PeerOptions::for_server().heartbeat_interval(INTERVAL).heartbeat_timeout(INTERVAL);
    let (mut test_session, _frozen) = with_a_frozen_client(options);
    let Event::PeerDisconnected(_, DisconnectReason::Closed(info)) = test_session.event(HOST) else {
        panic!("not gone")
    };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Heartbeat));
}

#[test]
fn a_frozen_client_stays_if_the_heartbeat_is_off_or_longer() {
    let off = PeerOptions::for_server().heartbeat_interval(Duration::ZERO).heartbeat_timeout(INTERVAL);
    let longer =
        PeerOptions::for_server().heartbeat_interval(INTERVAL).heartbeat_timeout(Duration::from_secs(600));
    for options in [off, longer] {
        let (mut test_session, frozen) = with_a_frozen_client(options);
        let start = Instant::now();
        test_session.until("it has been frozen for a while", |_| start.elapsed() > 8 * INTERVAL);
        test_session.members.push(frozen);
        assert!(test_session.members[HOST].events.is_empty(), "{:?}", test_session.members[HOST].events);
        let id = test_session.id(1);
        test_session.members[HOST].say(id, "still here?");
        assert_eq!(test_session.call(1).1, said("still here?"));
        test_session.members[1].say(Target::SERVER, "yes");
        assert_eq!(test_session.call(HOST), (id, said("yes")));
    }
}

#[test]
fn a_packet_too_big_for_engines_is_an_error_and_nothing_is_sent() {
    let mut test_session = TestSession::with(1, accepted(PeerOptions::for_server()));
    let result = test_session.members[1].peer.session().send_bytes(Target::All, &[0; 65_536]);
    assert!(matches!(result, Err(SessionError::Peer(Error::PacketTooBig { max: 65_535, .. }))), "{result:?}");
    test_session.members[1].say(Target::SERVER, "next");
    assert_eq!(test_session.call(HOST).1, said("next"));
}
