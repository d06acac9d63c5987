//! Slow-loris handshakes: connections that take up a place and never come to a request. There is a deadline for all of it, a
//! number of places for each address and one for all, and nobody else notices.

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
fn a_client_that_says_nothing_is_cut_off_at_the_deadline() {
    let mut host = Host::start(impatient());
    let start = Instant::now();
    let mut silent = host.knock();
    host.end(&mut silent);
    assert!(start.elapsed() >= SOON - Duration::from_millis(20), "{:?}", start.elapsed());
    host.until_empty();
    assert_eq!((host.server.stats().refused, host.told.len()), (1, 0));
}

#[test]
fn a_client_that_sends_a_byte_now_and_then_has_no_longer_than_others() {
    let mut host = Host::start(impatient());
    let start = Instant::now();
    let slow = host.knock();
    let mut bytes = REQUEST.bytes();
    host.until_so("it is cut off", |host| {
        // A write to a connection that is gone is no failure of this test's.
        let next = bytes.next().expect("it is never allowed to come to the end");
        let _ = std::io::Write::write(&mut slow.tcp(), &[next]);
        std::thread::sleep(Duration::from_millis(10));
        host.server.stats().refused == 1
    });
    assert!(start.elapsed() >= SOON - Duration::from_millis(20), "{:?}", start.elapsed());
    assert_eq!(host.told, []);
}

#[test]
fn honest_clients_come_in_while_others_dawdle() {
    let mut host = Host::start(ServerOptions::default());
    let _dawdlers: Vec<Raw> = (0..10).map(|index| host.ask(&REQUEST[..index])).collect();
    host.until_so("they are here", |host| host.server.stats().pending == 10);
    let (key, mut raw) = host.guest();
    raw.send(client_frame(TEXT, "hello"));
    host.packet(key);
    assert_eq!(host.server.stats().pending, 10);
}

#[test]
fn one_address_has_so_many_places_and_one_more_client_is_told_503() {
    let mut host = Host::start(ServerOptions::default().max_pending_handshakes_per_address(3));
    let mut dawdlers: Vec<Raw> = (0..3).map(|_| host.knock()).collect();
    host.until_so("they are here", |host| host.server.stats().pending == 3);
    for _ in 0..5 {
        let mut one_more = host.ask(REQUEST);
        let refusal = host.refusal(&mut one_more);
        assert_eq!(refusal.status, 503);
        assert!(refusal.head.contains("\r\nRetry-After: "), "{refusal:?}");
    }
    // Whoever is turned away takes no place, and a place is free again when somebody leaves.
    dawdlers.pop();
    host.until_so("a place is free", |host| host.server.stats().pending == 2);
    host.guest();
    assert_eq!(host.server.stats().pending, 2);
}

#[test]
fn when_too_many_handshakes_are_under_way_the_oldest_one_makes_room() {
    let mut host = Host::start(ServerOptions::default().max_pending_handshakes(2));
    let mut oldest = host.knock();
    host.until_so("it is here", |host| host.server.stats().pending == 1);
    let _other = host.knock();
    host.until_so("it is here", |host| host.server.stats().pending == 2);
    let _one_more = host.knock();
    assert_eq!(host.refusal(&mut oldest).status, 503);
    assert_eq!(host.server.stats().pending, 2);
    // Who has its request ready needs no room.
    host.guest();
    assert_eq!(host.server.stats().pending, 2);
}

/// Linux has a whole network of loopback addresses; it is the same code elsewhere.
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

/// 16 addresses with 16 silent connections each are as many as there may be handshakes.
#[cfg(target_os = "linux")]
#[test]
fn silent_connections_from_a_crowded_network_keep_no_newcomer_out() {
    let mut host = on_all_addresses(ServerOptions::default());
    let mut silent: Vec<Raw> =
        (0..256).map(|index| from(&host, [127, 0, 3, 1 + (index % 16) as u8])).collect();
    host.until_so("they are here", |host| host.server.stats().pending == 256);
    for last in 1..=10 {
        let mut newcomer = from(&host, [127, 0, 9, last]);
        newcomer.send(REQUEST);
        let head = host.until("the answer", |_| newcomer.head());
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // Those that made room come again.
        silent.push(from(&host, [127, 0, 3, last]));
    }
    assert!(host.server.stats().pending <= 256, "{:?}", host.server.stats());
}

#[cfg(target_os = "linux")]
#[test]
fn the_dawdlers_of_one_address_keep_nobody_out_from_another() {
    let mut host = on_all_addresses(ServerOptions::default().max_pending_handshakes_per_address(1));
    let _dawdler = from(&host, [127, 0, 0, 2]);
    host.until_so("it is here", |host| host.server.stats().pending == 1);
    let mut second = from(&host, [127, 0, 0, 2]);
    second.send(REQUEST);
    assert_eq!(host.refusal(&mut second).status, 503);
    let mut other = from(&host, [127, 0, 0, 3]);
    other.send(REQUEST);
    let head = host.until("the answer", |_| other.head());
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}

/// Hundreds are due at once, and there are few polls.
#[test]
fn every_deadline_is_met_within_two_polls_of_a_server_that_polls_seldom() {
    const COUNT: usize = 600;
    const FRAME: Duration = Duration::from_millis(50);
    let options = impatient()
        .max_pending_handshakes(COUNT)
        .max_pending_handshakes_per_address(COUNT)
        .max_connections_per_address_per_second(0);
    let mut host = Host::start(options);
    let mut silent = Vec::new();
    for _ in 0..COUNT {
        silent.push(host.knock());
        host.step();
    }
    host.until_so("all are accepted", |host| host.server.stats().accepted == COUNT as u64);
    // All that are left are due when this is over.
    std::thread::sleep(2 * SOON);
    host.step();
    std::thread::sleep(FRAME);
    host.step();
    assert_eq!(host.server.stats().pending, 0, "{:?}", host.server.stats());
}

#[test]
fn thousands_that_knock_and_leave_again_take_no_place() {
    let options = ServerOptions::default()
        .max_pending_handshakes_per_address(2)
        .max_connections_per_address_per_second(0);
    let mut host = Host::start(options);
    for round in 0..1000 {
        drop(host.knock());
        if round % 10 == 0 {
            host.step();
        }
    }
    host.until_empty();
    host.guest();
}

/// What whoever is turned away still may do: read its answer. Not stay.
#[test]
fn those_that_are_turned_away_do_not_stay() {
    let options =
        with_peer(PeerOptions::for_server().close_timeout(SOON)).max_pending_handshakes_per_address(1);
    let mut host = Host::start(options);
    let _dawdler = host.knock();
    host.until_so("it is here", |host| host.server.stats().pending == 1);
    let mut stubborn: Vec<Raw> = (0..20).map(|_| host.knock()).collect();
    host.until_so("all are refused", |host| host.server.stats().refused == 20);
    for raw in &mut stubborn {
        assert_eq!(host.refusal(raw).status, 503);
    }
}
