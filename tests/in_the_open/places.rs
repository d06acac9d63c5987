//! `max_peers`: so many are served, and one more is told to come again.

use websocket_peer::{CloseCode, ServerOptions};

use crate::{
    common::raw::{CLOSE, REQUEST, client_frame},
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
fn whoever_is_closing_still_has_its_place() {
    let mut host = Host::start(ServerOptions::default().max_peers(1));
    let (key, mut raw) = host.guest();
    host.server.close(key, CloseCode::NORMAL, "").unwrap();
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
    let options = ServerOptions::default().max_peers(10).max_pending(100).max_pending_per_address(100);
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
