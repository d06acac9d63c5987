//! Memory: an outgoing queue has a bound for each peer, and everything that waits has one for all. Whoever fills it is slowed
//! down, and closed when that lasts; an honest peer goes on; and afterwards everything is as before.

use std::time::Duration;

use websocket_peer::{
    CloseCause, Error, Excess, Options, Packet, PeerKey, PeerLimits, ServerEvent, ServerOptions,
};

use crate::{
    common::raw::{BINARY, CLOSE, PING, REQUEST, Raw, TEXT, client_frame, close_payload},
    host::{Host, unlimited, with_peer},
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What one turn may add beyond the ceiling.
const TURN: usize = 256 * KIB;

const SOON: Duration = Duration::from_millis(400);
const SLOW: CloseCause = CloseCause::Excess { what: Excess::Slow };

/// It sends something, and is answered.
#[track_caller]
fn assert_goes_on(host: &mut Host, key: PeerKey, raw: &mut Raw) {
    raw.send(client_frame(TEXT, "hello"));
    assert_eq!(host.packet(key).as_text(), Some("hello"));
    host.server.send_text(key, "welcome").expect("a small packet for an honest peer");
    assert_eq!(host.frame(raw).payload, b"welcome");
}

/// Unbounded outgoing queue.
#[test]
fn what_waits_for_a_slow_reader_has_a_bound_and_the_rest_is_refused() {
    let mut host = Host::start(with_peer(Options::for_server().outbound_buffer_size(200_000)));
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
    let options = with_peer(Options::for_server().outbound_buffer_size(100_000)).max_time_full(SOON);
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
    let options = with_peer(Options::for_server().outbound_buffer_size(100_000)).max_time_full(LIMIT);
    let mut host = Host::start(options);
    let (key, mut raw) = host.guest();
    for _ in 0..3 {
        host.stuff(key, &Packet::binary(vec![0; 10_000]));
        host.until_so("it has caught up", |host| raw.frame().is_none() && host.buffered(key) == 0);
        host.run(LIMIT / 2);
    }
    assert_goes_on(&mut host, key, &mut raw);
}

/// A server of 4 MiB, half of which peers hold by messages that they do not finish, and an honest one among them.
fn filled(limits: PeerLimits) -> (Host, (PeerKey, Raw), Vec<(PeerKey, Raw)>) {
    let mut host = Host::start(ServerOptions::default().limits(limits).max_memory(4 * MIB).max_peers(64));
    let honest = host.guest();
    let mut guests: Vec<_> = (0..40).map(|_| host.guest()).collect();
    let message = client_frame(BINARY, vec![0; 60_000]);
    for (_, raw) in &mut guests {
        raw.send(&message[..59_000]);
    }
    host.until_so("half is used up", |host| {
        assert!(host.server.stats().memory <= 4 * MIB, "{:?}", host.server.stats());
        host.server.stats().memory >= 2 * MIB
    });
    // There is more to read from them, and nowhere to put it.
    for (_, raw) in &mut guests {
        raw.send(&message[59_000..59_500]);
    }
    (host, honest, guests)
}

#[test]
fn when_memory_is_scarce_an_honest_peer_goes_on_and_newcomers_are_told_503() {
    let (mut host, (key, mut raw), mut fillers) = filled(unlimited());
    for _ in 0..20 {
        assert_goes_on(&mut host, key, &mut raw);
        assert_eq!(host.status_for(REQUEST), 503);
        assert!(host.server.stats().memory <= 4 * MIB + TURN, "{:?}", host.server.stats());
    }
    // And it recovers when they are gone, even if they had not finished.
    fillers.clear();
    host.until_so("there is memory again", |host| host.server.stats().memory < MIB);
    host.guest();
}

#[test]
fn those_that_wait_for_memory_are_waited_for_asleep() {
    let peer = Options::for_server().heartbeat_interval(Duration::from_millis(100));
    let mut host = Host::start(with_peer(peer).limits(unlimited()).max_memory(MIB).max_peers(16));
    let mut guests: Vec<_> = (0..14).map(|_| host.ask(REQUEST)).collect();
    host.run(crate::common::A_WHILE);
    for raw in &mut guests {
        raw.send(&client_frame(BINARY, vec![0; 65_000])[..60_000]);
        raw.send(&client_frame(BINARY, vec![0; 65_000])[60_000..60_001]);
    }
    host.run(Duration::from_millis(300));
    assert!(host.server.stats().memory >= MIB / 2, "{:?}", host.server.stats());
    let start = std::time::Instant::now();
    let mut wakings = 0;
    while start.elapsed() < Duration::from_secs(1) {
        host.server.wait(Duration::from_secs(1));
        host.hear();
        wakings += 1;
    }
    // Each of them is due ten times in a second at the most.
    assert!(wakings <= 200, "{wakings} times in {:?}", start.elapsed());
}

#[test]
fn a_message_of_the_greatest_size_comes_even_where_memory_is_as_small_as_it_may_be() {
    let mut host = Host::start(ServerOptions::default().max_memory(256 * KIB));
    let (key, mut raw) = host.guest();
    let message = client_frame(BINARY, vec![7; 64 * KIB]);
    raw.send(&message);
    assert_eq!(host.packet(key).len(), 64 * KIB);
    // However it comes.
    for part in message.chunks(5000) {
        raw.send(part);
        host.step();
    }
    assert_eq!(host.packet(key).len(), 64 * KIB);
}

#[test]
fn memory_recovers_by_itself_from_messages_that_nobody_finishes() {
    let (mut host, _honest, guests) = filled(PeerLimits::default().max_message_time(5 * SOON));
    for (key, _) in &guests {
        assert_eq!(host.closed(*key).code, Some(1008));
    }
    assert!(host.server.stats().memory < MIB, "{:?}", host.server.stats());
    host.guest();
}

#[test]
fn memory_never_goes_over_the_ceiling_whatever_comes_and_nobody_reads() {
    let peer = Options::for_server().inbound_buffer_size(MIB).max_message_size(500_000);
    let mut host = Host::start(with_peer(peer).limits(unlimited()).max_memory(4 * MIB).max_peers(16));
    let guests: Vec<(PeerKey, Raw)> = (0..16).map(|_| host.guest()).collect();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let floods: Vec<_> = guests
        .iter()
        .enumerate()
        .map(|(index, (_, raw))| {
            let (mut tcp, stop) = (raw.tcp().try_clone().unwrap(), std::sync::Arc::clone(&stop));
            tcp.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
            std::thread::spawn(move || {
                let frame = client_frame(BINARY, vec![0; 10 + index * 30_000]);
                let mut rest = &frame[..];
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    rest = &rest[std::io::Write::write(&mut tcp, rest).unwrap_or(0)..];
                    if rest.is_empty() {
                        rest = &frame;
                    }
                }
            })
        })
        .collect();
    // Polls, but reads no event.
    let mut most = 0;
    for _ in 0..300 {
        host.server.poll();
        most = most.max(host.server.stats().memory);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!((2 * MIB..=4 * MIB + TURN).contains(&most), "{most}");
    // When they are read, everything goes on, and the ceiling holds.
    let before = host.server.stats().packets_received;
    for _ in 0..300 {
        host.server.poll();
        while host.server.next_event().is_some() {}
        most = most.max(host.server.stats().memory);
    }
    assert!(most <= 4 * MIB + TURN, "{most}");
    assert!(host.server.stats().packets_received > before + 100);
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for flood in floods {
        flood.join().unwrap();
    }
}

/// Each is far below its own bound; all together are not.
fn stuffed(max_time_full: Duration) -> (Host, Vec<(PeerKey, Raw)>) {
    let options = ServerOptions::default().max_memory(8 * MIB).max_peers(64).max_time_full(max_time_full);
    let mut host = Host::start(options);
    let guests: Vec<_> = (0..8).map(|_| host.guest()).collect();
    // In turns, until none of them takes any more, not even a byte.
    for size in [20_000, 1_000, 1] {
        let packet = Packet::binary(vec![0; size]);
        let mut quiet = 0;
        host.until_so("memory is used up", |host| {
            let taken = host.server.broadcast(&packet, None);
            assert!(host.server.stats().memory <= 8 * MIB + TURN, "{:?}", host.server.stats());
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
    assert!(host.server.stats().memory >= 4 * MIB, "{:?}", host.server.stats());
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
    host.run(crate::common::A_WHILE);
    host.until_so("memory is free", |host| {
        for (_, raw) in &mut guests {
            raw.look();
        }
        host.server.stats().memory < MIB
    });
    for (key, _) in &guests {
        assert_eq!(host.packet(*key).as_text(), Some("by the way"));
    }
    host.guest();
}

#[test]
fn what_waits_for_one_that_has_said_goodbye_still_counts() {
    let mut host = Host::start(with_peer(Options::for_server().close_timeout(2 * SOON)));
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
fn pongs_that_wait_count_and_have_a_bound() {
    let mut host = Host::start(ServerOptions::default().limits(unlimited()));
    let (key, mut raw) = host.guest();
    host.block(key, &Packet::binary(vec![0; 50_000]));
    let before = host.server.stats().memory;
    for _ in 0..2000 {
        raw.send(client_frame(PING, [0; 125]));
        host.step();
    }
    let pongs = host.server.stats().memory - before;
    assert!((10_000..100_000).contains(&pongs), "{pongs} bytes of 254,000");
    assert!(!host.told.iter().any(|event| matches!(event, ServerEvent::Closed(..))));
}
