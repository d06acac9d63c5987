//! Slow-loris handshakes: connections that never complete a request. There is a deadline for a handshake, and a limit
//! on handshakes in all and for each address. Other clients are not affected.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};
use websocket_peer::{PeerOptions, ServerOptions, WebSocketServer};

use crate::{
    common::raw::{REQUEST, Raw, TEXT, client_frame},
    host::{Host, with_peer},
};

const SOON: Duration = Duration::from_millis(400);

fn impatient() -> ServerOptions {
    with_peer(PeerOptions::for_server().connect_timeout(SOON))
}

#[test]
fn a_silent_client_is_cut_off_at_the_deadline() {
    let mut host = Host::start(impatient());
    let start = Instant::now();
    let mut silent = host.connect();
    host.end(&mut silent);
    assert!(start.elapsed() >= SOON - Duration::from_millis(20), "{:?}", start.elapsed());
    host.until_empty();
    assert_eq!((host.server.stats().rejected, host.events.len()), (1, 0));
}

#[test]
fn a_client_that_sends_a_byte_now_and_then_has_the_same_deadline() {
    let mut host = Host::start(impatient());
    let start = Instant::now();
    let slow = host.connect();
    let mut bytes = REQUEST.bytes();
    host.until_so("it is cut off", |host| {
        // A write to a closed connection is not a failure of the test.
        let next = bytes.next().expect("the request is never completed");
        let _ = std::io::Write::write(&mut slow.tcp(), &[next]);
        std::thread::sleep(Duration::from_millis(10));
        host.server.stats().rejected == 1
    });
    assert!(start.elapsed() >= SOON - Duration::from_millis(20), "{:?}", start.elapsed());
    assert_eq!(host.events, []);
}

#[test]
fn clients_are_admitted_while_others_are_slow() {
    let mut host = Host::start(ServerOptions::default());
    let _slow_clients: Vec<Raw> = (0..10).map(|index| host.connect_and_send(&REQUEST[..index])).collect();
    host.until_so("they are accepted", |host| host.server.stats().pending == 10);
    let (key, mut raw) = host.open_client();
    raw.send(client_frame(TEXT, "hello"));
    host.packet(key);
    assert_eq!(host.server.stats().pending, 10);
}

#[test]
fn over_max_pending_handshakes_per_address_a_client_gets_503() {
    let mut host = Host::start(ServerOptions::default().max_pending_handshakes_per_address(3));
    let mut slow_clients: Vec<Raw> = (0..3).map(|_| host.connect()).collect();
    host.until_so("they are accepted", |host| host.server.stats().pending == 3);
    for _ in 0..5 {
        let mut one_more = host.connect_and_send(REQUEST);
        let rejection = host.rejection(&mut one_more);
        assert_eq!(rejection.status, 503);
        assert!(rejection.head.contains("\r\nRetry-After: "), "{rejection:?}");
    }
    // A rejected client does not count, and a client that is gone does not count any more.
    slow_clients.pop();
    host.until_so("one is gone", |host| host.server.stats().pending == 2);
    host.open_client();
    assert_eq!(host.server.stats().pending, 2);
}

#[test]
fn over_max_pending_handshakes_the_oldest_handshake_gets_503() {
    let mut host = Host::start(ServerOptions::default().max_pending_handshakes(2));
    let mut oldest = host.connect();
    host.until_so("it is accepted", |host| host.server.stats().pending == 1);
    let _other = host.connect();
    host.until_so("it is accepted", |host| host.server.stats().pending == 2);
    let _one_more = host.connect();
    assert_eq!(host.rejection(&mut oldest).status, 503);
    assert_eq!(host.server.stats().pending, 2);
    // A client whose request has arrived does not count.
    host.open_client();
    assert_eq!(host.server.stats().pending, 2);
}

/// Connects from this address. Linux has a whole network of loopback addresses; the code under test is the same
/// elsewhere.
#[cfg(target_os = "linux")]
fn from(host: &Host, address: [u8; 4]) -> Raw {
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, host.addr().port()));
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
    socket.connect(&target.into()).unwrap();
    Raw::new(TcpStream::from(socket))
}

#[cfg(target_os = "linux")]
fn on_all_addresses(options: ServerOptions) -> Host {
    Host::of(WebSocketServer::bind("0.0.0.0:0", options).unwrap())
}

/// 16 addresses with 16 silent connections each reach the limit on handshakes.
#[cfg(target_os = "linux")]
#[test]
fn silent_connections_from_one_network_do_not_keep_clients_of_another_out() {
    let mut host = on_all_addresses(ServerOptions::default());
    let mut silent: Vec<Raw> =
        (0..256).map(|index| from(&host, [127, 0, 3, 1 + (index % 16) as u8])).collect();
    host.until_so("they are accepted", |host| host.server.stats().pending == 256);
    for last in 1..=10 {
        let mut new_client = from(&host, [127, 0, 9, last]);
        new_client.send(REQUEST);
        let head = host.until("the answer", |_| new_client.head());
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // Those that were rejected connect again.
        silent.push(from(&host, [127, 0, 3, last]));
    }
    assert!(host.server.stats().pending <= 256, "{:?}", host.server.stats());
}

#[cfg(target_os = "linux")]
#[test]
fn slow_clients_of_one_address_do_not_affect_another_address() {
    let mut host = on_all_addresses(ServerOptions::default().max_pending_handshakes_per_address(1));
    let _slow_client = from(&host, [127, 0, 0, 2]);
    host.until_so("it is accepted", |host| host.server.stats().pending == 1);
    let mut second = from(&host, [127, 0, 0, 2]);
    second.send(REQUEST);
    assert_eq!(host.rejection(&mut second).status, 503);
    let mut other = from(&host, [127, 0, 0, 3]);
    other.send(REQUEST);
    let head = host.until("the answer", |_| other.head());
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}

/// Hundreds of deadlines are due at once.
#[test]
fn a_server_that_polls_seldom_meets_every_deadline_within_two_polls() {
    const COUNT: usize = 600;
    const FRAME: Duration = Duration::from_millis(50);
    let options = impatient()
        .max_pending_handshakes(COUNT)
        .max_pending_handshakes_per_address(COUNT)
        .max_connections_per_address_per_second(0);
    let mut host = Host::start(options);
    let mut silent = Vec::new();
    for _ in 0..COUNT {
        silent.push(host.connect());
        host.step();
    }
    host.until_so("all are accepted", |host| host.server.stats().accepted == COUNT as u64);
    // Afterwards all deadlines that are left are due.
    std::thread::sleep(2 * SOON);
    host.step();
    std::thread::sleep(FRAME);
    host.step();
    assert_eq!(host.server.stats().pending, 0, "{:?}", host.server.stats());
}

#[test]
fn connections_that_close_at_once_do_not_count() {
    let options = ServerOptions::default()
        .max_pending_handshakes_per_address(2)
        .max_connections_per_address_per_second(0);
    let mut host = Host::start(options);
    for round in 0..1000 {
        drop(host.connect());
        if round % 10 == 0 {
            host.step();
        }
    }
    host.until_empty();
    host.open_client();
}

/// They can still read the response.
#[test]
fn rejected_clients_are_ended() {
    let options =
        with_peer(PeerOptions::for_server().close_timeout(SOON)).max_pending_handshakes_per_address(1);
    let mut host = Host::start(options);
    let _slow_client = host.connect();
    host.until_so("it is accepted", |host| host.server.stats().pending == 1);
    let mut stubborn: Vec<Raw> = (0..20).map(|_| host.connect()).collect();
    host.until_so("all are refused", |host| host.server.stats().rejected == 20);
    for raw in &mut stubborn {
        assert_eq!(host.rejection(raw).status, 503);
    }
}
