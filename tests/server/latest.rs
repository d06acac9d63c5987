//! Packets that replace older ones: only the newest packet of each key waits.

use std::time::Duration;

use websocket_peer::{CloseCause, Error, Limit, Packet, PeerKey, PeerOptions, SendOverflow, ServerOptions};

use crate::{
    common::raw::{Raw, TEXT},
    host::{Host, with_peer},
};

const FILLING: usize = 50_000;

/// A peer for which the kernel takes no more.
fn blocked(options: ServerOptions) -> (Host, PeerKey, Raw) {
    let mut host = Host::start(options);
    let (key, raw) = host.open_client();
    host.fill_kernel(key, &Packet::binary(vec![0; FILLING]));
    (host, key, raw)
}

/// Reads the texts that arrive, until this one.
fn texts_until(host: &mut Host, raw: &mut Raw, last: &str) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.last().is_none_or(|text| text != last) {
        let frame = host.frame(raw);
        if frame.first == TEXT {
            texts.push(String::from_utf8(frame.payload).unwrap());
        }
    }
    texts
}

/// Returns the room in the send queue that this result of a call reports.
#[track_caller]
fn room_left(result: Result<(), Error>) -> usize {
    let Err(Error::SendQueueFull { room, .. }) = result else { panic!("{result:?}") };
    room
}

#[test]
fn only_the_newest_packet_of_each_key_arrives_in_the_place_of_the_first() {
    let (mut host, key, mut raw) = blocked(ServerOptions::default());
    let text = |text: &str| Packet::text(text);
    for round in 0..50 {
        host.server.send_latest(key, 1, text(&format!("one {round}"))).unwrap();
        host.server.send_latest(key, u64::MAX, text(&format!("other {round}"))).unwrap();
        if round == 0 {
            host.server.send_text(key, "plain").unwrap();
        }
    }
    host.server.send_text(key, "end").unwrap();
    assert_eq!(texts_until(&mut host, &mut raw, "end"), ["one 49", "other 49", "plain", "end"]);
    assert_eq!(host.buffered(key), 0);
}

#[test]
fn a_client_that_reads_gets_every_packet() {
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    for round in 0..50 {
        host.server.send_latest(key, 1, Packet::text(round.to_string())).unwrap();
    }
    for round in 0..50 {
        assert_eq!(host.frame(&mut raw).payload, round.to_string().as_bytes());
    }
}

#[test]
fn a_packet_takes_the_room_of_the_one_that_it_replaces() {
    let full = with_peer(PeerOptions::for_server().outbound_buffer_size(2 * FILLING));
    let (mut host, key, mut raw) = blocked(full);
    let room = 2 * FILLING - host.buffered(key);
    host.server.send_latest(key, 1, Packet::text("a".repeat(room))).unwrap();
    assert_eq!(room_left(host.server.send_text(key, "x")), 0);
    assert_eq!(room_left(host.server.send_latest(key, 2, Packet::text("x"))), 0);
    let bigger = Packet::text("b".repeat(room + 1));
    assert_eq!(room_left(host.server.send_latest(key, 1, &bigger)), room);
    host.server.send_latest(key, 1, Packet::text("c".repeat(room))).unwrap();
    assert_eq!(host.buffered(key), 2 * FILLING);
    host.server.send_latest(key, 1, Packet::text("end")).unwrap();
    host.server.send_text(key, "room again").unwrap();
    assert_eq!(texts_until(&mut host, &mut raw, "room again"), ["end", "room again"]);
}

#[test]
fn each_peer_has_keys_of_its_own() {
    let mut host = Host::start(ServerOptions::default());
    let (one, mut raw) = host.open_client();
    let (other, mut other_raw) = host.open_client();
    for key in [one, other] {
        host.fill_kernel(key, &Packet::binary(vec![0; FILLING]));
    }
    for (key, text) in [(one, "a"), (other, "b"), (one, "c"), (other, "d")] {
        host.server.send_latest(key, 1, Packet::text(text)).unwrap();
    }
    assert_eq!(texts_until(&mut host, &mut raw, "c"), ["c"]);
    assert_eq!(texts_until(&mut host, &mut other_raw, "d"), ["d"]);
}

/// There is no heartbeat and no event: only the deadline for the full queue.
#[test]
fn a_peer_whose_queue_stays_full_is_closed_even_if_the_oldest_packets_are_dropped() {
    let peer = PeerOptions::for_server().outbound_buffer_size(2 * FILLING).heartbeat_interval(Duration::ZERO);
    let options = with_peer(peer)
        .send_overflow(SendOverflow::DropOldest)
        .slow_reader_timeout(Duration::from_millis(200));
    let (mut host, key, _raw) = blocked(options);
    for _ in 0..10 {
        host.server.send(key, &[1; 10_000]).unwrap();
    }
    assert_eq!(host.closed(key).cause, CloseCause::LimitExceeded(Limit::SlowReader));
}
