//! Where a server listens: ports, both versions of IP, and listeners that are open already.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use websocket_peer::{Error, PeerOptions, ReadyState, ServerOptions, WebSocketPeer, WebSocketServer};

use crate::{
    common::{
        eventually,
        raw::{REQUEST, Raw},
        until,
    },
    host::{Host, with_peer},
};

/// Returns `true` if a client can open a connection to this address.
fn opens(host: &mut Host, addr: SocketAddr) -> bool {
    let Ok(tcp) = TcpStream::connect(addr) else { return false };
    let mut raw = Raw::new(tcp);
    raw.send(REQUEST);
    host.until("the answer", |_| raw.head()).starts_with("HTTP/1.1 101 ")
}

#[test]
fn local_addr_returns_the_free_port() {
    let mut host = Host::start(ServerOptions::default());
    assert_ne!(host.addr().port(), 0);
    let addr = host.addr();
    assert!(opens(&mut host, addr));
    assert_eq!(host.server.local_addr(), Ok(addr));
}

#[test]
fn the_crates_client_and_server_work_together() {
    let mut host = Host::start(with_peer(PeerOptions::for_server().protocols(["game"])));
    let mut client = WebSocketPeer::with_options(PeerOptions::default().protocols(["game"]));
    client.connect(&host.url("/room?x=1")).unwrap();
    host.until_so("it opens", |_| client.poll() == ReadyState::Open);
    let key = host.opened();
    assert_eq!(client.protocol(), host.server.peer(key).unwrap().protocol());
    client.send_text("hello").unwrap();
    assert_eq!(host.packet(key).as_text(), Some("hello"));
    host.server.send(key, b"welcome").unwrap();
    host.until_so("the answer", |_| (client.poll(), client.available()) == (ReadyState::Open, 1));
    client.close();
    assert_eq!(host.closed(key).code, Some(1000));
    host.until_so("it closes", |_| client.poll() == ReadyState::Closed);
    assert!(client.close_info().unwrap().was_clean());
}

#[test]
fn an_ipv6_listener_accepts_ipv4_only_with_dual_stack() {
    let bind = |dual_stack: bool| {
        let options = ServerOptions::default().dual_stack(dual_stack);
        let mut host = Host::of(WebSocketServer::bind("[::]:0", options).expect("the system has IPv6"));
        let port = host.addr().port();
        assert!(opens(&mut host, SocketAddr::new("::1".parse().unwrap(), port)));
        (host, SocketAddr::new("127.0.0.1".parse().unwrap(), port))
    };
    let (mut host, by_ipv4) = bind(true);
    assert!(opens(&mut host, by_ipv4));
    // The other one leaves the port of IPv4 free, but another program may have it.
    eventually("a port that is free", || {
        let (_host, by_ipv4) = bind(false);
        TcpListener::bind(by_ipv4).ok()
    });
}

#[test]
fn an_open_listener_is_taken_over() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    // A connection from before is served, too.
    let mut early = Raw::new(TcpStream::connect(addr).unwrap());
    early.send(REQUEST);
    let mut host = Host::of(WebSocketServer::from_listener(listener, ServerOptions::default()).unwrap());
    assert_eq!(host.addr(), addr);
    host.until_so("the early client is answered", |_| early.head().is_some());
    assert!(opens(&mut host, addr));
}

#[test]
fn a_port_in_use_is_an_error_and_is_free_after_the_server_is_dropped() {
    let mut host = Host::start(ServerOptions::default());
    let addr = host.addr();
    let second = WebSocketServer::bind(addr, ServerOptions::default());
    assert!(matches!(second, Err(Error::Io { kind: std::io::ErrorKind::AddrInUse, .. })), "{second:?}");
    let (_, raw) = host.open_client();
    drop(host);
    // The system still has its connections in TIME_WAIT.
    let again = WebSocketServer::bind(addr, ServerOptions::default());
    assert!(again.is_ok(), "{again:?}");
    drop(raw);
}

#[test]
fn the_first_free_address_of_several_is_used() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addresses = [taken.local_addr().unwrap(), "127.0.0.1:0".parse().unwrap()];
    let host = Host::of(WebSocketServer::bind(&addresses[..], ServerOptions::default()).unwrap());
    assert_ne!(host.addr(), addresses[0]);
}

#[test]
fn an_address_that_cannot_be_bound_is_an_error() {
    let options = ServerOptions::default;
    assert!(matches!(WebSocketServer::bind("192.0.2.1:0", options()), Err(Error::Io { .. })));
    assert!(matches!(WebSocketServer::bind("no port", options()), Err(Error::Io { .. })));
    assert!(matches!(WebSocketServer::bind(&[][..], options()), Err(Error::Io { .. })));
    let invalid = WebSocketServer::bind("127.0.0.1:0", options().max_peers(0));
    assert!(matches!(invalid, Err(Error::InvalidOption { option: "max_peers", .. })), "{invalid:?}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let invalid = WebSocketServer::from_listener(listener, options().max_buffered_bytes(0));
    assert!(matches!(invalid, Err(Error::InvalidOption { option: "max_buffered_bytes", .. })), "{invalid:?}");
}

#[test]
fn small_packets_are_not_delayed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let watched = listener.try_clone().unwrap();
    assert!(!socket2::SockRef::from(&watched).tcp_nodelay().unwrap());
    let mut host = Host::of(WebSocketServer::from_listener(listener, ServerOptions::default()).unwrap());
    let (key, mut raw) = host.open_client();
    // With Nagle's algorithm the second packet would wait for an acknowledgement, which Linux delays by 40 ms after it
    // has acknowledged some packets at once. A busy machine is slow, too, but not in every round.
    let mut fastest = Duration::MAX;
    for round in 0..40 {
        let start = Instant::now();
        host.server.send_text(key, "one").unwrap();
        host.server.send_text(key, "two").unwrap();
        until("both frames arrive", || raw.tcp().peek(&mut [0; 64]).is_ok_and(|len| len == 2 * (2 + 3)));
        if round >= 20 {
            fastest = fastest.min(start.elapsed());
        }
        host.frame(&mut raw);
        host.frame(&mut raw);
    }
    assert!(fastest < Duration::from_millis(30), "{fastest:?}");
}
