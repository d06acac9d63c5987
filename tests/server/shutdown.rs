//! The shutdown of a server: it closes all connections, accepts no new ones, and aborts the rest at the deadline.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use websocket_peer::{CloseCause, Packet, PeerOptions, ServerEvent, ServerOptions};

use crate::{
    common::raw::{REQUEST, TEXT, client_frame},
    host::{Host, with_peer},
};

const LONG: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_millis(300);

#[test]
fn every_peer_gets_1001_after_the_packets_sent_before() {
    let mut host = Host::start(ServerOptions::default());
    let mut clients: Vec<_> = (0..5).map(|_| host.open_client()).collect();
    assert!(!host.server.is_shut_down());
    host.server.broadcast(Packet::text("last"), None);
    host.server.shutdown(LONG);
    for (_, raw) in &mut clients {
        assert_eq!(host.frame(raw).payload, b"last");
        let close = host.frame(raw);
        assert_eq!(close.close_code(), Some(1001));
        assert!(!host.server.is_shut_down());
        raw.send(client_frame(TEXT, "one more"));
        raw.send(client_frame(close.first, close.payload));
    }
    for (key, _) in &clients {
        assert_eq!(host.packet(*key).as_text(), Some("one more"));
        let info = host.closed(*key);
        assert_eq!((info.code, info.cause), (Some(1001), CloseCause::Local));
    }
    for (_, raw) in &mut clients {
        host.end(raw);
    }
    drop(clients);
    host.until_so("it is shut down", |host| host.server.is_shut_down());
}

#[test]
fn no_connection_is_accepted_after_a_shutdown() {
    let mut host = Host::start(ServerOptions::default());
    let (_, _raw) = host.open_client();
    host.server.shutdown(LONG);
    host.step();
    assert!(TcpStream::connect(host.addr()).is_err(), "it does not listen any more");
    assert!(host.server.local_addr().is_err());
}

#[test]
fn pending_handshakes_get_503_at_a_shutdown() {
    let mut host = Host::start(ServerOptions::default());
    let (mut silent, mut late) = (host.connect(), host.connect_and_send(&REQUEST[..50]));
    host.until_so("both are accepted", |host| host.server.stats().pending == 2);
    host.server.shutdown(LONG);
    for raw in [&mut silent, &mut late] {
        assert_eq!(host.rejection(raw).status, 503);
    }
    drop((silent, late));
    host.until_so("it is shut down", |host| host.server.is_shut_down());
    assert_eq!(host.events, []);
    assert_eq!(host.server.stats().rejected, 2);
}

#[test]
fn peers_that_do_not_answer_are_aborted_at_the_deadline() {
    let mut host = Host::start(with_peer(PeerOptions::for_server().close_timeout(LONG)));
    let clients: Vec<_> = (0..3).map(|_| host.open_client()).collect();
    let start = Instant::now();
    host.server.shutdown(SOON);
    for (key, _) in &clients {
        assert_eq!(host.closed(*key).cause, CloseCause::Aborted);
    }
    assert!(start.elapsed() >= SOON, "{:?}", start.elapsed());
    host.step();
    assert!(host.server.is_shut_down());
}

#[test]
fn a_shutdown_is_not_complete_before_every_event_was_read() {
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    raw.send(client_frame(TEXT, "unread"));
    host.server.shutdown(Duration::ZERO);
    crate::common::until("it is aborted", || {
        host.server.poll();
        host.server.stats().peers == 0
    });
    let mut events = Vec::new();
    while let Some(event) = host.server.next_event() {
        assert!(!host.server.is_shut_down());
        events.push(event);
    }
    assert!(matches!(&events[..], [.., ServerEvent::Closed(closed, _)] if *closed == key), "{events:?}");
    assert!(host.server.is_shut_down());
}

#[test]
fn a_server_without_peers_is_shut_down_at_once() {
    let mut host = Host::start(ServerOptions::default());
    host.server.shutdown(LONG);
    assert!(host.server.is_shut_down());
    host.step();
    assert!(host.server.is_shut_down());
}

#[test]
fn a_second_shutdown_can_only_set_another_deadline() {
    let mut host = Host::start(with_peer(PeerOptions::for_server().close_timeout(LONG)));
    let (key, mut raw) = host.open_client();
    host.server.shutdown(LONG);
    host.server.shutdown(SOON);
    assert_eq!(host.frame(&mut raw).close_code(), Some(1001));
    assert_eq!(host.closed(key).cause, CloseCause::Aborted);
    assert_eq!(raw.frame(), None, "only one close frame is sent");
}

#[test]
fn waits_reach_the_end_of_a_shutdown() {
    let mut host = Host::start(with_peer(PeerOptions::for_server().close_timeout(LONG)));
    let (_, _raw) = host.open_client();
    host.server.shutdown(SOON);
    let start = Instant::now();
    while !host.server.is_shut_down() {
        host.server.wait(LONG);
        host.read_events();
    }
    assert!(start.elapsed() < LONG / 2, "{:?}", start.elapsed());
}
