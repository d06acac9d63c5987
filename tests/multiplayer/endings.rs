//! How they part: nobody loses what was sent before, and everybody is told once.

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
    party::{HOST, Member, Party, accepted, said},
};

#[test]
fn who_is_kicked_reads_the_last_message_and_the_others_are_told() {
    let mut party = Party::of(2);
    let ann = party.id(1);
    party.members[HOST].say(ann, "you are out");
    party.members[HOST].peer.session().disconnect_peer(ann).unwrap();
    assert_eq!(party.event(HOST), Event::PeerDisconnected(ann, DisconnectReason::Kicked));
    assert_eq!(party.call(1).1, said("you are out"));
    assert!(matches!(party.event(1), Event::PeerDisconnected(_, DisconnectReason::ServerLost)));
    assert!(matches!(party.event(1), Event::PeerDisconnected(..)));
    let Event::Disconnected { info } = party.event(1) else { panic!("it is still there") };
    assert_eq!((info.code, info.cause), (Some(1000), CloseCause::Remote));
    assert_eq!(party.event(2), Event::PeerDisconnected(ann, DisconnectReason::ReportedByServer));
    assert_eq!(party.members[HOST].peer.session().disconnect_peer(ann), Err(Error::UnknownPeer));
}

#[test]
fn who_vanishes_is_gone_for_everybody() {
    let mut party = Party::of(2);
    let ann = party.id(1);
    drop(party.members.remove(1));
    let Event::PeerDisconnected(who, DisconnectReason::Closed(info)) = party.event(HOST) else {
        panic!("not gone")
    };
    assert_eq!((who, info.cause), (ann, CloseCause::ConnectionLost));
    assert_eq!(party.event(1), Event::PeerDisconnected(ann, DisconnectReason::ReportedByServer));
}

#[test]
fn a_server_that_vanishes_takes_all_with_it() {
    let mut party = Party::of(2);
    let (ann, bob) = (party.id(1), party.id(2));
    drop(party.members.remove(HOST));
    for (member, other) in [(0, bob), (1, ann)] {
        assert_eq!(party.event(member), Event::PeerDisconnected(other, DisconnectReason::ServerLost));
        assert!(matches!(party.event(member), Event::PeerDisconnected(..)));
        assert!(matches!(party.event(member), Event::Disconnected { .. }));
        assert!(party.members[member].peer.is_closed());
    }
    let refused = party.members[0].peer.session().send_bytes(Target::All, b"anybody?");
    assert_eq!(refused, Err(Error::NotOpen { state: ReadyState::Closed }.into()));
}

#[test]
fn a_client_that_leaves_is_heard_to_the_end() {
    let mut party = Party::of(1);
    let ann = party.id(1);
    party.members[1].say(Target::SERVER, "bye");
    party.members[1].peer.close();
    assert_eq!(party.call(HOST), (ann, said("bye")));
    let Event::PeerDisconnected(_, DisconnectReason::Closed(info)) = party.event(HOST) else {
        panic!("not gone")
    };
    assert_eq!((info.code, info.cause), (Some(1000), CloseCause::Remote));
    party.until("it is over", |party| party.members[1].peer.is_closed());
}

#[test]
fn a_server_that_closes_is_heard_to_the_end_and_then_listens_no_more() {
    let mut party = Party::of(2);
    let url = party.url();
    party.members[HOST].say(Target::All, "good night");
    party.members[HOST].peer.close();
    for member in [1, 2] {
        assert_eq!(party.call(member).1, said("good night"));
    }
    party.until("all is over", |party| party.members.iter().all(|member| member.peer.is_closed()));
    let mut late = WebSocketPeer::new();
    late.connect(&url).unwrap();
    assert!(matches!(crate::common::closed(&mut late).cause, CloseCause::Refused { .. }));
}

#[test]
fn a_server_that_nobody_has_joined_closes_too() {
    let mut party = Party::of(0);
    party.members[HOST].peer.close();
    party.until("it is over", |party| party.members[HOST].peer.is_closed());
}

#[test]
fn who_takes_packets_too_slowly_is_parted_with_and_the_others_are_told() {
    let limits = RateLimits::default();
    let peer = PeerOptions::for_server().outbound_buffer_size(64 * 1024);
    let options =
        MultiplayerOptions::default().server(ServerOptions::default().connection(peer).rate_limits(limits));
    let mut party = Party::with(1, options);
    let address = party.members[HOST].peer.local_addr().unwrap();
    let mut raw = Raw::new(TcpStream::connect(address).unwrap());
    raw.send(REQUEST);
    let Event::PeerConnected(slow) = party.event(HOST) else { panic!("it was not let in") };
    assert_eq!(party.event(1), Event::PeerConnected(slow));
    let much = [7; 60_000];
    let departure = loop {
        if party.members[HOST].peer.session().send_bytes(slow, &much).is_err() {
            break party.event(HOST);
        }
        party.step();
    };
    let Event::PeerDisconnected(who, DisconnectReason::Closed(info)) = departure else {
        panic!("{departure:?}")
    };
    assert_eq!((who, info.cause), (slow, CloseCause::LimitExceeded(Limit::SessionBacklog)));
    assert_eq!(party.event(1), Event::PeerDisconnected(slow, DisconnectReason::ReportedByServer));
    party.members[HOST].say(Target::All, "still here");
    assert_eq!(party.call(1).1, said("still here"));
}

#[test]
fn a_flood_of_rejected_packets_closes_with_1008_and_the_others_are_told() {
    let mut party = Party::of(1);
    let mut stranger = WebSocketPeer::new();
    stranger.connect(&party.url()).unwrap();
    let Event::PeerConnected(id) = eventually("the stranger is a peer", || {
        stranger.poll();
        party.step();
        if stranger.state() == ReadyState::Open { party.members[HOST].told.pop_front() } else { None }
    }) else {
        panic!("it was not let in")
    };
    assert_eq!(party.event(1), Event::PeerConnected(id));
    for _ in 0..1000 {
        stranger.send(&[]).unwrap();
    }
    let info = eventually("the stranger is closed", || {
        stranger.poll();
        party.step();
        stranger.close_info().cloned()
    });
    assert_eq!((info.code, info.cause), (Some(1008), CloseCause::Remote));
    assert_eq!(info.reason, "sent too many packets that were rejected");
    assert_eq!(party.event(1), Event::PeerDisconnected(id, DisconnectReason::ReportedByServer));
    party.members[1].say(Target::SERVER, "still here");
    let mut gone = Vec::new();
    loop {
        match party.event(HOST) {
            Event::PacketRejected { from, .. } if from == id => assert_eq!(gone, []),
            Event::PeerDisconnected(who, DisconnectReason::Closed(info)) if who == id => {
                gone.push(info.cause)
            }
            Event::Call(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(gone, [CloseCause::LimitExceeded(Limit::RejectedPacketRate)]);
}

/// Where the heartbeat says nothing else, it is a matter of seconds; here of tenths.
const INTERVAL: Duration = Duration::from_millis(200);

/// A host, and a client that is as good as frozen: it is not polled, and its pongs are missing.
fn with_a_frozen_client(options: PeerOptions) -> (Party, Member) {
    let mut party = Party::with(1, accepted(options));
    let frozen = party.members.remove(1);
    (party, frozen)
}

#[test]
fn a_frozen_client_loses_its_place_after_the_heartbeat() {
    let options = PeerOptions::for_server().heartbeat_interval(INTERVAL).heartbeat_timeout(INTERVAL);
    let (mut party, _frozen) = with_a_frozen_client(options);
    let Event::PeerDisconnected(_, DisconnectReason::Closed(info)) = party.event(HOST) else {
        panic!("not gone")
    };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Heartbeat));
}

#[test]
fn a_frozen_client_keeps_its_place_where_the_heartbeat_is_off_or_longer() {
    let off = PeerOptions::for_server().heartbeat_interval(Duration::ZERO).heartbeat_timeout(INTERVAL);
    let longer =
        PeerOptions::for_server().heartbeat_interval(INTERVAL).heartbeat_timeout(Duration::from_secs(600));
    for options in [off, longer] {
        let (mut party, frozen) = with_a_frozen_client(options);
        let start = Instant::now();
        party.until("it has been frozen for a while", |_| start.elapsed() > 8 * INTERVAL);
        party.members.push(frozen);
        assert!(party.members[HOST].told.is_empty(), "{:?}", party.members[HOST].told);
        let id = party.id(1);
        party.members[HOST].say(id, "still here?");
        assert_eq!(party.call(1).1, said("still here?"));
        party.members[1].say(Target::SERVER, "yes");
        assert_eq!(party.call(HOST), (id, said("yes")));
    }
}

#[test]
fn a_packet_that_no_engine_would_take_is_refused_and_nothing_of_it_is_sent() {
    let mut party = Party::with(1, accepted(PeerOptions::for_server()));
    let refused = party.members[1].peer.session().send_bytes(Target::All, &[0; 65_536]);
    assert!(
        matches!(refused, Err(SessionError::Peer(Error::PacketTooBig { max: 65_535, .. }))),
        "{refused:?}"
    );
    party.members[1].say(Target::SERVER, "next");
    assert_eq!(party.call(HOST).1, said("next"));
}
