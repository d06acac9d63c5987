//! The limits on peers and connections, in all and for each address.

use websocket_peer::{CloseCode, ServerOptions};

use crate::{
    common::raw::{CLOSE, REQUEST, Raw, client_frame},
    host::Host,
};

#[test]
fn over_max_peers_a_client_gets_503_until_a_peer_is_gone() {
    let mut host = Host::start(ServerOptions::default().max_peers(3));
    let mut clients: Vec<_> = (0..3).map(|_| host.open_client()).collect();
    for _ in 0..10 {
        let mut one_more = host.connect_and_send(REQUEST);
        let rejection = host.rejection(&mut one_more);
        assert_eq!(rejection.status, 503);
        assert!(rejection.head.contains("\r\nRetry-After: "), "{rejection:?}");
    }
    let (key, raw) = clients.remove(0);
    drop(raw);
    host.closed(key);
    clients.push(host.open_client());
    assert_eq!(host.status_for(REQUEST), 503);
    assert_eq!(host.server.peer_count(), 3);
}

#[test]
fn over_max_peers_per_address_a_client_gets_503_until_a_peer_is_gone() {
    let mut host = Host::start(ServerOptions::default().max_peers_per_address(2));
    let mut clients = vec![host.open_client(), host.open_client()];
    assert_eq!(host.status_for(REQUEST), 503);
    let (key, raw) = clients.remove(0);
    drop(raw);
    host.closed(key);
    host.open_client();
}

#[cfg(target_os = "linux")]
#[test]
fn an_address_at_its_limit_does_not_affect_other_addresses() {
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
fn an_address_that_connects_too_often_gets_429() {
    // A small limit, so that a slow machine exceeds it, too.
    let options = ServerOptions::default().max_connections_per_address_per_second(1);
    let mut host = Host::start(options);
    let statuses: Vec<_> = (0..12)
        .map(|_| {
            let mut raw = host.connect_and_send(REQUEST);
            let head = host.until("an answer", |_| raw.head());
            assert_eq!(head.contains("\r\nRetry-After: "), !head.starts_with("HTTP/1.1 101 "), "{head}");
            head[9..12].to_owned()
        })
        .collect();
    assert_eq!(statuses[..2], ["101", "101"], "a burst of two seconds is allowed");
    assert!(statuses.iter().any(|status| status == "429"), "{statuses:?}");
    // It is served when it connects more slowly.
    host.until_so("it is served again", |host| {
        std::thread::sleep(std::time::Duration::from_millis(1500));
        let mut raw = host.connect_and_send(REQUEST);
        host.until("an answer", |_| raw.head()).starts_with("HTTP/1.1 101 ")
    });
}

#[test]
fn a_closing_peer_still_counts() {
    let mut host = Host::start(ServerOptions::default().max_peers(1));
    let (key, mut raw) = host.open_client();
    host.server.close_with(key, CloseCode::NORMAL, "").unwrap();
    assert_eq!(host.status_for(REQUEST), 503);
    raw.send(client_frame(CLOSE, [3, 0xE8]));
    host.closed(key);
    host.open_client();
}

#[test]
fn connections_that_never_open_do_not_count_as_peers() {
    let mut host = Host::start(ServerOptions::default().max_peers(1).paths(["/chat"]));
    let _silent = [host.connect(), host.connect_and_send("GET")];
    host.until_so("they are accepted", |host| host.server.stats().pending == 2);
    assert_eq!(host.status_for(REQUEST.replace("/chat", "/else")), 404);
    host.open_client();
}

#[test]
fn of_many_clients_at_once_max_peers_are_admitted() {
    let options = ServerOptions::default()
        .max_peers(10)
        .max_pending_handshakes(100)
        .max_pending_handshakes_per_address(100);
    let mut host = Host::start(options);
    let mut raws: Vec<_> = (0..60).map(|_| host.connect_and_send(REQUEST)).collect();
    let mut statuses: Vec<String> = Vec::new();
    for raw in &mut raws {
        let head = host.until("an answer", |_| raw.head());
        statuses.push(head[9..12].to_owned());
    }
    let served = statuses.iter().filter(|status| *status == "101").count();
    assert_eq!((served, statuses.iter().filter(|status| *status == "503").count()), (10, 50));
    assert_eq!(host.server.stats().peers, 10);
}
