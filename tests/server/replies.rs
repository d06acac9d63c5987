//! When packets leave: at once if no event waits, together with other replies if events wait.
//! [`PeerInfo::buffered`](websocket_peer::PeerInfo::buffered) shows it.

use websocket_peer::{Packet, PeerKey, ServerEvent, ServerOptions};

use crate::{
    common::{
        raw::{BINARY, Raw, TEXT, client_frame},
        until,
    },
    host::Host,
};

/// A server whose program has read the first of three packets, and not the others.
fn amid_events() -> (Host, PeerKey, Raw) {
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    raw.send(client_frame(TEXT, "question").repeat(3));
    until("all are received", || {
        host.server.poll();
        host.server.stats().packets_received == 3
    });
    assert!(matches!(host.server.next_event(), Some(ServerEvent::Packet(..))));
    (host, key, raw)
}

#[track_caller]
fn assert_arrives(raw: &mut Raw, payload: &[u8]) {
    let frame = crate::common::eventually("a reply", || raw.frame());
    assert_eq!(frame.payload, payload);
}

#[test]
fn without_events_a_packet_leaves_at_once() {
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    host.server.send_text(key, "at once").unwrap();
    assert_eq!(host.buffered(key), 0);
    // No other call is needed.
    assert_arrives(&mut raw, b"at once");
}

#[test]
fn replies_leave_when_no_event_is_left() {
    let (mut host, key, mut raw) = amid_events();
    host.server.send_text(key, "one").unwrap();
    assert_eq!(host.buffered(key), 3);
    while host.server.next_event().is_some() {
        assert_eq!(host.buffered(key), 3);
    }
    assert_eq!(host.buffered(key), 0);
    assert_arrives(&mut raw, b"one");
}

#[test]
fn replies_leave_at_a_flush() {
    let (mut host, key, mut raw) = amid_events();
    host.server.send_text(key, "one").unwrap();
    host.server.send(key, b"two").unwrap();
    assert_eq!(host.buffered(key), 6);
    host.server.flush();
    assert_eq!(host.buffered(key), 0);
    assert_arrives(&mut raw, b"one");
    assert_arrives(&mut raw, b"two");
}

#[test]
fn replies_leave_at_the_next_poll() {
    let (mut host, key, mut raw) = amid_events();
    host.server.send_packet(key, Packet::text("one")).unwrap();
    host.server.poll();
    assert_eq!(host.buffered(key), 0);
    assert_arrives(&mut raw, b"one");
}

#[test]
fn replies_leave_before_the_close_that_follows_them() {
    let (mut host, key, mut raw) = amid_events();
    host.server.send_text(key, "one").unwrap();
    host.server.close_with(key, websocket_peer::CloseCode::NORMAL, "").unwrap();
    assert_arrives(&mut raw, b"one");
    assert_arrives(&mut raw, &[3, 0xE8]);
}

#[test]
fn a_broadcast_amid_events_is_gathered_like_a_reply() {
    let (mut host, key, mut raw) = amid_events();
    assert_eq!(host.server.broadcast(Packet::text("to all"), None), 1);
    assert_eq!(host.buffered(key), 6);
    host.read_events();
    assert_eq!(host.buffered(key), 0);
    assert_arrives(&mut raw, b"to all");
}

#[test]
fn gathered_packets_are_limited() {
    let (mut host, key, mut raw) = amid_events();
    // No event is read. Packets beyond the limit leave at once, as far as the kernel takes them.
    for number in 0..100_u8 {
        host.server.send(key, &[number; 1000]).unwrap();
    }
    assert!(host.buffered(key) < 100_000, "all packets were gathered");
    host.read_events();
    for number in 0..100 {
        let frame = host.frame(&mut raw);
        assert_eq!((frame.first, frame.payload), (BINARY, vec![number; 1000]));
    }
}

#[test]
fn replies_to_a_peer_that_is_gone_are_dropped() {
    let (mut host, key, raw) = amid_events();
    host.server.send_text(key, "one").unwrap();
    drop(raw);
    host.server.abort(key).unwrap();
    host.read_events();
    host.events.clear();
    host.until_empty();
}
