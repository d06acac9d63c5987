//! How clients join, and their ids.

use std::time::{Duration, Instant};

use websocket_peer::{
    Admission, CloseCause, Error, PeerOptions, ReadyState, Role, ServerEvent, ServerOptions, Timeout,
    UpgradedStream, WebSocketPeer, WebSocketServer,
    multiplayer::{
        ConnectionStatus, Event, MultiplayerOptions, PeerId, SceneMultiplayer, SessionOptions,
        WebSocketMultiplayerPeer,
    },
};

use crate::{
    common::{
        eventually,
        raw::{Raw, connect, tcp_pair},
    },
    test_session::{HOST, TestPeer, TestSession, said, session},
};

/// The events of a client until its session ends, with a server that does this with its connection.
fn ending_at(
    options: MultiplayerOptions,
    mut serve: impl FnMut(&mut WebSocketServer, ServerEvent),
) -> Vec<Event> {
    let mut server = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default()).unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    let mut client = SceneMultiplayer::connect(&url, options).unwrap();
    let mut events = Vec::new();
    eventually("the session ends", || {
        server.poll();
        while let Some(event) = server.next_event() {
            serve(&mut server, event);
        }
        client.poll();
        events.extend(std::iter::from_fn(|| client.next_event()));
        client.is_closed().then_some(())
    });
    assert_eq!(client.session().status(), ConnectionStatus::Disconnected);
    events
}

#[test]
fn a_client_gets_an_id_and_both_ends_connect() {
    let mut test_session = TestSession::hosted(MultiplayerOptions::default());
    let client = test_session.join();
    assert_eq!(test_session.members[client].peer.status(), ConnectionStatus::Connecting);
    let Event::Connected { id } = test_session.event(client) else { panic!("no id") };
    assert!(id > PeerId::SERVER);
    assert_eq!(test_session.event(client), Event::PeerConnected(PeerId::SERVER));
    assert_eq!(test_session.event(HOST), Event::PeerConnected(id));
    assert_eq!(test_session.id(HOST), PeerId::SERVER);
    assert_eq!(test_session.members[client].peer.status(), ConnectionStatus::Connected);
}

#[test]
fn clients_are_announced_to_each_other_and_ids_are_unique() {
    let server = ServerOptions::default().max_pending_handshakes_per_address(20);
    let mut test_session = TestSession::hosted(MultiplayerOptions::default().server(server));
    for _ in 0..20 {
        test_session.join();
    }
    test_session.until("all know each other", |test_session| {
        test_session.members.iter_mut().all(|member| member.peer.peers().len() == 20)
    });
    let mut ids: Vec<PeerId> = (0..=20).map(|member| test_session.id(member)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 21);
}

#[test]
fn the_server_has_the_connection_of_each_client() {
    let mut test_session = TestSession::hosted(MultiplayerOptions::default());
    test_session.members[HOST].peer.on_request(|request| match request.query() {
        Some("ticket=7") => Admission::accept().user_data(7_u32),
        _ => Admission::reject(401),
    });
    let url = format!("{}/room?ticket=7", test_session.url());
    let client = SceneMultiplayer::connect(&url, MultiplayerOptions::default()).unwrap();
    test_session.members.push(crate::test_session::TestPeer::new(client));
    let Event::PeerConnected(id) = test_session.event(HOST) else { panic!("no client connected") };
    let host = &test_session.members[HOST].peer;
    let info = host.peer(id).expect("it is connected");
    assert_eq!((info.request().path(), info.user_data()), ("/room", Some(&7_u32)));
    assert!(host.peer(PeerId::SERVER).is_none());
    assert!(
        test_session.members[1].peer.peer(PeerId::SERVER).is_none(),
        "a client has no information about connections"
    );

    let raw_client = test_session.join();
    let Event::ConnectionFailed { info } = test_session.event(raw_client) else { panic!("it was admitted") };
    assert!(matches!(info.cause, CloseCause::Refused { status: Some(401), .. }), "{info}");
    assert!(test_session.members[raw_client].peer.is_closed());
}

#[test]
fn a_health_check_is_answered_and_does_not_become_a_peer() {
    let mut test_session = TestSession::of(1);
    test_session.members[HOST].peer.on_request(|request| match request.is_upgrade() {
        true => Admission::accept(),
        false => Admission::respond(200, "ok\n"),
    });
    let address = test_session.members[HOST].peer.local_addr().expect("it listens");
    let mut check = Raw::new(connect(address));
    check.send("GET /health HTTP/1.1\r\nHost: h\r\n\r\n");
    test_session.until("the answer", |_| check.end().is_some());
    let answer = std::str::from_utf8(check.rest()).expect("the answer is text");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    let client = test_session.join();
    assert!(matches!(test_session.event(client), Event::Connected { .. }));
    assert_eq!(test_session.members[HOST].peer.peers().len(), 2);
}

#[test]
fn a_session_runs_over_streams_that_were_upgraded_elsewhere() {
    let server = WebSocketServer::without_listener(ServerOptions::default()).unwrap();
    let options = MultiplayerOptions::default();
    let host =
        SceneMultiplayer::from_peer(WebSocketMultiplayerPeer::from_server(server), options.session.clone());
    let mut test_session = TestSession { members: vec![TestPeer::new(host)], options: options.clone() };
    let (theirs, ours) = tcp_pair();
    test_session.members[HOST].peer.accept_upgraded(UpgradedStream::new(ours)).unwrap();
    let mut socket = WebSocketPeer::new();
    socket.accept_upgraded(UpgradedStream::new(theirs), Role::Client).unwrap();
    let client = WebSocketMultiplayerPeer::from_client(socket);
    test_session.members.push(TestPeer::new(SceneMultiplayer::from_peer(client, options.session)));
    let Event::Connected { id } = test_session.event(1) else { panic!("no id") };
    assert_eq!(test_session.event(HOST), Event::PeerConnected(id));
    assert_eq!(test_session.event(1), Event::PeerConnected(PeerId::SERVER));
    test_session.members[1].say(PeerId::SERVER, "hello");
    assert_eq!(test_session.call(HOST), (id, said("hello")));

    let (_theirs, ours) = tcp_pair();
    let at_client = test_session.members[1].peer.accept_upgraded(UpgradedStream::new(ours));
    assert!(matches!(at_client, Err(Error::Unsupported { .. })), "{at_client:?}");
}

#[test]
fn a_server_that_refuses_new_connections_answers_503_and_keeps_its_clients() {
    let mut test_session = TestSession::of(1);
    test_session.members[HOST].peer.refuse_new_connections(true);
    let late = test_session.join();
    let Event::ConnectionFailed { info } = test_session.event(late) else { panic!("it was admitted") };
    assert!(matches!(info.cause, CloseCause::Refused { status: Some(503), .. }), "{info}");
    test_session.members[HOST].peer.refuse_new_connections(false);
    let later = test_session.join();
    assert!(matches!(test_session.event(later), Event::Connected { .. }));
    assert_eq!(test_session.members[HOST].peer.peers().len(), 2);
}

#[test]
fn a_server_that_sends_no_id_times_out() {
    let options = MultiplayerOptions::default()
        .client(PeerOptions::default().connect_timeout(Duration::from_millis(500)));
    let events = ending_at(options, |_, _| {});
    let [Event::ConnectionFailed { info }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Connect));
}

#[test]
fn a_first_packet_that_is_not_an_id_ends_the_attempt() {
    for first in [&b""[..], b"\x01\0\0\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x02\0\0", b"\x02\0\0\0\0"] {
        let events = ending_at(MultiplayerOptions::default(), |server, event| {
            if let ServerEvent::Opened(key) = event {
                server.send(key, first).unwrap();
            }
        });
        let [Event::ConnectionFailed { info }] = &events[..] else { panic!("{first:?}: {events:?}") };
        assert!(matches!(info.cause, CloseCause::HandshakeFailed { .. }), "{info:?}");
    }
}

#[test]
fn the_id_and_later_packets_may_be_text() {
    let events = ending_at(MultiplayerOptions::default(), |server, event| {
        if let ServerEvent::Opened(key) = event {
            server.send_text(key, "\x02\0\0\0").unwrap();
            server.send_text(key, "\x03hello").unwrap();
            server.abort(key).unwrap();
        }
    });
    let id = PeerId::new(2).unwrap();
    assert_eq!(events[0], Event::Connected { id });
    assert!(
        events.iter().any(|event| matches!(event, Event::Packet { data, .. } if **data == *b"hello")),
        "{events:?}"
    );
}

#[test]
fn a_client_that_never_authenticates_times_out_and_wait_does_not_oversleep() {
    let options = SessionOptions::default().authenticate(true).auth_timeout(Duration::from_millis(200));
    let mut host = SceneMultiplayer::bind("127.0.0.1:0", session(options)).unwrap();
    let mut raw_client = WebSocketPeer::new();
    raw_client.connect(&format!("ws://{}", host.local_addr().unwrap())).unwrap();
    let start = Instant::now();
    let mut events = Vec::new();
    while !matches!(events.last(), Some(Event::AuthFailed { .. })) {
        raw_client.poll();
        let opened = raw_client.state() == ReadyState::Open;
        // Once it is open, only the timeout wakes the server.
        host.wait(if opened { Duration::from_secs(20) } else { Duration::from_millis(1) });
        events.extend(std::iter::from_fn(|| host.next_event()));
        assert!(start.elapsed() < Duration::from_secs(15), "it overslept: {events:?}");
    }
    assert!(matches!(events[0], Event::Authenticating(_)), "{events:?}");
}

#[test]
fn invalid_urls_and_options_are_errors_at_once() {
    let bad = SceneMultiplayer::connect("http://localhost", MultiplayerOptions::default());
    assert!(matches!(bad, Err(Error::InvalidUrl { .. })));
    let options = MultiplayerOptions::default()
        .server(ServerOptions::default().connection(PeerOptions::default().max_message_size(0)));
    let bad = SceneMultiplayer::bind("127.0.0.1:0", options);
    assert!(matches!(bad, Err(Error::InvalidOption { .. })));
}

#[test]
fn server_functions_are_unsupported_at_a_client() {
    let test_session = TestSession::of(1);
    assert!(matches!(test_session.members[1].peer.local_addr(), Err(Error::Unsupported { .. })));
    assert!(test_session.members[HOST].peer.close_info().is_none());
}
