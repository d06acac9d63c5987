//! `max_peers`: so many are served, and one more is told to come again.

use websocket_peer::{CloseCode, ServerOptions};

use crate::{
    common::raw::{CLOSE, REQUEST, Raw, client_frame},
    host::Host,
};

#[test]
fn one_more_than_the_greatest_number_of_peers_gets_503_and_a_place_that_is_left_is_given_again() {
    let mut host = Host::start(ServerOptions::default().max_peers(3));
    let mut guests: Vec<_> = (0..3).map(|_| host.guest()).collect();
    for _ in 0..10 {
        let mut one_more = host.ask(REQUEST);
        let refusal = host.refusal(&mut one_more);
        assert_eq!(refusal.status, 503);
        assert!(refusal.head.contains("\r\nRetry-After: "), "{refusal:?}");
    }
    let (key, raw) = guests.remove(0);
    drop(raw);
    host.closed(key);
    guests.push(host.guest());
    assert_eq!(host.status_for(REQUEST), 503);
    assert_eq!(host.server.peer_count(), 3);
}

#[test]
fn one_address_takes_so_many_places_and_one_more_client_gets_503() {
    let mut host = Host::start(ServerOptions::default().max_peers_per_address(2));
    let mut guests = vec![host.guest(), host.guest()];
    assert_eq!(host.status_for(REQUEST), 503);
    let (key, raw) = guests.remove(0);
    drop(raw);
    host.closed(key);
    host.guest();
}

#[cfg(target_os = "linux")]
#[test]
fn one_address_that_takes_all_its_places_leaves_those_of_others() {
    use std::net::{Ipv4Addr, SocketAddr, TcpStream};

    let options = ServerOptions::default().max_peers(8).max_peers_per_address(4);
    let mut host = Host::of(websocket_peer::WebSocketServer::bind("0.0.0.0:0", options).unwrap());
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, host.addr().port()));
    let answer = |host: &mut Host, last: u8| {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, last], 0)).into()).unwrap();
        socket.connect(&target.into()).unwrap();
        let mut raw = Raw::new(TcpStream::from(socket));
        raw.send(REQUEST);
        let head = host.until("an answer", |_| raw.head());
        (head[9..12].to_owned(), raw)
    };
    let first: Vec<_> = (0..6).map(|_| answer(&mut host, 2)).collect();
    let statuses: Vec<_> = first.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["101", "101", "101", "101", "503", "503"]);
    let (status, _raw) = answer(&mut host, 3);
    assert_eq!(status, "101");
}

#[test]
fn one_address_that_connects_too_often_gets_429() {
    // So few that a slow machine exceeds them, too.
    let options = ServerOptions::default().max_connections_per_address_per_second(1);
    let mut host = Host::start(options);
    let statuses: Vec<_> = (0..12)
        .map(|_| {
            let mut raw = host.ask(REQUEST);
            let head = host.until("an answer", |_| raw.head());
            assert_eq!(head.contains("\r\nRetry-After: "), !head.starts_with("HTTP/1.1 101 "), "{head}");
            head[9..12].to_owned()
        })
        .collect();
    assert_eq!(statuses[..2], ["101", "101"], "two seconds' worth may come at once");
    assert!(statuses.iter().any(|status| status == "429"), "{statuses:?}");
    // And is served when it comes more slowly.
    host.until_so("it is served again", |host| {
        std::thread::sleep(std::time::Duration::from_millis(1500));
        let mut raw = host.ask(REQUEST);
        host.until("an answer", |_| raw.head()).starts_with("HTTP/1.1 101 ")
    });
}

#[test]
fn whoever_is_closing_still_has_its_place() {
    let mut host = Host::start(ServerOptions::default().max_peers(1));
    let (key, mut raw) = host.guest();
    host.server.close_with(key, CloseCode::NORMAL, "").unwrap();
    assert_eq!(host.status_for(REQUEST), 503);
    raw.send(client_frame(CLOSE, [3, 0xE8]));
    host.closed(key);
    host.guest();
}

#[test]
fn those_that_never_open_take_no_peers_place() {
    let mut host = Host::start(ServerOptions::default().max_peers(1).paths(["/chat"]));
    let _silent = [host.knock(), host.ask("GET")];
    host.until_so("they are here", |host| host.server.stats().pending == 2);
    assert_eq!(host.status_for(REQUEST.replace("/chat", "/else")), 404);
    host.guest();
}

#[test]
fn a_crowd_before_the_door_is_served_as_far_as_there_are_places() {
    let options = ServerOptions::default()
        .max_peers(10)
        .max_pending_handshakes(100)
        .max_pending_handshakes_per_address(100);
    let mut host = Host::start(options);
    let mut crowd: Vec<_> = (0..60).map(|_| host.ask(REQUEST)).collect();
    let mut statuses: Vec<String> = Vec::new();
    for raw in &mut crowd {
        let head = host.until("an answer", |_| raw.head());
        statuses.push(head[9..12].to_owned());
    }
    let served = statuses.iter().filter(|status| *status == "101").count();
    assert_eq!((served, statuses.iter().filter(|status| *status == "503").count()), (10, 50));
    assert_eq!(host.server.stats().peers, 10);
}
