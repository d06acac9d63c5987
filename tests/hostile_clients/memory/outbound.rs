//! Memory for what is sent to peers.

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

/// Unbounded outgoing queue.
#[test]
fn what_waits_for_a_slow_reader_has_a_bound_and_the_rest_is_refused() {
    let mut host = Host::start(with_peer(PeerOptions::for_server().outbound_buffer_size(200_000)));
    let (key, _raw) = host.guest();
    let (other, mut other_raw) = host.guest();
    host.stuff(key, &Packet::binary(vec![0; 10_000]));
    for _ in 0..1000 {
        let refused = host.server.send(key, &[0; 10_000]);
        assert!(matches!(refused, Err(Error::OutboundFull { room }) if room < 10_000), "{refused:?}");
    }
    assert!(host.buffered(key) <= 200_000);
    assert!(host.server.stats().memory <= 210_000, "{:?}", host.server.stats());
    assert_goes_on(&mut host, other, &mut other_raw);
}

#[test]
fn a_slow_reader_is_closed_when_it_stays_full_and_told_why() {
    let options =
        with_peer(PeerOptions::for_server().outbound_buffer_size(100_000)).slow_reader_timeout(SOON);
    let mut host = Host::start(options);
    let (key, mut raw) = host.guest();
    host.stuff(key, &Packet::binary(vec![0; 10_000]));
    let info = host.closed(key);
    assert_eq!((info.code, info.cause), (Some(1008), SLOW));
    // It reads at last.
    let close = host.until("the close frame", |_| raw.frame().filter(|frame| frame.first == CLOSE));
    assert_eq!(close.close_code(), Some(1008));
    host.end(&mut raw);
    host.until_empty();
}

#[test]
fn a_slow_reader_that_catches_up_in_time_stays() {
    // Longer than a loaded machine takes for a few megabytes, and shorter than all of this together.
    const LIMIT: Duration = Duration::from_secs(3);
    let options =
        with_peer(PeerOptions::for_server().outbound_buffer_size(100_000)).slow_reader_timeout(LIMIT);
    let mut host = Host::start(options);
    let (key, mut raw) = host.guest();
    for _ in 0..3 {
        host.stuff(key, &Packet::binary(vec![0; 10_000]));
        host.until_so("it has caught up", |host| raw.frame().is_none() && host.buffered(key) == 0);
        host.run(LIMIT / 2);
    }
    assert_goes_on(&mut host, key, &mut raw);
}

#[test]
fn bytes_that_wait_for_many_count_once() {
    let mut host = Host::start(ServerOptions::default());
    let guests: Vec<_> = (0..30).map(|_| host.guest()).collect();
    let packets: Vec<_> = (0..20).map(|_| Packet::binary(vec![0; 50_000])).collect();
    // What is broadcast, and what is sent to one after the other.
    let mut held = 0;
    for (index, packet) in packets.iter().enumerate() {
        if index % 2 == 0 {
            assert_eq!(host.server.broadcast(packet, None), 30);
        } else {
            guests.iter().for_each(|(key, _)| host.server.send_packet(*key, packet).expect("there is room"));
        }
        held += packet.len();
    }
    host.run(crate::common::A_WHILE);
    let waiting: usize = guests.iter().map(|(key, _)| host.buffered(*key)).sum();
    assert!(waiting > 20 * held, "{waiting} bytes wait for all, of {held}");
    let memory = host.server.stats().memory;
    assert!(memory <= held + held / 5, "{memory} bytes are held of {held}");
    assert!(memory >= held * 3 / 4, "{memory} bytes are held of {held}");
    // The last one to take them lets them go.
    drop(guests);
    host.until_empty();
}

/// Each is far below its own bound; all together are not.
fn stuffed(slow_reader_timeout: Duration) -> (Host, Vec<(PeerKey, Raw)>) {
    const COMMON: usize = 4 * MIB;
    let mut host = Host::start(with_memory(32, COMMON).slow_reader_timeout(slow_reader_timeout));
    let guests: Vec<_> = (0..8).map(|_| host.guest()).collect();
    // In turns, until none of them takes any more, not even a byte.
    for size in [20_000, 1_000, 1] {
        let mut quiet = 0;
        host.until_so("memory is used up", |host| {
            let mut taken = 0;
            for (key, _) in &guests {
                // Each has bytes of its own.
                taken += usize::from(host.server.send(*key, &vec![0; size]).is_ok());
            }
            let memory = host.server.stats().memory;
            assert!(memory <= COMMON + 32 * SHARE, "{memory}");
            quiet = if taken == 0 { quiet + 1 } else { 0 };
            quiet > 20
        });
    }
    (host, guests)
}

#[test]
fn packets_for_those_above_their_share_are_refused_when_memory_is_scarce() {
    let (mut host, guests) = stuffed(Duration::ZERO);
    for (key, _) in &guests {
        assert_eq!(host.server.send(*key, &[0; 20_000]), Err(Error::OutboundFull { room: 0 }));
        assert!(host.buffered(*key) < 4 * MIB / 2);
    }
    assert!(host.server.stats().memory >= 4 * MIB * 9 / 10, "{:?}", host.server.stats());
    // Not for one that holds little.
    let (honest, mut raw) = host.guest();
    assert_goes_on(&mut host, honest, &mut raw);
    host.server.send(honest, &[0; 64 * KIB]).expect("it is within its share");
}

#[test]
fn long_answers_over_http_wait_for_memory_and_short_ones_do_not() {
    let (mut host, guests) = stuffed(Duration::ZERO);
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
    assert_eq!((after.answered, after.refused - before.refused), (3, 3));
    drop(guests);
    host.until_so("memory is free", |host| host.server.stats().memory < MIB);
    assert_eq!(host.status_for(plain("/metrics")), 200);
}

#[test]
fn memory_recovers_from_slow_readers_that_are_each_below_their_own_bound() {
    let (mut host, guests) = stuffed(SOON);
    for (key, _) in &guests {
        assert_eq!(host.closed(*key).cause, SLOW);
    }
    drop(guests);
    host.until_empty();
    host.guest();
}

#[test]
fn memory_recovers_from_slow_readers_that_send_all_the_while() {
    let (mut host, mut guests) = stuffed(SOON);
    host.until_so("all are gone", |host| {
        for (key, raw) in &mut guests {
            if host.server.peer(*key).is_some() {
                // One that was closed may have ended TCP by now.
                let _ = std::io::Write::write(&mut raw.tcp(), &client_frame(TEXT, "still here"));
            }
        }
        host.server.peer_count() == 0
    });
}

#[test]
fn memory_recovers_when_slow_readers_read_although_they_have_sent_something_meanwhile() {
    let (mut host, mut guests) = stuffed(Duration::ZERO);
    for (_, raw) in &mut guests {
        raw.send(client_frame(TEXT, "by the way"));
    }
    for (key, _) in &guests {
        assert_eq!(host.packet(*key).as_text(), Some("by the way"), "it is read all the while");
    }
    host.until_so("memory is free", |host| {
        for (_, raw) in &mut guests {
            raw.look();
        }
        host.server.stats().memory < MIB
    });
    host.guest();
}

#[test]
fn what_waits_for_one_that_has_said_goodbye_still_counts() {
    let mut host = Host::start(with_peer(PeerOptions::for_server().close_timeout(2 * SOON)));
    let (key, mut raw) = host.guest();
    host.block(key, &Packet::binary(vec![0; 500_000]));
    while host.buffered(key) < 3 * MIB + MIB / 2 {
        host.server.send(key, &[0; 500_000]).expect("there is room");
    }
    raw.send(client_frame(CLOSE, close_payload(1000, "")));
    host.closed(key);
    host.step();
    let held = host.server.stats().memory;
    // Of the first packet a part is gone, and `buffered` counted it whole.
    assert!(held == 0 || held >= 3 * MIB, "{held} bytes are counted of what still waits");
    host.until_empty();
}

#[test]
fn pongs_that_wait_have_a_bound() {
    let mut host = Host::start(ServerOptions::default().rate_limits(unlimited()));
    let (key, mut raw) = host.guest();
    host.block(key, &Packet::binary(vec![0; 50_000]));
    let before = host.server.stats().memory;
    for _ in 0..2000 {
        raw.send(client_frame(PING, [0; 125]));
        host.step();
    }
    let pongs = host.server.stats().memory - before;
    assert!(pongs < 10_000, "{pongs} bytes of 254,000");
    assert!(!host.told.iter().any(|event| matches!(event, ServerEvent::Closed(..))));
}
