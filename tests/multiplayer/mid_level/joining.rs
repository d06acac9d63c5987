//! How clients connect, and their ids.

use std::time::{Duration, Instant};

use websocket_peer::{
    Admission, CloseCause, Error, PeerOptions, ReadyState, Role, ServerEvent, ServerOptions, Timeout,
    UpgradedStream, WebSocketPeer, WebSocketServer,
    multiplayer::{ConnectionStatus, PeerEvent, PeerId, Target, WebSocketMultiplayerPeer},
};

use super::{Group, HOST, Member};
use crate::common::{A_WHILE, eventually, raw::tcp_pair, receive};

const SERVER: PeerId = PeerId::SERVER;

#[test]
fn both_ends_report_the_connection_and_the_client_has_an_id() {
    let mut group = Group::hosted(ServerOptions::default());
    let client = group.join();
    assert_eq!(group.members[client].peer.status(), ConnectionStatus::Connecting);
    assert_eq!(group.members[client].peer.id(), None);
    assert_eq!(group.event(client), PeerEvent::Connected(SERVER));
    let id = group.id(client);
    assert!(id > SERVER);
    assert_eq!(group.event(HOST), PeerEvent::Connected(id));
    for (member, peers, own) in [(HOST, [id], SERVER), (client, [SERVER], id)] {
        let peer = &group.members[member].peer;
        assert_eq!(peer.peers().collect::<Vec<_>>(), peers);
        assert_eq!((peer.id(), peer.status()), (Some(own), ConnectionStatus::Connected));
        assert_eq!((peer.is_server(), peer.is_closed()), (member == HOST, false));
    }
}

#[test]
fn the_id_is_the_first_packet() {
    let mut host = WebSocketMultiplayerPeer::bind("127.0.0.1:0", ServerOptions::default()).unwrap();
    let mut raw_client = WebSocketPeer::new();
    raw_client.connect(&format!("ws://{}", host.local_addr().unwrap())).unwrap();
    eventually("it is connected, and its event is not read", || {
        host.poll();
        raw_client.poll();
        (raw_client.state() == ReadyState::Open).then_some(())
    });
    host.send(Target::All, b"not for it").unwrap();
    let start = Instant::now();
    while start.elapsed() < A_WHILE {
        host.poll();
        raw_client.poll();
        assert_eq!(raw_client.recv(), None);
    }
    let Some(PeerEvent::Connected(id)) = host.next_event() else { panic!("not connected") };
    host.send(Target::All, b"welcome").unwrap();
    host.flush();
    let first = receive(&mut raw_client);
    assert!(!first.is_text());
    assert_eq!(first.as_bytes(), id.get().to_le_bytes());
    assert_eq!(receive(&mut raw_client).as_bytes(), b"welcome");
}

#[test]
fn ids_are_unique_and_in_order() {
    let group = Group::with(20, ServerOptions::default().max_pending_handshakes_per_address(20));
    let mut ids: Vec<PeerId> = (1..=20).map(|client| group.id(client)).collect();
    ids.sort();
    assert_eq!(group.members[HOST].peer.peers().collect::<Vec<_>>(), ids);
    ids.dedup();
    assert_eq!((ids.len(), ids.contains(&SERVER)), (20, false));
}

/// The events of a client until its connection ends, with a server that does this with its connection.
fn ending_at(
    options: PeerOptions,
    mut serve: impl FnMut(&mut WebSocketServer, ServerEvent),
) -> Vec<PeerEvent> {
    let mut server = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default()).unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    let mut client = WebSocketMultiplayerPeer::connect(&url, options).unwrap();
    let mut events = Vec::new();
    eventually("the connection ends", || {
        server.poll();
        while let Some(event) = server.next_event() {
            serve(&mut server, event);
        }
        client.poll();
        events.extend(std::iter::from_fn(|| client.next_event()));
        client.is_closed().then_some(())
    });
    events.extend(std::iter::from_fn(|| client.next_event()));
    assert_eq!((client.status(), client.peers().len()), (ConnectionStatus::Disconnected, 0));
    let Some(PeerEvent::ConnectionFailed(info) | PeerEvent::Disconnected(_, info)) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!(client.close_info(), Some(info));
    assert_eq!(client.send(Target::All, b"x"), Err(Error::NotOpen { state: ReadyState::Closed }));
    events
}

#[test]
fn a_server_that_sends_no_id_times_out() {
    let limit = Duration::from_secs(4);
    let start = Instant::now();
    let mut reason = None;
    let events = ending_at(PeerOptions::default().connect_timeout(limit), |_, event| {
        if let ServerEvent::Closed(_, info) = event {
            reason = Some(info.reason);
        }
    });
    assert!(start.elapsed() >= limit);
    let [PeerEvent::ConnectionFailed(info)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Connect));
    assert_eq!(reason.as_deref(), Some("the server sent no id in time"));
}

#[test]
fn an_id_that_waits_to_be_read_is_not_late() {
    let mut group = Group::hosted(ServerOptions::default());
    let limit = Duration::from_secs(4);
    let client =
        WebSocketMultiplayerPeer::connect(&group.url(), PeerOptions::default().connect_timeout(limit));
    let mut client = client.unwrap();
    let start = Instant::now();
    group.until("the server has sent the id", |group| {
        client.poll();
        group.members[HOST].peer.peers().len() == 1
    });
    // The program polls, and reads no event.
    while start.elapsed() < limit + limit / 2 {
        client.poll();
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(client.next_event(), Some(PeerEvent::Connected(SERVER)));
}

#[test]
fn a_first_packet_that_is_not_an_id_ends_the_attempt() {
    for first in [&b""[..], b"\x01\0\0\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x02\0\0", b"\x02\0\0\0\0"] {
        let mut closed = None;
        let events = ending_at(PeerOptions::default(), |server, event| match event {
            ServerEvent::Opened(key) => {
                server.send(key, first).unwrap();
                // A valid id comes too late.
                server.send(key, b"\x02\0\0\0").unwrap();
            }
            ServerEvent::Closed(_, info) => closed = Some((info.code, info.reason)),
            _ => {}
        });
        let [PeerEvent::ConnectionFailed(info)] = &events[..] else { panic!("{first:?}: {events:?}") };
        assert!(matches!(info.cause, CloseCause::HandshakeFailed { .. }), "{info:?}");
        assert_eq!(closed, Some((Some(1000), "the first packet was not an id".to_owned())));
    }
}

#[test]
fn the_id_may_be_text_and_packets_behind_it_are_kept() {
    let events = ending_at(PeerOptions::default(), |server, event| {
        if let ServerEvent::Opened(key) = event {
            server.send_text(key, "\x02\0\0\0").unwrap();
            server.send_text(key, "text").unwrap();
            server.send(key, b"").unwrap();
            server.send(key, b"\x02\0\0\0").unwrap();
            server.close(key).unwrap();
        }
    });
    let [
        PeerEvent::Connected(SERVER),
        PeerEvent::Packet(SERVER, text),
        PeerEvent::Packet(SERVER, empty),
        PeerEvent::Packet(SERVER, bytes),
        PeerEvent::Disconnected(SERVER, info),
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((text.as_text(), empty.len(), bytes.len()), (Some("text"), 0, 4));
    assert_eq!((info.code, &info.cause), (Some(1000), &CloseCause::Remote));
}

#[test]
fn a_connection_that_ends_before_the_id_has_failed() {
    let abort = |server: &mut WebSocketServer, event| {
        if let ServerEvent::Opened(key) = event {
            server.abort(key).unwrap();
        }
    };
    let events = ending_at(PeerOptions::default(), abort);
    let [PeerEvent::ConnectionFailed(info)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(info.cause, CloseCause::ConnectionLost);
}

#[test]
fn a_client_that_closes_before_it_has_an_id_fails_to_connect() {
    let mut group = Group::hosted(ServerOptions::default());
    // At once, and with the id in its inbox.
    for polls in [false, true] {
        let client = group.join();
        if polls {
            let before = group.members[HOST].peer.peers().len();
            group
                .until("the server has sent the id", |group| group.members[HOST].peer.peers().len() > before);
        }
        let mut member = group.members.remove(client);
        // It may have read the id above.
        member.events.clear();
        let has_id = member.peer.id().is_some();
        member.peer.close();
        assert_eq!((member.peer.status(), member.peer.peers().len()), (ConnectionStatus::Disconnected, 0));
        let event = eventually("the end", || {
            group.step();
            member.step();
            member.events.pop_front()
        });
        match event {
            PeerEvent::ConnectionFailed(_) => assert!(!has_id),
            PeerEvent::Disconnected(SERVER, _) => assert!(has_id),
            other => panic!("{other:?}"),
        }
        assert_eq!(member.peer.next_event(), None);
        assert!(member.peer.is_closed());
    }
}

#[test]
fn the_server_has_the_connection_of_each_client() {
    let mut group = Group::hosted(ServerOptions::default());
    group.host().on_request(|request| match request.query() {
        Some("ticket=7") => Admission::accept().user_data(7_u32),
        _ => Admission::reject(401),
    });
    let url = format!("{}/room?ticket=7", group.url());
    let client = WebSocketMultiplayerPeer::connect(&url, PeerOptions::default()).unwrap();
    group.members.push(Member::new(client));
    let PeerEvent::Connected(id) = group.event(HOST) else { panic!("no client connected") };
    let host = &group.members[HOST].peer;
    let info = host.peer(id).expect("it is connected");
    assert_eq!((info.request().path(), info.user_data()), ("/room", Some(&7_u32)));
    assert!(host.peer(SERVER).is_none() && group.members[1].peer.peer(SERVER).is_none());
    assert_eq!(host.server_stats().map(|stats| stats.peers), Some(1));

    let rejected = group.join();
    let PeerEvent::ConnectionFailed(info) = group.event(rejected) else { panic!("it was admitted") };
    assert!(matches!(info.cause, CloseCause::Refused { status: Some(401), .. }), "{info}");
}

#[test]
fn a_server_that_refuses_new_connections_answers_503_and_keeps_its_clients() {
    let mut group = Group::of(1);
    group.host().refuse_new_connections(true);
    let late = group.join();
    let PeerEvent::ConnectionFailed(info) = group.event(late) else { panic!("it was admitted") };
    assert!(matches!(info.cause, CloseCause::Refused { status: Some(503), .. }), "{info}");
    group.host().refuse_new_connections(false);
    let later = group.join();
    assert_eq!(group.event(later), PeerEvent::Connected(SERVER));
    assert_eq!(group.event(HOST), PeerEvent::Connected(group.id(later)));
    assert_eq!(group.members[HOST].peer.peers().len(), 2);
}

#[test]
fn a_client_whose_connected_was_not_read_is_refused_too() {
    let mut group = Group::of(1);
    let mut late =
        Member::new(WebSocketMultiplayerPeer::connect(&group.url(), PeerOptions::default()).unwrap());
    eventually("it is connected, and its event is not read", || {
        group.members[HOST].peer.poll();
        late.step();
        (group.members[HOST].peer.server_stats()?.peers == 2).then_some(())
    });
    group.host().refuse_new_connections(true);
    let event = eventually("it is refused", || {
        group.step();
        late.step();
        late.events.pop_front()
    });
    let PeerEvent::ConnectionFailed(info) = event else { panic!("{event:?}") };
    assert_eq!((info.code, info.cause), (Some(1000), CloseCause::Remote));
    assert!(group.members[HOST].events.is_empty());
    assert_eq!(group.members[HOST].peer.peers().len(), 1);
}

#[test]
fn streams_that_were_upgraded_elsewhere_become_peers() {
    let server = WebSocketServer::without_listener(ServerOptions::default()).unwrap();
    let mut group = Group { members: vec![Member::new(WebSocketMultiplayerPeer::from_server(server))] };
    let (theirs, ours) = tcp_pair();
    group.host().accept_upgraded(UpgradedStream::new(ours)).unwrap();
    let mut socket = WebSocketPeer::new();
    socket.accept_upgraded(UpgradedStream::new(theirs), Role::Client).unwrap();
    group.members.push(Member::new(WebSocketMultiplayerPeer::from_client(socket)));
    assert_eq!(group.event(1), PeerEvent::Connected(SERVER));
    let id = group.id(1);
    assert_eq!(group.event(HOST), PeerEvent::Connected(id));
    group.members[1].peer.send(Target::All, b"hello").unwrap();
    assert_eq!(group.packet(HOST), (id, b"hello".to_vec()));
}

#[test]
fn invalid_urls_and_options_are_errors_at_once() {
    let bad = WebSocketMultiplayerPeer::connect("http://localhost", PeerOptions::default());
    assert!(matches!(bad, Err(Error::InvalidUrl { .. })));
    let options = ServerOptions::default().connection(PeerOptions::default().max_message_size(0));
    let bad = WebSocketMultiplayerPeer::bind("127.0.0.1:0", options);
    assert!(matches!(bad, Err(Error::InvalidOption { .. })));
}

#[test]
fn functions_of_the_other_role_are_unsupported() {
    let mut group = Group::of(1);
    let (_theirs, ours) = tcp_pair();
    let client = &mut group.members[1].peer;
    assert!(matches!(client.local_addr(), Err(Error::Unsupported { .. })));
    assert!(matches!(client.accept_upgraded(UpgradedStream::new(ours)), Err(Error::Unsupported { .. })));
    assert!(client.server_stats().is_none());
    client.refuse_new_connections(true);
    assert!(matches!(group.host().on_wake(|| {}), Err(Error::Unsupported { .. })));
    assert!(group.host().close_info().is_none());
}
