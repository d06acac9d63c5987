//! Memory for sent data.

use std::time::Duration;

use websocket_peer::{
    Admission, CloseCause, Error, Limit, Packet, PeerKey, PeerOptions, ServerEvent, ServerOptions,
};

use super::{KIB, MIB, SHARE, assert_goes_on, with_memory};
use crate::{
    common::raw::{CLOSE, PING, Raw, TEXT, client_frame, close_payload},
    host::{Host, unlimited, with_peer},
};

const SOON: Duration = Duration::from_millis(400);
const SLOW: CloseCause = CloseCause::LimitExceeded(Limit::SlowReader);

#[test]
fn the_send_queue_of_a_slow_reader_is_limited() {
    let mut host = Host::start(with_peer(PeerOptions::for_server().outbound_buffer_size(200_000)));
    let (key, _raw) = host.open_client();
    let (other, mut other_raw) = host.open_client();
    host.fill_queue(key, &Packet::binary(vec![0; 10_000]));
    for _ in 0..1000 {
        let refused = host.server.send(key, &[0; 10_000]);
        assert!(matches!(refused, Err(Error::SendQueueFull { room, .. }) if room < 10_000), "{refused:?}");
    }
    assert!(host.buffered(key) <= 200_000);
    assert!(host.server.stats().memory <= 210_000, "{:?}", host.server.stats());
    assert_goes_on(&mut host, other, &mut other_raw);
}

#[test]
fn a_peer_whose_queue_stays_full_is_closed_with_1008() {
    let options =
        with_peer(PeerOptions::for_server().outbound_buffer_size(100_000)).slow_reader_timeout(SOON);
    let mut host = Host::start(options);
    let (key, mut raw) = host.open_client();
    host.fill_queue(key, &Packet::binary(vec![0; 10_000]));
    let info = host.closed(key);
    assert_eq!((info.code, info.cause), (Some(1008), SLOW));
    // Now it reads.
    let close = host.until("the close frame", |_| raw.frame().filter(|frame| frame.first == CLOSE));
    assert_eq!(close.close_code(), Some(1008));
    host.end(&mut raw);
    host.until_empty();
}

#[test]
fn a_slow_reader_that_catches_up_in_time_stays() {
    // Longer than a few megabytes take on a loaded machine, and shorter than the whole test.
    const LIMIT: Duration = Duration::from_secs(3);
    let options =
        with_peer(PeerOptions::for_server().outbound_buffer_size(100_000)).slow_reader_timeout(LIMIT);
    let mut host = Host::start(options);
    let (key, mut raw) = host.open_client();
    for _ in 0..3 {
        host.fill_queue(key, &Packet::binary(vec![0; 10_000]));
        host.until_so("it has caught up", |host| raw.frame().is_none() && host.buffered(key) == 0);
        host.run(LIMIT / 2);
    }
    assert_goes_on(&mut host, key, &mut raw);
}

#[test]
fn bytes_that_wait_for_several_peers_count_once() {
    let mut host = Host::start(ServerOptions::default());
    let clients: Vec<_> = (0..30).map(|_| host.open_client()).collect();
    let packets: Vec<_> = (0..20).map(|_| Packet::binary(vec![0; 50_000])).collect();
    // Sent by broadcasts, and to one peer after the other.
    let mut held = 0;
    for (index, packet) in packets.iter().enumerate() {
        if index % 2 == 0 {
            assert_eq!(host.server.broadcast(packet, None), 30);
        } else {
            clients
                .iter()
                .for_each(|(key, _)| host.server.send_packet(*key, packet).expect("room in the queue"));
        }
        held += packet.len();
    }
    host.run(crate::common::A_WHILE);
    let waiting: usize = clients.iter().map(|(key, _)| host.buffered(*key)).sum();
    assert!(waiting > 20 * held, "{waiting} bytes wait for all, of {held}");
    let memory = host.server.stats().memory;
    assert!(memory <= held + held / 5, "{memory} bytes are held of {held}");
    assert!(memory >= held * 3 / 4, "{memory} bytes are held of {held}");
    // They are freed with the last peer.
    drop(clients);
    host.until_empty();
}

/// A server with peers that are each far below their own limits, and use up the memory together.
fn filled(slow_reader_timeout: Duration) -> (Host, Vec<(PeerKey, Raw)>) {
    const COMMON: usize = 4 * MIB;
    let mut host = Host::start(with_memory(32, COMMON).slow_reader_timeout(slow_reader_timeout));
    let clients: Vec<_> = (0..8).map(|_| host.open_client()).collect();
    // One after the other, until none of them has room for a byte.
    for size in [20_000, 1_000, 1] {
        let mut quiet = 0;
        host.until_so("memory is used up", |host| {
            let mut taken = 0;
            for (key, _) in &clients {
                // These bytes are not shared.
                taken += usize::from(host.server.send(*key, &vec![0; size]).is_ok());
            }
            let memory = host.server.stats().memory;
            assert!(memory <= COMMON + 32 * SHARE, "{memory}");
            quiet = if taken == 0 { quiet + 1 } else { 0 };
            quiet > 20
        });
    }
    (host, clients)
}

#[test]
fn packets_for_peers_over_their_share_are_refused_while_memory_is_scarce() {
    let (mut host, clients) = filled(Duration::ZERO);
    for (key, _) in &clients {
        let refused = host.server.send(*key, &[0; 20_000]);
        assert!(matches!(refused, Err(Error::SendQueueFull { room: 0, .. })), "{refused:?}");
        assert!(host.buffered(*key) < 4 * MIB / 2);
    }
    assert!(host.server.stats().memory >= 4 * MIB * 9 / 10, "{:?}", host.server.stats());
    // A peer that uses little memory still has room.
    let (other, mut raw) = host.open_client();
    assert_goes_on(&mut host, other, &mut raw);
    host.server.send(other, &[0; 64 * KIB]).expect("room within its share");
}

#[test]
fn long_http_responses_need_memory_and_short_ones_do_not() {
    let (mut host, clients) = filled(Duration::ZERO);
    host.server.on_request(|request| match request.path() {
        "/health" => Admission::respond(200, "ok"),
        _ => Admission::respond(200, vec![b'x'; 64 * KIB]),
    });
    let plain = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    let before = host.server.stats();
    for _ in 0..3 {
        assert_eq!(host.status_for(plain("/health")), 200);
        assert_eq!(host.status_for(plain("/metrics")), 503);
    }
    let after = host.server.stats();
    assert_eq!((after.answered, after.rejected - before.rejected), (3, 3));
    drop(clients);
    host.until_so("memory is free", |host| host.server.stats().memory < MIB);
    assert_eq!(host.status_for(plain("/metrics")), 200);
}

#[test]
fn memory_recovers_from_slow_readers_below_their_own_limits() {
    let (mut host, clients) = filled(SOON);
    for (key, _) in &clients {
        assert_eq!(host.closed(*key).cause, SLOW);
    }
    drop(clients);
    host.until_empty();
    host.open_client();
}

#[test]
fn memory_recovers_from_slow_readers_that_continue_to_send() {
    let (mut host, mut clients) = filled(SOON);
    host.until_so("all are gone", |host| {
        for (key, raw) in &mut clients {
            if host.server.peer(*key).is_some() {
                // The server may have ended TCP already.
                let _ = std::io::Write::write(&mut raw.tcp(), &client_frame(TEXT, "still here"));
            }
        }
        host.server.peer_count() == 0
    });
}

#[test]
fn memory_recovers_when_slow_readers_read_after_they_have_sent() {
    let (mut host, mut clients) = filled(Duration::ZERO);
    for (_, raw) in &mut clients {
        raw.send(client_frame(TEXT, "by the way"));
    }
    for (key, _) in &clients {
        assert_eq!(host.packet(*key).as_text(), Some("by the way"), "the server still reads");
    }
    host.until_so("memory is free", |host| {
        for (_, raw) in &mut clients {
            raw.look();
        }
        host.server.stats().memory < MIB
    });
    host.open_client();
}

#[test]
fn the_queue_of_a_closed_connection_still_counts() {
    let mut host = Host::start(with_peer(PeerOptions::for_server().close_timeout(2 * SOON)));
    let (key, mut raw) = host.open_client();
    host.fill_kernel(key, &Packet::binary(vec![0; 500_000]));
    while host.buffered(key) < 3 * MIB + MIB / 2 {
        host.server.send(key, &[0; 500_000]).expect("room in the queue");
    }
    raw.send(client_frame(CLOSE, close_payload(1000, "")));
    host.closed(key);
    host.step();
    let held = host.server.stats().memory;
    // A part of the first packet has left, and `buffered` counts it whole.
    assert!(held == 0 || held >= 3 * MIB, "{held} bytes are counted");
    host.until_empty();
}

#[test]
fn waiting_pongs_are_limited() {
    let mut host = Host::start(ServerOptions::default().rate_limits(unlimited()));
    let (key, mut raw) = host.open_client();
    host.fill_kernel(key, &Packet::binary(vec![0; 50_000]));
    let before = host.server.stats().memory;
    for _ in 0..2000 {
        raw.send(client_frame(PING, [0; 125]));
        host.step();
    }
    let pongs = host.server.stats().memory - before;
    assert!(pongs < 10_000, "{pongs} bytes of 254,000");
    assert!(!host.events.iter().any(|event| matches!(event, ServerEvent::Closed(..))));
}
