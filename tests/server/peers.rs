//! The keys of peers: that they are unique, and how long a peer is known.

use std::collections::{BTreeMap, BTreeSet};

use websocket_peer::{Error, Packet, PeerKey, ReadyState, ServerEvent, ServerOptions};

use crate::{
    common::{
        raw::{CLOSE, REQUEST, Raw, TEXT, client_frame, close_payload},
        until,
    },
    host::{Host, unlimited},
};

fn host() -> Host {
    Host::start(ServerOptions::default().rate_limits(unlimited()))
}

#[test]
fn a_key_is_never_used_again() {
    let mut host = host();
    let mut keys = BTreeSet::new();
    let mut stays = Vec::new();
    for round in 0..100 {
        let (key, raw) = host.open_client();
        assert!(keys.insert(key), "{key} was used before");
        if round % 10 == 0 {
            stays.push((key, raw));
            continue;
        }
        drop(raw);
        host.closed(key);
    }
    let known: BTreeSet<PeerKey> = host.server.peers().collect();
    assert_eq!(known, stays.iter().map(|(key, _)| *key).collect());
    for key in keys.difference(&known) {
        assert!(host.server.peer(*key).is_none());
        assert_eq!(host.server.send(*key, b"for another"), Err(Error::UnknownPeer));
    }
}

#[test]
fn the_number_of_a_key_is_never_used_again() {
    let mut host = host();
    let mut numbers = BTreeMap::new();
    let mut last = 0;
    for round in 0..50 {
        let (key, raw) = host.open_client();
        let number = key.as_u64();
        assert!(number > last, "{number} after {last}");
        assert_eq!(numbers.insert(number, key), None, "{key}");
        assert_eq!(key.to_string(), format!("peer {number}"));
        last = number;
        // The next one uses its slot.
        if round % 3 != 0 {
            drop(raw);
            host.closed(key);
        }
    }
    assert!(numbers.iter().all(|(number, key)| key.as_u64() == *number));
}

#[test]
fn a_peer_is_known_from_opened_until_the_call_after_closed() {
    let mut host = host();
    let mut raw = host.connect_and_send(REQUEST);
    until("it is open", || {
        host.server.poll();
        host.server.stats().peers == 1
    });
    assert_eq!((host.server.peers().count(), host.server.peer_count()), (0, 0), "`Opened` was not read");
    let Some(ServerEvent::Opened(key)) = host.server.next_event() else { panic!("no Opened") };
    assert_eq!(host.server.peers().collect::<Vec<_>>(), [key]);

    raw.send([client_frame(TEXT, "last"), client_frame(CLOSE, close_payload(4001, ""))].concat());
    until("it is closed", || {
        host.server.poll();
        host.server.stats().peers == 0
    });
    assert_eq!(host.server.peer(key).unwrap().state(), ReadyState::Closed);
    assert_eq!(host.server.send(key, b""), Err(Error::NotOpen { state: ReadyState::Closed }));
    assert_eq!(host.server.next_event(), Some(ServerEvent::Packet(key, Packet::text("last"))));
    assert_eq!(host.server.peers().collect::<Vec<_>>(), [key]);
    let Some(ServerEvent::Closed(closed, _)) = host.server.next_event() else { panic!("no Closed") };
    assert_eq!(closed, key);

    let info = host.server.peer(key).expect("its `Closed` was the last event");
    assert_eq!((info.request().path(), info.stats().packets_received), ("/chat", 1));
    assert_eq!((host.server.peers().count(), host.server.peer_count()), (0, 0));
    assert_eq!(host.server.send(key, b""), Err(Error::UnknownPeer));
    assert!(host.server.peer(key).is_some(), "a call that fails is not the next one");
    assert_eq!(host.server.next_event(), None);
    assert!(host.server.peer(key).is_none());
}

#[test]
fn a_poll_also_drops_the_information_about_a_closed_peer() {
    let mut host = host();
    let (key, raw) = host.open_client();
    drop(raw);
    until("its `Closed` is returned", || {
        host.server.poll();
        host.server.next_event().is_some()
    });
    assert!(host.server.peer(key).is_some());
    host.server.poll();
    assert!(host.server.peer(key).is_none());
}

#[test]
fn the_state_of_a_peer_can_be_read_while_it_closes() {
    let mut host = host();
    let (key, mut raw) = host.open_client();
    let state = |host: &Host| host.server.peer(key).unwrap().state();
    assert_eq!(state(&host), ReadyState::Open);
    host.server.close_with(key, websocket_peer::CloseCode::NORMAL, "").unwrap();
    assert_eq!(state(&host), ReadyState::Closing);
    assert_eq!(host.server.send(key, b""), Err(Error::NotOpen { state: ReadyState::Closing }));
    raw.send(client_frame(TEXT, "while closing"));
    assert_eq!(host.packet(key).as_text(), Some("while closing"));
    assert_eq!(host.server.peer_count(), 1);
}

#[test]
fn a_key_of_another_server_is_unknown() {
    let (mut one, mut other) = (host(), host());
    let (_first, _raw) = other.open_client();
    let (second, _raw) = other.open_client();
    assert!(one.server.peer(second).is_none());
    assert_eq!(one.server.send(second, b""), Err(Error::UnknownPeer));
    assert_eq!(one.server.abort(second), Err(Error::UnknownPeer));
}

#[test]
fn nothing_is_left_of_many_peers_that_connect_and_close() {
    let mut host = host();
    let mut clients: Vec<Option<(PeerKey, Raw)>> = (0..60).map(|_| Some(host.open_client())).collect();
    for step in [7, 3, 2, 1] {
        for client in clients.iter_mut().step_by(step) {
            if let Some((key, raw)) = client.take() {
                drop(raw);
                host.closed(key);
            }
        }
    }
    host.until_empty();
    assert_eq!(host.server.stats().closed, 60);
}

#[test]
fn debug_output_of_servers_and_requests_has_no_secrets() {
    let mut host = host();
    let (key, _raw) = host.open_client();
    assert_eq!(key.to_string(), "peer 1");
    let shown = format!("{:?}", host.server);
    assert!(shown.contains("peers: 1") && !shown.contains("x=1"), "{shown}");
    let info = format!("{:?}", host.server.peer(key).unwrap().request());
    assert!(!info.contains("x=1"), "{info}");
}

#[test]
fn a_server_can_be_moved_between_threads() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<websocket_peer::WebSocketServer>();
    let mut host = host();
    let (key, mut raw) = host.open_client();
    let mut host = std::thread::spawn(move || {
        raw.send(client_frame(TEXT, "on another thread"));
        host.packet(key);
        host.server.send_text(key, "answer").unwrap();
        (host, raw)
    })
    .join()
    .map(|(host, mut raw)| {
        until("the answer comes", || raw.frame().is_some());
        host
    })
    .unwrap();
    host.step();
}
