//! A server that takes over streams: capacity, memory, information about the peer, and the rejection of streams.

use std::{net::TcpListener, time::Duration};

use websocket_peer::{
    Admission, CloseCause, Error, Limit, Packet, PeerKey, PeerOptions, RateLimits, ServerEvent,
    ServerOptions, UpgradedStream, WebSocketServer,
};

use crate::{
    common::{
        PATIENCE, eventually,
        raw::{BINARY, CLOSE, End, REQUEST, Raw, TEXT, client_frame, close_payload, tcp_pair},
    },
    host::{Host, with_peer},
};

/// Passes one end of a new connection, modified by `with`, to the server. Returns the result and the other end.
fn take_over(
    host: &mut Host,
    with: impl FnOnce(UpgradedStream) -> UpgradedStream,
) -> (Result<PeerKey, Error>, Raw) {
    let (connected, accepted) = tcp_pair();
    let result = host.server.accept_upgraded(with(UpgradedStream::new(accepted)));
    (result, Raw::new(connected))
}

/// Does the same, and waits until the peer is open.
#[track_caller]
fn open(host: &mut Host, with: impl FnOnce(UpgradedStream) -> UpgradedStream) -> (PeerKey, Raw) {
    let (result, raw) = take_over(host, with);
    let key = result.expect("the server is not full");
    assert_eq!(host.opened(), key, "it opens under the key that the call returned");
    (key, raw)
}

/// Checks that the server rejects a stream with this error, closes it with 1013, and ends TCP without a reset.
#[track_caller]
fn assert_full(host: &mut Host, why: &str) {
    let (connected, accepted) = tcp_pair();
    let mut raw = Raw::new(connected);
    raw.send(client_frame(TEXT, "hello"));
    match host.server.accept_upgraded(UpgradedStream::new(accepted).read_ahead(client_frame(TEXT, "please")))
    {
        Err(Error::ServerFull { reason, .. }) => assert!(reason.contains(why), "{reason}"),
        other => panic!("{other:?}"),
    }
    let frame = host.frame(&mut raw);
    assert_eq!((frame.close_code(), frame.masked), (Some(1013), false), "{frame:?}");
    assert!(String::from_utf8_lossy(&frame.payload[2..]).contains(why), "{frame:?}");
    raw.send(client_frame(CLOSE, close_payload(1013, "")));
    assert_eq!(host.end(&mut raw), End::Eof, "a reset would destroy the close frame");
    assert_eq!(raw.rest(), b"");
}

#[test]
fn a_stream_becomes_a_peer_like_any_other() {
    let mut host = Host::start(ServerOptions::default());
    host.server.on_request(|request| panic!("the framework has decided about {request:?}"));
    let (key, mut raw) = open(&mut host, |upgraded| upgraded.read_ahead(client_frame(TEXT, "first")));
    raw.send(client_frame(BINARY, b"second"));
    assert_eq!(host.packet(key), Packet::text("first"));
    assert_eq!(host.packet(key), Packet::binary(b"second".to_vec()));
    host.server.send_text(key, "welcome").unwrap();
    assert_eq!(host.frame(&mut raw).payload, b"welcome");
    assert_eq!(host.server.broadcast(Packet::text("to all"), None), 1);
    assert_eq!(host.frame(&mut raw).payload, b"to all");
    let stats = host.server.stats();
    assert_eq!((stats.accepted, stats.opened, stats.peers, stats.pending), (1, 1, 1, 0));
    raw.send(client_frame(CLOSE, close_payload(4000, "done")));
    assert_eq!(host.closed(key).code, Some(4000));
    drop(raw);
    host.until_empty();
}

#[test]
fn it_opens_at_the_next_poll_and_not_before() {
    let mut host = Host::start(ServerOptions::default());
    let (key, _raw) = take_over(&mut host, |upgraded| upgraded);
    let key = key.unwrap();
    assert_eq!(host.server.next_event(), None);
    assert_eq!(host.server.send(key, b"too early"), Err(Error::UnknownPeer));
    host.server.poll();
    assert_eq!(host.server.next_event(), Some(ServerEvent::Opened(key)));
    host.server.send(key, b"now").unwrap();
}

#[test]
fn a_client_that_has_disconnected_meanwhile_is_reported_open_and_closed() {
    let mut host = Host::start(ServerOptions::default());
    let (connected, accepted) = tcp_pair();
    Raw::new(connected).reset();
    let key = host.server.accept_upgraded(UpgradedStream::new(accepted)).expect("the call is valid");
    assert_eq!(host.opened(), key);
    assert_eq!(host.closed(key).cause, CloseCause::ConnectionLost);
    host.until_empty();
}

#[test]
fn the_request_and_user_data_of_the_framework_are_kept() {
    #[derive(Debug, PartialEq)]
    struct Player(u32);
    let mut host = Host::start(ServerOptions::default());
    let fields = [("host", "h.example"), ("origin", "https://h.example"), ("x-a", "1")];
    let forwarded = ([203, 0, 113, 7], 4000).into();
    let (key, _raw) = open(&mut host, |upgraded| {
        let upgraded = upgraded.request("/room/7?ticket=a", fields).addr(forwarded);
        upgraded.protocol("game.v1").user_data(Player(7))
    });
    let peer = host.server.peer(key).unwrap();
    assert_eq!(
        (peer.addr(), peer.protocol(), peer.user_data()),
        (forwarded, Some("game.v1"), Some(&Player(7)))
    );
    let request = peer.request();
    assert_eq!((request.path(), request.query(), request.host()), ("/room/7", Some("ticket=a"), "h.example"));
    assert_eq!((request.origin(), request.header("X-A")), (Some("https://h.example"), Some(&b"1"[..])));
    assert!(request.is_upgrade() && !request.is_secure());

    let (key, raw) = open(&mut host, |upgraded| upgraded);
    let peer = host.server.peer(key).unwrap();
    assert_eq!((peer.addr(), peer.protocol()), (raw.tcp().local_addr().unwrap(), None));
    assert_eq!((peer.request().path(), peer.request().headers().count()), ("/", 0));
}

#[test]
fn a_full_server_returns_an_error_and_closes_with_1013() {
    let mut host = Host::start(ServerOptions::default().max_peers(2));
    let (one, raw) = open(&mut host, |upgraded| upgraded);
    let (_two, _raw) = host.open_client();
    assert_full(&mut host, "full");
    assert_eq!(host.status_for(REQUEST), 503);
    drop(raw);
    host.closed(one);
    let (three, raw) = open(&mut host, |upgraded| upgraded);
    host.server.refuse_new_connections(true);
    assert_full(&mut host, "new");
    host.server.refuse_new_connections(false);
    drop(raw);
    host.closed(three);
    let stats = host.server.stats();
    assert_eq!((stats.opened, stats.rejected, stats.pending), (3, 3, 0));
    assert!(host.events.is_empty(), "{:?}", host.events);
}

#[test]
fn peers_per_address_are_counted_by_the_given_address() {
    let mut host = Host::start(ServerOptions::default().max_peers_per_address(1));
    let from = |last| move |upgraded: UpgradedStream| upgraded.addr(([203, 0, 113, last], 4000).into());
    let (_one, _raw_one) = open(&mut host, from(1));
    let (_two, _raw_two) = open(&mut host, from(2));
    let (again, _raw) = take_over(&mut host, from(2));
    assert!(matches!(again, Err(Error::ServerFull { .. })), "{again:?}");
    host.open_client();
    assert_full(&mut host, "this address");
}

#[test]
fn rejected_streams_do_not_pile_up_between_two_polls() {
    let options = ServerOptions::default().max_peers(1).max_pending_handshakes_per_address(3);
    let mut host = Host::start(options);
    let (_key, _raw) = host.open_client();
    let rejected: Vec<_> = (0..10).map(|_| take_over(&mut host, |upgraded| upgraded)).collect();
    let mut closed = 0;
    for (result, mut raw) in rejected {
        assert!(matches!(result, Err(Error::ServerFull { .. })), "{result:?}");
        // Those beyond the limit end at once, without a close frame.
        closed += usize::from(eventually("a frame or the end", || match raw.frame() {
            Some(frame) => Some(frame.close_code() == Some(1013)),
            None => raw.end().map(|_| false),
        }));
    }
    assert!(closed >= 3, "{closed} received a close frame");
    assert_eq!(host.server.stats().rejected, 10);
}

#[test]
fn limits_and_memory_apply_to_it() {
    let options = with_peer(PeerOptions::for_server().max_message_size(100))
        .rate_limits(RateLimits::default().max_packets_per_second(1));
    let mut host = Host::start(options);
    let (big, _raw_big) = open(&mut host, |upgraded| upgraded.read_ahead(client_frame(BINARY, [0; 101])));
    assert_eq!(host.closed(big).cause, CloseCause::MessageTooBig);
    let (fast, mut raw) = open(&mut host, |upgraded| upgraded);
    raw.send(client_frame(TEXT, "x").repeat(50));
    assert_eq!(host.closed(fast).cause, CloseCause::LimitExceeded(Limit::PacketRate));

    const SHARE: usize = 2 * (64 + 4) * 1024 + 8 * 1024;
    let mut small = Host::start(ServerOptions::default().max_peers(2).max_buffered_bytes(4 * SHARE));
    let frames = client_frame(BINARY, vec![0; 60_000]).repeat(10);
    let (result, _raw) = take_over(&mut small, |upgraded| upgraded.read_ahead(frames.clone()));
    assert!(
        matches!(result, Err(Error::ServerFull { reason, .. }) if reason.contains("memory")),
        "{result:?}"
    );
    let (key, _raw) =
        take_over(&mut small, |upgraded| upgraded.read_ahead(client_frame(BINARY, [1; 60_000])));
    let held = small.server.stats().memory;
    assert!(held >= 60_000, "{held} bytes of memory for bytes that were read ahead");
    assert_eq!(small.packet(key.unwrap()).len(), 60_000);
}

#[test]
fn a_server_that_shuts_down_rejects_streams_and_closes_its_peers() {
    let mut host = Host::start(ServerOptions::default());
    let (old, mut raw_old) = open(&mut host, |upgraded| upgraded);
    let (fresh, mut raw_fresh) = take_over(&mut host, |upgraded| upgraded);
    fresh.unwrap();
    host.server.shutdown(PATIENCE);
    let (late, mut raw_late) = take_over(&mut host, |upgraded| upgraded);
    assert!(matches!(late, Err(Error::ServerFull { .. })), "{late:?}");
    assert_eq!(host.frame(&mut raw_old).close_code(), Some(1001));
    assert_eq!(host.frame(&mut raw_fresh).close_code(), Some(1013));
    assert_eq!(host.frame(&mut raw_late).close_code(), Some(1013));
    raw_old.send(client_frame(CLOSE, close_payload(1001, "")));
    host.closed(old);
    drop((raw_old, raw_fresh, raw_late));
    host.until_so("it is shut down", |host| host.server.is_shut_down());
}

#[test]
fn a_server_needs_no_listener() {
    let server = WebSocketServer::without_listener(ServerOptions::default()).unwrap();
    assert!(matches!(server.local_addr(), Err(Error::Io { .. })));
    let mut server = server;
    server.on_request(|_| Admission::reject(403));
    let (connected, accepted) = tcp_pair();
    let key = server.accept_upgraded(UpgradedStream::new(accepted)).unwrap();
    let mut raw = Raw::new(connected);
    raw.send(client_frame(TEXT, "hello"));
    // It sleeps until the stream is readable, not for the whole time.
    let packet = eventually("the packet", || {
        server.wait(PATIENCE);
        std::iter::from_fn(|| server.next_event()).find_map(|event| match event {
            ServerEvent::Packet(from, packet) if from == key => Some(packet),
            _ => None,
        })
    });
    assert_eq!(packet, Packet::text("hello"));
    server.shutdown(Duration::ZERO);
    eventually("it is shut down", || {
        server.poll();
        while server.next_event().is_some() {}
        server.is_shut_down().then_some(())
    });
}

#[test]
fn a_blocking_stream_does_not_block_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    accepted.set_nonblocking(false).unwrap();
    accepted.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut host = Host::start(ServerOptions::default());
    let key = host.server.accept_upgraded(UpgradedStream::new(accepted)).unwrap();
    assert_eq!(host.opened(), key);
    let start = std::time::Instant::now();
    for _ in 0..10 {
        host.step();
    }
    assert!(start.elapsed() < PATIENCE / 2);
    drop(connected);
    host.closed(key);
}
