//! Packets that are refused, which has no other effect, and the peers that a broadcast reaches.

use std::collections::BTreeMap;

use websocket_peer::{Error, Packet, PeerKey, PeerOptions, ReadyState, SendOverflow, ServerOptions, Stats};
#[cfg(feature = "variant")]
use websocket_peer::{
    PacketKind,
    variant::{Dictionary, EncodeError, Object, Variant, Vector2},
};

use crate::{
    common::raw::{BINARY, Raw, TEXT, client_frame},
    host::{Host, with_peer},
};

/// The visible state of a peer's send queue.
fn traces(host: &Host, key: PeerKey) -> (usize, Stats, usize, u64) {
    let peer = host.server.peer(key).expect("a known peer");
    let stats = host.server.stats();
    (peer.buffered(), peer.stats(), stats.memory, stats.packets_sent)
}

/// Checks that every call that sends returns an expected error and changes nothing.
#[track_caller]
fn assert_refused(host: &mut Host, to: PeerKey, data: &[u8], is_expected: impl Fn(&Error) -> bool) {
    let text = "x".repeat(data.len());
    let packet = Packet::binary(data);
    let before = traces(host, to);
    for result in [
        host.server.send(to, data),
        host.server.send_text(to, &text),
        host.server.send_packet(to, &packet),
        host.server.send_latest(to, 7, &packet),
    ] {
        assert!(result.as_ref().is_err_and(&is_expected), "{result:?}");
    }
    assert_eq!(host.server.broadcast(&packet, None), 0);
    assert_eq!(traces(host, to), before);
}

fn small() -> ServerOptions {
    with_peer(PeerOptions::for_server().outbound_buffer_size(100_000))
}

#[test]
fn a_packet_for_a_closing_peer_is_refused() {
    let mut host = Host::start(small());
    let (key, mut raw) = host.open_client();
    host.server.close_with(key, websocket_peer::CloseCode::NORMAL, "").unwrap();
    assert_refused(&mut host, key, b"too late", |error| {
        *error == Error::NotOpen { state: ReadyState::Closing }
    });
    host.frame(&mut raw);
    assert_eq!(raw.rest(), b"");
}

#[cfg(feature = "variant")]
#[test]
fn a_value_is_sent_as_its_bytes_to_one_peer_or_to_all() {
    let mut host = Host::start(small());
    let (one, mut raw_one) = host.open_client();
    let (_other, mut raw_other) = host.open_client();
    let value: Variant = Dictionary::from_iter([("at", Vector2::new(1.5, -2.25))]).into();
    host.server.send_variant(one, &value).unwrap();
    let frame = host.frame(&mut raw_one);
    assert_eq!((frame.first, frame.payload), (BINARY, value.encode().unwrap()));

    let packet = Packet::variant(&value).unwrap();
    assert_eq!((packet.kind(), packet.to_variant()), (PacketKind::Binary, Ok(value.clone())));
    assert_eq!(host.server.broadcast(&packet, None), 2);
    for raw in [&mut raw_one, &mut raw_other] {
        assert_eq!(host.frame(raw).payload, value.encode().unwrap());
    }
}

#[cfg(feature = "variant")]
#[test]
fn a_value_that_cannot_be_sent_has_no_effect() {
    let mut host = Host::start(small());
    let (key, mut raw) = host.open_client();
    let object: Variant = Object::Full { class: "Node".to_owned(), properties: Vec::new() }.into();
    let before = traces(&host, key);
    for (value, expected) in [
        (object.clone(), Error::InvalidVariant { reason: EncodeError::ObjectNotAllowed }),
        ("a\0b".into(), Error::InvalidVariant { reason: EncodeError::NulInText }),
        (vec![0_u8; 100_000].into(), Error::PacketTooBig { len: 100_008, max: 100_000 }),
    ] {
        assert_eq!(host.server.send_variant(key, &value), Err(expected));
    }
    assert_eq!(Packet::variant(&object), Err(EncodeError::ObjectNotAllowed));
    assert_eq!(traces(&host, key), before);
    host.server.close_with(key, websocket_peer::CloseCode::NORMAL, "").unwrap();
    let closing = Error::NotOpen { state: ReadyState::Closing };
    assert_eq!(host.server.send_variant(key, &Variant::Nil), Err(closing));
    assert_eq!(host.frame(&mut raw).first, crate::common::raw::CLOSE);
}

#[test]
fn a_packet_that_can_never_be_sent_is_refused() {
    let mut host = Host::start(small());
    let (key, mut raw) = host.open_client();
    assert_refused(&mut host, key, &[0; 100_001], |error| {
        *error == Error::PacketTooBig { len: 100_001, max: 100_000 }
    });
    host.server.send(key, &[1; 100_000]).unwrap();
    assert_eq!(host.frame(&mut raw).payload, [1; 100_000]);
}

#[test]
fn a_packet_for_a_full_queue_is_refused_and_earlier_packets_arrive() {
    let mut host = Host::start(small());
    let (key, mut raw) = host.open_client();
    let packet = Packet::binary(vec![9; 9_999]);
    host.fill_queue(key, &packet);
    let room = 100_000 - host.buffered(key);
    assert!(room < 9_999, "{room}");
    assert_refused(
        &mut host,
        key,
        &[0; 9_999],
        |error| matches!(error, Error::SendQueueFull { room: left, .. } if *left == room),
    );
    let taken = host.server.peer(key).unwrap().stats().packets_sent;
    for _ in 0..taken {
        assert_eq!(host.frame(&mut raw).payload, packet.as_bytes());
    }
    host.server.send_text(key, "there is room again").unwrap();
    assert_eq!(host.frame(&mut raw).payload, b"there is room again");
    assert_eq!(host.buffered(key), 0);
}

#[test]
fn a_full_queue_does_not_affect_other_peers() {
    let mut host = Host::start(small());
    let (full, _silent) = host.open_client();
    let (other, mut raw) = host.open_client();
    host.fill_queue(full, &Packet::binary(vec![0; 9_999]));
    assert_eq!(host.server.broadcast(Packet::binary(vec![1; 9_999]), None), 1);
    assert_eq!(host.frame(&mut raw).payload, [1; 9_999]);
    host.server.send_text(other, "and again").unwrap();
    assert_eq!(host.frame(&mut raw).payload, b"and again");
}

#[test]
fn with_drop_oldest_the_newest_packets_arrive_in_order() {
    const SIZE: usize = 10_000;
    let mut host = Host::start(small().send_overflow(SendOverflow::DropOldest));
    let (key, mut raw) = host.open_client();
    host.fill_kernel(key, &Packet::binary(vec![0; SIZE]));
    let mut number = host.server.peer(key).unwrap().stats().packets_sent;
    for _ in 0..100 {
        number += 1;
        let mut data = vec![0; SIZE];
        data[..8].copy_from_slice(&number.to_be_bytes());
        host.server.send(key, &data).expect("older ones make room");
        assert!(host.buffered(key) <= 100_000);
    }
    let last = number;
    let mut numbers = Vec::new();
    while numbers.last() != Some(&last) {
        let frame = host.frame(&mut raw);
        assert_eq!((frame.first, frame.payload.len()), (BINARY, SIZE));
        numbers.push(u64::from_be_bytes(*frame.payload.first_chunk().unwrap()));
    }
    numbers.retain(|number| *number > 0);
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert!(numbers.len() <= 10, "some were dropped: {numbers:?}");
    assert!(numbers.ends_with(&[last - 1, last]), "{numbers:?}");
    host.run(crate::common::A_WHILE);
    assert_eq!((raw.frame(), host.buffered(key)), (None, 0));
}

#[test]
fn with_drop_oldest_no_packet_is_dropped_for_one_that_still_has_no_room() {
    let mut host = Host::start(small().send_overflow(SendOverflow::DropOldest));
    let (key, mut raw) = host.open_client();
    // A packet that the socket has begun to take cannot be dropped.
    host.fill_kernel(key, &Packet::binary(vec![0; 90_000]));
    host.server.send_text(key, "small").unwrap();
    let before = traces(&host, key);
    let refused = host.server.send(key, &[1; 50_000]);
    assert_eq!((refused.is_err(), traces(&host, key)), (true, before), "{refused:?}");
    let arrived = host.until("the small packet", |_| raw.frame().filter(|frame| frame.first == TEXT));
    assert_eq!(arrived.payload, b"small");
}

#[test]
fn a_broadcast_reaches_every_open_peer_except_one_and_returns_their_number() {
    let mut host = Host::start(ServerOptions::default());
    let mut clients: BTreeMap<PeerKey, Raw> = (0..6).map(|_| host.open_client()).collect();
    let keys: Vec<PeerKey> = clients.keys().copied().collect();
    let [left_out, closing, gone, ..] = keys[..] else { panic!("six clients") };
    host.server.close_with(closing, websocket_peer::CloseCode::NORMAL, "").unwrap();
    clients.remove(&gone);
    host.closed(gone);

    for (packet, first) in [(Packet::text("to all"), TEXT), (Packet::binary(vec![5; 70_000]), BINARY)] {
        assert_eq!(host.server.broadcast(&packet, Some(left_out)), 3);
        for key in &keys[3..] {
            let frame = host.frame(clients.get_mut(key).unwrap());
            assert_eq!((frame.first, frame.masked, &frame.payload[..]), (first, false, packet.as_bytes()));
        }
    }
    assert_eq!(host.server.broadcast(Packet::text("alone"), None), 4);
    assert_eq!(host.frame(clients.get_mut(&left_out).unwrap()).payload, b"alone");
    let frame = host.frame(clients.get_mut(&closing).unwrap());
    assert_eq!(frame.close_code(), Some(1000));
    assert_eq!(clients.get_mut(&closing).unwrap().frame(), None);
}

#[test]
fn a_broadcast_does_not_reach_a_peer_whose_opened_was_not_read() {
    let mut host = Host::start(ServerOptions::default());
    let _raw = host.connect_and_send(crate::common::raw::REQUEST);
    crate::common::until("it is open", || {
        host.server.poll();
        host.server.stats().peers == 1
    });
    assert_eq!(host.server.broadcast(Packet::text("no peer"), None), 0);
    host.opened();
    assert_eq!(host.server.broadcast(Packet::text("one peer"), None), 1);
}

#[test]
fn packets_arrive_unchanged_in_both_directions() {
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    for size in [0, 1, 125, 126, 4095, 4096, 65_535, 65_536] {
        let bytes: Vec<u8> = (0..size).map(|index| b'a' + (index % 23) as u8).collect();
        let text = String::from_utf8(bytes.clone()).unwrap();
        for (first, packet) in [(BINARY, Packet::binary(bytes)), (TEXT, Packet::text(text))] {
            host.send(&mut raw, client_frame(first, packet.as_bytes()));
            assert!(host.packet(key) == packet, "{size} bytes");
            host.server.send_packet(key, &packet).unwrap();
            let frame = host.frame(&mut raw);
            assert!(frame.first == first && frame.payload == packet.as_bytes(), "{size} bytes");
        }
    }
}
