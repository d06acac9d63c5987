//! A packet for several peers: which of them get it, how often, and that its bytes count once.

use std::collections::{BTreeMap, HashMap};

use websocket_peer::{CloseCode, Packet, PeerKey, PeerOptions, ServerOptions};

use crate::{
    common::{
        A_WHILE,
        raw::{BINARY, REQUEST, Raw, TEXT},
    },
    host::{Host, with_peer},
};

fn clients(host: &mut Host, count: usize) -> BTreeMap<PeerKey, Raw> {
    (0..count).map(|_| host.open_client()).collect()
}

#[test]
fn a_multicast_reaches_the_given_peers_and_no_others() {
    let mut host = Host::start(ServerOptions::default());
    let mut clients = clients(&mut host, 5);
    let keys: Vec<PeerKey> = clients.keys().copied().collect();
    let room = &keys[1..4];
    for (packet, first) in [(Packet::text("to a room"), TEXT), (Packet::binary(vec![5; 70_000]), BINARY)] {
        assert_eq!(host.server.multicast(&packet, room), 3);
        for key in room {
            let frame = host.frame(clients.get_mut(key).unwrap());
            assert_eq!((frame.first, frame.masked, &frame.payload[..]), (first, false, packet.as_bytes()));
        }
    }
    assert_eq!(host.server.broadcast(Packet::text("to all"), None), 5);
    for raw in clients.values_mut() {
        assert_eq!(host.frame(raw).payload, b"to all", "no packet came before it");
    }
}

#[test]
fn a_multicast_takes_keys_from_any_collection_by_value_or_by_reference() {
    let mut host = Host::start(ServerOptions::default());
    let clients = clients(&mut host, 3);
    let packet = Packet::text("x");
    let names: HashMap<PeerKey, &str> = clients.keys().map(|key| (*key, "name")).collect();
    let keys: Vec<PeerKey> = clients.keys().copied().collect();
    assert_eq!(host.server.multicast(&packet, names.keys()), 3);
    assert_eq!(host.server.multicast(&packet, &keys), 3);
    assert_eq!(host.server.multicast(&packet, keys.iter().filter(|key| **key != keys[0])), 2);
    assert_eq!(host.server.multicast(&packet, Some(keys[0])), 1);
    assert_eq!(host.server.multicast(&packet, keys), 3);
    assert_eq!(host.server.multicast(&packet, Vec::<PeerKey>::new()), 0);
}

#[test]
fn a_peer_that_is_given_several_times_gets_a_multicast_once() {
    let mut host = Host::start(ServerOptions::default());
    let (one, mut raw_one) = host.open_client();
    let (two, mut raw_two) = host.open_client();
    for text in ["first", "second"] {
        assert_eq!(host.server.multicast(Packet::text(text), [one, two, one, one, two]), 2);
    }
    host.server.broadcast(Packet::text("last"), None);
    for raw in [&mut raw_one, &mut raw_two] {
        for expected in ["first", "second", "last"] {
            assert_eq!(host.frame(raw).payload, expected.as_bytes());
        }
    }
    let sent = host.server.peer(one).unwrap().stats().packets_sent;
    assert_eq!(sent, 3);
}

#[test]
fn a_multicast_ignores_keys_of_peers_that_are_not_open() {
    let mut host = Host::start(ServerOptions::default());
    let (gone, raw) = host.open_client();
    drop(raw);
    host.closed(gone);
    let (closing, mut raw_closing) = host.open_client();
    host.server.close_with(closing, CloseCode::NORMAL, "").unwrap();
    // A peer whose `Opened` the program has not read.
    let _unreported = host.connect_and_send(REQUEST);
    crate::common::until("it is open", || {
        host.server.poll();
        host.server.stats().peers == 2
    });
    let mut elsewhere = Host::start(ServerOptions::default());
    let foreign: Vec<PeerKey> = (0..8).map(|_| elsewhere.open_client()).map(|(key, _)| key).collect();
    let before = host.server.stats().packets_sent;
    let keys = foreign.last().into_iter().chain([&gone, &closing]);
    assert_eq!(host.server.multicast(Packet::text("no peer"), keys), 0);
    assert_eq!(host.server.broadcast(Packet::text("no peer"), None), 0, "its `Opened` was not read");
    assert_eq!(host.server.stats().packets_sent, before);

    let unreported = host.opened();
    assert_eq!(host.server.multicast(Packet::text("one"), [gone, unreported, closing]), 1);
    assert_eq!(host.frame(&mut raw_closing).close_code(), Some(1000));
    assert_eq!(raw_closing.rest(), b"");
}

#[test]
fn a_peer_with_a_full_queue_misses_a_multicast_and_the_others_get_it() {
    let mut host = Host::start(with_peer(PeerOptions::for_server().outbound_buffer_size(100_000)));
    let (full, _silent) = host.open_client();
    let (other, mut raw) = host.open_client();
    host.fill_queue(full, &Packet::binary(vec![0; 9_999]));
    let before = (host.buffered(full), host.server.peer(full).unwrap().stats());
    assert_eq!(host.server.multicast(Packet::binary(vec![1; 9_999]), [full, other]), 1);
    assert_eq!((host.buffered(full), host.server.peer(full).unwrap().stats()), before);
    assert_eq!(host.frame(&mut raw).payload, [1; 9_999]);
}

#[test]
fn bytes_of_a_multicast_count_once_in_memory() {
    let mut host = Host::start(ServerOptions::default());
    let clients = clients(&mut host, 20);
    let mut sent = 0;
    for _ in 0..20 {
        let packet = Packet::binary(vec![0; 50_000]);
        assert_eq!(host.server.multicast(&packet, clients.keys()), 20);
        sent += packet.len();
    }
    host.run(A_WHILE);
    let waiting: usize = clients.keys().map(|key| host.buffered(*key)).sum();
    assert!(waiting > 10 * sent, "{waiting} bytes wait for all, of {sent}");
    let memory = host.server.stats().memory;
    assert!(memory <= sent + sent / 5, "{memory} bytes are held of {sent}");
    assert!(memory >= sent * 3 / 4, "{memory} bytes are held of {sent}");
    drop(clients);
    host.until_empty();
}
