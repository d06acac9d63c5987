//! Who comes in, and under what name.

use std::time::{Duration, Instant};

use websocket_peer::{
    Admission, CloseCause, Error, PeerOptions, ReadyState, Role, ServerEvent, ServerOptions, Timeout,
    UpgradedStream, WebSocketPeer, WebSocketServer,
    multiplayer::{ConnectionStatus, Event, MultiplayerOptions, MultiplayerPeer, PeerId, SessionOptions},
};

use crate::{
    common::{
        eventually,
        raw::{Raw, connect, tcp_pair},
    },
    party::{HOST, Member, Party, said, session},
};

/// What a client is told, until its session ends, by a server that does this with its connection.
fn ending_at(
    options: SessionOptions,
    mut serve: impl FnMut(&mut WebSocketServer, ServerEvent),
) -> Vec<Event> {
    let mut server = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default()).unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    let mut client = MultiplayerPeer::connect(&url, session(options)).unwrap();
    let mut told = Vec::new();
    eventually("the session ends", || {
        server.poll();
        while let Some(event) = server.next_event() {
            serve(&mut server, event);
        }
        client.poll();
        told.extend(std::iter::from_fn(|| client.next_event()));
        client.is_closed().then_some(())
    });
    assert_eq!(client.session().status(), ConnectionStatus::Disconnected);
    told
}

#[test]
fn a_client_gets_an_id_and_both_know_each_other() {
    let mut party = Party::hosted(MultiplayerOptions::default());
    let client = party.join();
    assert_eq!(party.members[client].peer.status(), ConnectionStatus::Connecting);
    let Event::Connected { id } = party.event(client) else { panic!("it has no id") };
    assert!(id > PeerId::SERVER);
    assert_eq!(party.event(client), Event::PeerConnected(PeerId::SERVER));
    assert_eq!(party.event(HOST), Event::PeerConnected(id));
    assert_eq!(party.id(HOST), PeerId::SERVER);
    assert_eq!(party.members[client].peer.status(), ConnectionStatus::Connected);
}

#[test]
fn clients_are_told_of_each_other_and_no_id_is_given_twice() {
    let server = ServerOptions::default().max_pending_handshakes_per_address(20);
    let mut party = Party::hosted(MultiplayerOptions::default().server(server));
    for _ in 0..20 {
        party.join();
    }
    party.until("all know each other", |party| {
        party.members.iter_mut().all(|member| member.peer.peers().len() == 20)
    });
    let mut ids: Vec<PeerId> = (0..=20).map(|member| party.id(member)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 21);
}

#[test]
fn the_server_knows_the_connection_of_each() {
    let mut party = Party::hosted(MultiplayerOptions::default());
    party.members[HOST].peer.on_request(|request| match request.query() {
        Some("ticket=7") => Admission::accept().user_data(7_u32),
        _ => Admission::refuse(401),
    });
    let url = format!("{}/room?ticket=7", party.url());
    let client = MultiplayerPeer::connect(&url, MultiplayerOptions::default()).unwrap();
    party.members.push(crate::party::Member::new(client));
    let Event::PeerConnected(id) = party.event(HOST) else { panic!("nobody came") };
    let host = &party.members[HOST].peer;
    let info = host.peer(id).expect("it is connected");
    assert_eq!((info.request().path(), info.user_data()), ("/room", Some(&7_u32)));
    assert!(host.peer(PeerId::SERVER).is_none());
    assert!(party.members[1].peer.peer(PeerId::SERVER).is_none(), "a client knows none");

    let stranger = party.join();
    let Event::ConnectionFailed { info } = party.event(stranger) else { panic!("it was let in") };
    assert!(matches!(info.cause, CloseCause::Refused { status: Some(401), .. }), "{info}");
    assert!(party.members[stranger].peer.is_closed());
}

#[test]
fn a_health_check_on_the_games_port_is_answered_and_is_no_peer() {
    let mut party = Party::of(1);
    party.members[HOST].peer.on_request(|request| match request.is_upgrade() {
        true => Admission::accept(),
        false => Admission::respond(200, "ok\n"),
    });
    let address = party.members[HOST].peer.local_addr().expect("it listens");
    let mut check = Raw::new(connect(address));
    check.send("GET /health HTTP/1.1\r\nHost: h\r\n\r\n");
    party.until("the answer", |_| check.end().is_some());
    let answer = std::str::from_utf8(check.rest()).expect("the answer is text");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    let client = party.join();
    assert!(matches!(party.event(client), Event::Connected { .. }));
    assert_eq!(party.members[HOST].peer.peers().len(), 2);
}

#[test]
fn a_session_runs_over_streams_that_were_upgraded_elsewhere() {
    let server = WebSocketServer::without_listener(ServerOptions::default()).unwrap();
    let options = MultiplayerOptions::default();
    let host = MultiplayerPeer::from_server(server, options.session.clone());
    let mut party = Party { members: vec![Member::new(host)], options: options.clone() };
    let (theirs, ours) = tcp_pair();
    party.members[HOST].peer.accept_upgraded(UpgradedStream::new(ours)).unwrap();
    let mut socket = WebSocketPeer::new();
    socket.accept_upgraded(UpgradedStream::new(theirs), Role::Client).unwrap();
    party.members.push(Member::new(MultiplayerPeer::from_client(socket, options.session)));
    let Event::Connected { id } = party.event(1) else { panic!("it has no id") };
    assert_eq!(party.event(HOST), Event::PeerConnected(id));
    assert_eq!(party.event(1), Event::PeerConnected(PeerId::SERVER));
    party.members[1].say(PeerId::SERVER, "hello");
    assert_eq!(party.call(HOST), (id, said("hello")));

    let (_theirs, ours) = tcp_pair();
    let at_client = party.members[1].peer.accept_upgraded(UpgradedStream::new(ours));
    assert!(matches!(at_client, Err(Error::Unsupported { .. })), "{at_client:?}");
}

#[test]
fn a_server_that_refuses_new_connections_says_so_and_keeps_its_clients() {
    let mut party = Party::of(1);
    party.members[HOST].peer.refuse_new_connections(true);
    let late = party.join();
    let Event::ConnectionFailed { info } = party.event(late) else { panic!("it was let in") };
    assert!(matches!(info.cause, CloseCause::Refused { status: Some(503), .. }), "{info}");
    party.members[HOST].peer.refuse_new_connections(false);
    let later = party.join();
    assert!(matches!(party.event(later), Event::Connected { .. }));
    assert_eq!(party.members[HOST].peer.peers().len(), 2);
}

#[test]
fn a_server_that_says_no_id_is_not_waited_for_for_ever() {
    let options = SessionOptions::default().id_timeout(Duration::from_millis(50));
    let told = ending_at(options, |_, _| {});
    let [Event::ConnectionFailed { info }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Id));
}

#[test]
fn what_is_no_id_ends_the_attempt() {
    for first in [&b""[..], b"\x01\0\0\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x02\0\0", b"\x02\0\0\0\0"] {
        let told = ending_at(SessionOptions::default(), |server, event| {
            if let ServerEvent::Opened(key) = event {
                server.send(key, first).unwrap();
            }
        });
        let Some(Event::ConnectionFailed { info }) = told.last() else { panic!("{first:?}: {told:?}") };
        assert!(matches!(info.cause, CloseCause::HandshakeFailed { .. }), "{info:?}");
    }
}

#[test]
fn the_id_and_what_follows_it_may_come_as_text() {
    let told = ending_at(SessionOptions::default(), |server, event| {
        if let ServerEvent::Opened(key) = event {
            server.send_text(key, "\x02\0\0\0").unwrap();
            server.send_text(key, "\x03hello").unwrap();
            server.abort(key).unwrap();
        }
    });
    let id = PeerId::new(2).unwrap();
    assert_eq!(told[0], Event::Connected { id });
    assert!(
        told.iter().any(|event| matches!(event, Event::Packet { data, .. } if **data == *b"hello")),
        "{told:?}"
    );
}

#[test]
fn who_never_authenticates_is_sent_away_and_wait_does_not_oversleep() {
    let options = SessionOptions::default().authenticate(true).auth_timeout(Duration::from_millis(200));
    let mut host = MultiplayerPeer::bind("127.0.0.1:0", session(options)).unwrap();
    let mut stranger = WebSocketPeer::new();
    stranger.connect(&format!("ws://{}", host.local_addr().unwrap())).unwrap();
    let start = Instant::now();
    let mut told = Vec::new();
    while !matches!(told.last(), Some(Event::AuthFailed { .. })) {
        stranger.poll();
        let opened = stranger.state() == ReadyState::Open;
        // Once it is open nothing but the time-out wakes the server.
        host.wait(if opened { Duration::from_secs(20) } else { Duration::from_millis(1) });
        told.extend(std::iter::from_fn(|| host.next_event()));
        assert!(start.elapsed() < Duration::from_secs(15), "it overslept: {told:?}");
    }
    assert!(matches!(told[0], Event::Authenticating(_)), "{told:?}");
}

#[test]
fn bad_urls_and_options_are_refused_at_once() {
    let bad = MultiplayerPeer::connect("http://localhost", MultiplayerOptions::default());
    assert!(matches!(bad, Err(Error::InvalidUrl { .. })));
    let options = MultiplayerOptions::default()
        .server(ServerOptions::default().connection(PeerOptions::default().max_message_size(0)));
    let bad = MultiplayerPeer::bind("127.0.0.1:0", options);
    assert!(matches!(bad, Err(Error::InvalidOption { .. })));
}

#[test]
fn what_only_a_server_has_a_client_answers_with_unsupported() {
    let party = Party::of(1);
    assert!(matches!(party.members[1].peer.local_addr(), Err(Error::Unsupported { .. })));
    assert!(party.members[HOST].peer.close_info().is_none());
}
