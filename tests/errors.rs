//! Each variant of [`Error`], provoked through the public API: its text, and that the peer has not changed.

#![cfg(not(target_family = "wasm"))]

mod common;

#[cfg(feature = "multiplayer")]
#[path = "errors/session.rs"]
mod session;

use std::{mem::size_of, net::TcpStream, time::Duration};

use common::{
    closed, opened,
    raw::{accepted, connected, settle, tcp_pair},
    receive, server,
};
use websocket_peer::{
    CloseCode, CloseInfo, Error, Packet, PeerOptions, ReadyState, ServerEvent, ServerOptions, Stats,
    TlsCertificate, TlsOptions, TlsRoots, UpgradedStream, WebSocketPeer, WebSocketServer,
};

/// Everything that can be asked of a peer.
#[derive(Debug, PartialEq)]
struct Snapshot {
    state: ReadyState,
    available: usize,
    buffered: usize,
    close_info: Option<CloseInfo>,
    protocol: Option<String>,
    url: Option<String>,
    address: Result<std::net::SocketAddr, Error>,
    stats: Stats,
    options: PeerOptions,
}

impl Snapshot {
    fn of(peer: &WebSocketPeer) -> Self {
        Self {
            state: peer.state(),
            available: peer.available(),
            buffered: peer.buffered(),
            close_info: peer.close_info().cloned(),
            protocol: peer.protocol().map(str::to_owned),
            url: peer.url().map(str::to_owned),
            address: peer.peer_addr(),
            stats: peer.stats(),
            options: peer.options().clone(),
        }
    }
}

/// The error of `call`, which changed nothing and which Godot would know by the number `code`.
#[track_caller]
fn error<T>(
    peer: &mut WebSocketPeer,
    code: i32,
    call: impl FnOnce(&mut WebSocketPeer) -> Result<T, Error>,
) -> Error {
    let before = Snapshot::of(peer);
    let Err(error) = call(peer) else { panic!("no error") };
    assert_eq!(Snapshot::of(peer), before, "{error}");
    assert_eq!(error.godot_code(), code, "{error}");
    assert_eq!(error, error.clone());
    error
}

fn open() -> WebSocketPeer {
    let mut peer = WebSocketPeer::with_options(PeerOptions::default().protocols(["a", "b"]));
    peer.connect(&server().url("/echo")).unwrap();
    opened(&mut peer);
    peer
}

/// A peer whose connection has ended, with one unread packet.
fn over() -> WebSocketPeer {
    let mut peer = WebSocketPeer::new();
    peer.connect(&server().url("/send-then-close/1/4000/over")).unwrap();
    closed(&mut peer);
    assert_eq!(peer.available(), 1);
    peer
}

/// Neither its kernel nor its own queue takes any more.
fn congested() -> (WebSocketPeer, common::raw::Raw) {
    let (mut peer, raw) = connected(PeerOptions::default().outbound_buffer_size(100_000));
    while peer.send(&[0; 10_000]).is_ok() {}
    settle(&mut peer);
    while peer.send(&[0; 10_000]).is_ok() {}
    (peer, raw)
}

fn own_certificate() -> TlsCertificate {
    let authority = testkit::certs::Authority::new("own authority").unwrap();
    let identity = authority.issue(&["localhost"]).unwrap();
    TlsCertificate::from_pem(identity.certificates_pem.into_bytes(), identity.key_pem.into_bytes())
}

#[test]
fn invalid_url() {
    let error = error(&mut over(), 31, |peer| peer.connect("http://localhost/"));
    assert!(matches!(error, Error::InvalidUrl { .. }), "{error:?}");
    assert_eq!(error.to_string(), "invalid WebSocket URL: its scheme is not ws or wss");
}

#[test]
fn blocked_port() {
    let error = error(&mut over(), 31, |peer| peer.connect("ws://localhost:6667/"));
    assert_eq!(error, Error::BlockedPort { port: 6667 });
    assert_eq!(
        error.to_string(),
        "browsers block port 6667, which belongs to another protocol; use another port"
    );
}

#[test]
fn invalid_option_at_connect() {
    let mut peer = over();
    peer.set_options(PeerOptions::default().connect_timeout(Duration::ZERO));
    let error = error(&mut peer, 31, |peer| peer.connect(&server().url("/echo")));
    assert!(matches!(error, Error::InvalidOption { option: "connect_timeout", reason: "it is zero", .. }));
    assert_eq!(error.to_string(), "invalid option `connect_timeout`: it is zero");
}

#[test]
fn invalid_option_at_accept() {
    let mut peer = over();
    peer.set_options(PeerOptions::for_server().max_queued_packets(0));
    let error = error(&mut peer, 31, |peer| peer.accept(tcp_pair().1));
    assert!(matches!(error, Error::InvalidOption { option: "max_queued_packets", reason: "it is zero", .. }));
}

#[test]
fn invalid_close_code() {
    assert_eq!(CloseCode::new(1006), Err(Error::InvalidCloseCode { code: 1006 }));
    // Only a server may send 1001.
    let error = error(&mut open(), 31, |peer| peer.close_with(CloseCode::GOING_AWAY, ""));
    assert_eq!(error, Error::InvalidCloseCode { code: 1001 });
    assert_eq!(error.to_string(), "close code 1001 cannot be sent from here; 1000 and 3000 to 4999 can");
}

#[test]
fn reason_too_long() {
    let error = error(&mut open(), 31, |peer| peer.close_with(CloseCode::NORMAL, &"é".repeat(62)));
    assert_eq!(error, Error::ReasonTooLong { len: 124 });
    assert_eq!(error.to_string(), "the close reason has 124 bytes; at most 123 fit into a close frame");
}

#[test]
fn already_in_use() {
    let mut connecting = WebSocketPeer::new();
    connecting.connect(&server().url("/stall-before")).unwrap();
    for mut peer in [connecting, open(), accepted(PeerOptions::for_server()).0] {
        let url = server().url("/echo");
        assert_eq!(error(&mut peer, 22, |peer| peer.connect(&url)), Error::AlreadyInUse);
        let error = error(&mut peer, 22, |peer| peer.accept(tcp_pair().1));
        assert_eq!(error, Error::AlreadyInUse);
        assert_eq!(error.to_string(), "the peer is connecting or open already");
    }
}

#[test]
fn not_open() {
    let mut connecting = WebSocketPeer::new();
    connecting.connect(&server().url("/stall-before")).unwrap();
    let mut closing = WebSocketPeer::new();
    closing.connect(&server().url("/silent")).unwrap();
    opened(&mut closing);
    closing.close();
    for (mut peer, state, words) in [
        (connecting, ReadyState::Connecting, "the peer is connecting, not open"),
        (closing, ReadyState::Closing, "the peer is closing, not open"),
        (over(), ReadyState::Closed, "the peer is closed, not open"),
        (WebSocketPeer::new(), ReadyState::Closed, "the peer is closed, not open"),
    ] {
        let expected = Error::NotOpen { state };
        assert_eq!(error(&mut peer, 1, |peer| peer.send(b"x")), expected);
        assert_eq!(error(&mut peer, 1, |peer| peer.send_text("x")), expected);
        let error = error(&mut peer, 1, |peer| peer.send_packet(Packet::text("x")));
        assert_eq!(error, expected);
        assert_eq!(error.to_string(), words);
    }
}

#[test]
fn not_open_where_there_is_no_tcp_connection() {
    let expected = Error::NotOpen { state: ReadyState::Closed };
    for mut peer in [over(), WebSocketPeer::new()] {
        assert_eq!(error(&mut peer, 1, |peer| peer.peer_addr()), expected);
        assert_eq!(error(&mut peer, 1, |peer| peer.set_nodelay(true)), expected);
    }
}

#[test]
fn send_queue_full_in_bytes() {
    let (mut peer, _raw) = congested();
    let room = 100_000 - peer.buffered();
    assert!(room < 10_000, "{room}");
    let error = error(&mut peer, 6, |peer| peer.send(&[0; 10_000]));
    assert!(matches!(error, Error::SendQueueFull { room: left, .. } if left == room), "{error:?}");
    assert!(error.to_string().contains(&room.to_string()), "{error}");
    assert_eq!(peer.send(&vec![0; room]), Ok(()), "the reported room is free");
    let last = peer.send(&[0]);
    assert!(matches!(last, Err(Error::SendQueueFull { room: 0, .. })), "{last:?}");
}

#[test]
fn send_queue_full_in_packets() {
    let options = PeerOptions::default().max_queued_packets(3).outbound_buffer_size(64 << 20);
    let (mut peer, _raw) = connected(options);
    // More than any kernel takes, so that it waits.
    peer.send(&vec![0; 32 << 20]).unwrap();
    peer.send_text("second").unwrap();
    peer.send_text("").unwrap();
    let error = error(&mut peer, 6, |peer| peer.send_text(""));
    assert!(matches!(error, Error::SendQueueFull { room: 0, .. }), "{error:?}");
}

#[test]
fn packet_too_big() {
    let mut peer = open();
    let max = peer.options().outbound_buffer_size;
    let error = error(&mut peer, 6, |peer| peer.send(&vec![0; max + 1]));
    assert_eq!(error, Error::PacketTooBig { len: max + 1, max });
    let words = format!("a packet of {} bytes can never be sent; `outbound_buffer_size` is {max}", max + 1);
    assert_eq!(error.to_string(), words);
}

#[test]
fn unknown_peer() {
    let mut server = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default()).unwrap();
    let mut other = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default()).unwrap();
    let mut client = WebSocketPeer::new();
    client.connect(&format!("ws://{}/", server.local_addr().unwrap())).unwrap();
    let mut events = Vec::new();
    common::until("it comes and goes", || {
        server.poll();
        events.extend(server.next_event());
        if client.poll() == ReadyState::Open {
            client.abort();
        }
        matches!(&events[..], [.., ServerEvent::Closed(..)])
    });
    let ServerEvent::Opened(key) = events[0] else { panic!("{events:?}") };
    // Of one that is gone, and of one that never was.
    for server in [&mut server, &mut other] {
        let before = server.stats();
        let packet = Packet::text("x");
        let results = [
            server.send(key, b"x"),
            server.send_text(key, "x"),
            server.send_packet(key, &packet),
            server.send_latest(key, 1, &packet),
            server.close_with(key, CloseCode::NORMAL, ""),
            server.abort(key),
        ];
        assert_eq!(results, [const { Err(Error::UnknownPeer) }; 6]);
        assert_eq!(server.stats(), before);
    }
    assert_eq!(Error::UnknownPeer.godot_code(), 33);
    assert_eq!(Error::UnknownPeer.to_string(), "there is no such peer, or no longer");
}

#[test]
fn server_full() {
    let mut server = WebSocketServer::without_listener(ServerOptions::default().max_peers(1)).unwrap();
    let (_one, ours) = tcp_pair();
    server.accept_upgraded(UpgradedStream::new(ours)).unwrap();
    let (_two, ours) = tcp_pair();
    let error = server.accept_upgraded(UpgradedStream::new(ours)).unwrap_err();
    assert!(matches!(error, Error::ServerFull { reason: "the server is full", .. }), "{error:?}");
    assert_eq!(error.godot_code(), 28);
    assert_eq!(error.to_string(), "no place for one more peer: the server is full");
}

#[test]
fn unsupported() {
    // Each build lacks something, but the one with every feature.
    let without_tls = !cfg!(feature = "tls");
    let roots =
        if cfg!(feature = "tls-bundled-roots") { TlsRoots::DangerouslyAcceptAny } else { TlsRoots::Bundled };
    let mut peer = over();
    peer.set_options(PeerOptions::default().tls(TlsOptions::default().roots(roots)));
    if cfg!(all(feature = "tls-bundled-roots", feature = "tls-dangerous")) {
        assert_eq!(peer.connect(&server().secure_url("/echo")), Ok(()));
    } else {
        let error = error(&mut peer, 2, |peer| peer.connect(&server().secure_url("/echo")));
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().starts_with("unsupported here: "), "{error}");
        assert!(error.to_string().contains("build with the feature `tls"), "{error}");
    }
    let mut peer = over();
    peer.set_options(PeerOptions::for_server().tls(TlsOptions::default().certificate(own_certificate())));
    if without_tls {
        let error = error(&mut peer, 2, |peer| peer.accept(tcp_pair().1));
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    } else {
        assert_eq!(peer.accept(tcp_pair().1), Ok(()));
    }
}

#[test]
fn io() {
    let (mut peer, raw) = accepted(PeerOptions::for_server());
    let address = peer.peer_addr();
    assert_eq!(address.map(|address| address.ip().is_loopback()), Ok(true));
    raw.reset();
    // The system knows that the connection is reset. The peer has not polled yet.
    let reported = common::eventually("the system forgets the address", || peer.peer_addr().err());
    assert!(matches!(reported, Error::Io { .. }), "{reported:?}");
    let error = error(&mut peer, 1, |peer| peer.peer_addr());
    assert_eq!(error, reported);
    assert!(!error.to_string().is_empty());
    assert_eq!(peer.state(), ReadyState::Open);
}

#[test]
fn after_any_error_the_peer_goes_on() {
    let mut peer = open();
    let _ = error(&mut peer, 22, |peer| peer.connect("ws://localhost/"));
    let _ = error(&mut peer, 31, |peer| peer.close_with(CloseCode::NORMAL, &"x".repeat(124)));
    let _ = error(&mut peer, 6, |peer| peer.send(&vec![0; 5 << 20]));
    peer.send_text("still here").unwrap();
    assert_eq!(receive(&mut peer).as_text(), Some("still here"));
}

#[test]
fn a_refused_stream_is_closed() {
    let mut peer = open();
    let (theirs, ours) = tcp_pair();
    assert_eq!(peer.accept(ours), Err(Error::AlreadyInUse));
    theirs.set_read_timeout(Some(common::PATIENCE)).unwrap();
    assert_eq!(std::io::Read::read(&mut &theirs, &mut [0]).unwrap(), 0);
}

#[test]
fn errors_are_small_and_can_be_kept_and_sent() {
    fn is_an_error<T: std::error::Error + Clone + Send + Sync + 'static>() {}
    is_an_error::<Error>();
    assert!(size_of::<Error>() <= 40, "{}", size_of::<Error>());
    assert!(size_of::<Result<(), Error>>() <= 40);
}

#[test]
fn what_the_network_does_is_no_error() {
    let mut peer = WebSocketPeer::new();
    peer.connect("ws://unknown.invalid/").unwrap();
    peer.abort();
    let (theirs, ours) = tcp_pair();
    drop::<TcpStream>(theirs);
    peer.accept(ours).unwrap();
    assert!(!closed(&mut peer).was_clean());
}

#[test]
fn every_variant_has_a_test_here() {
    let tests = concat!(include_str!("errors.rs"), include_str!("errors/session.rs"));
    for (name, source) in [
        ("Error", include_str!("../src/error.rs")),
        ("SessionError", include_str!("../src/multiplayer/error.rs")),
    ] {
        let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
        let (body, _) = body.split_once("\n}").unwrap();
        let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
        let variants = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
        for variant in variants.map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap()) {
            assert!(tests.contains(&format!("{name}::{variant}")), "`{name}::{variant}` has no test");
        }
    }
}
