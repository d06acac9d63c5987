//! Memory for received data.

use std::time::Duration;

use websocket_peer::{Admission, CloseCause, Limit, PeerKey, PeerOptions, RateLimits, ReadyState};

use super::{KIB, MIB, SHARE, assert_goes_on, with_memory};
use crate::{
    common::{
        raw::{BINARY, REQUEST, Raw, client_frame},
        until,
    },
    host::{Host, unlimited, with_peer},
};

/// The number of bytes that one read may add beyond the limit.
const READ: usize = 256 * KIB;

const SOON: Duration = Duration::from_millis(400);
const SLOW: CloseCause = CloseCause::LimitExceeded(Limit::SlowReader);

/// A server whose peers use up the common pool for received data with packets that the program does not read, and a
/// peer that does not.
fn filled(limits: RateLimits) -> (Host, (PeerKey, Raw), Vec<(PeerKey, Raw)>) {
    const COMMON: usize = 2 * MIB;
    let mut host = Host::start(with_memory(64, COMMON).rate_limits(limits));
    let other = host.open_client();
    let mut clients: Vec<_> = (0..40).map(|_| host.open_client()).collect();
    let message = client_frame(BINARY, vec![0; 60_000]);
    for (_, raw) in &mut clients {
        raw.send_while(&message, || host.server.poll());
    }
    // It polls, but reads no packet.
    until("half of the common pool is used up", || {
        host.server.poll();
        host.server.stats().memory >= COMMON / 2
    });
    (host, other, clients)
}

#[test]
fn peers_within_their_share_and_new_clients_are_served_while_memory_is_scarce() {
    let mut host = Host::start(with_memory(64, 512 * KIB).rate_limits(unlimited()));
    let (key, mut raw) = host.open_client();
    let mut fillers: Vec<_> = (0..40).map(|_| host.open_client()).collect();
    for (_, filler) in &mut fillers {
        host.send(filler, &client_frame(BINARY, vec![0; 65_000])[..64_000]);
    }
    host.until_so("much memory is in use", |host| host.server.stats().memory >= 40 * 64_000);
    for _ in 0..5 {
        assert_goes_on(&mut host, key, &mut raw);
        let (new_client, mut new_client_raw) = host.open_client();
        assert_goes_on(&mut host, new_client, &mut new_client_raw);
    }
    // Memory is free when they are gone, even if their messages were not complete.
    fillers.clear();
    host.until_so("memory is free", |host| host.server.stats().memory < MIB);
}

#[test]
fn unfinished_messages_of_many_peers_do_not_stop_the_message_of_another() {
    let mut host = Host::start(with_memory(64, 512 * KIB).rate_limits(unlimited()));
    let (key, mut raw) = host.open_client();
    let mut fillers: Vec<_> = (0..63).map(|_| host.open_client().1).collect();
    let message = client_frame(BINARY, vec![7; 64 * KIB]);
    for filler in &mut fillers {
        host.send(filler, &message[..64_000]);
    }
    host.until_so("much memory is in use", |host| host.server.stats().memory >= 63 * 64_000);
    for part in message.chunks(10_000) {
        host.send(&mut raw, part);
    }
    assert_eq!(host.packet(key).len(), 64 * KIB);
    // A large packet can be sent to it, too.
    host.server.send(key, &[0; 64 * KIB]).expect("room within its share");
    assert_eq!(host.frame(&mut raw).payload.len(), 64 * KIB);
}

/// The server stops reading because memory is scarce, so the peer cannot complete its message.
#[test]
fn no_timeout_of_a_peer_runs_while_the_server_does_not_read_from_it() {
    let limits = RateLimits::default().max_message_time(SOON);
    let (mut host, _other, mut clients) = filled(limits);
    let key = clients[0].0;
    // The server does not read this: the packet before has used up the share of the peer, and all packets the common
    // pool.
    let message = client_frame(BINARY, vec![7; 60_000]);
    clients[0].1.send_while(&message[..40_000], || host.server.poll());
    let start = std::time::Instant::now();
    until("more than twice the timeout has passed", || {
        host.server.poll();
        start.elapsed() > 3 * SOON
    });
    assert!(host.server.peer(key).is_none_or(|peer| peer.state() == ReadyState::Open));
    // The program reads again, and the message continues.
    host.send(&mut clients[0].1, &message[40_000..]);
    assert_eq!(host.packet(key).len(), 60_000);
    assert_eq!(host.packet(key).len(), 60_000);
}

/// The same if its inbox is full, for the timeout of a full send queue.
#[test]
fn a_peer_whose_packets_the_program_leaves_unread_is_not_slow() {
    let peer = PeerOptions::for_server()
        .inbound_buffer_size(64 * KIB)
        .outbound_buffer_size(100_000)
        .heartbeat_interval(Duration::from_secs(60));
    let mut host = Host::start(with_peer(peer).rate_limits(unlimited()).slow_reader_timeout(SOON));
    let (key, mut raw) = host.open_client();
    for _ in 0..3 {
        raw.send_while(client_frame(BINARY, vec![0; 40_000]), || host.server.poll());
    }
    until("its packets wait", || {
        host.server.poll();
        host.server.stats().packets_received >= 1
    });
    while host.server.send(key, &[0; 10_000]).is_ok() {
        host.server.poll();
    }
    let start = std::time::Instant::now();
    until("more than twice the timeout has passed", || {
        host.server.poll();
        start.elapsed() > 3 * SOON
    });
    assert_eq!(host.server.peer(key).map(|peer| peer.state()), Some(ReadyState::Open));
    for _ in 0..3 {
        assert_eq!(host.packet(key).len(), 40_000);
    }
    // Now the timeout runs.
    assert_eq!(host.closed(key).cause, SLOW);
}

/// Data that arrived while the server did not read is not a burst.
#[test]
fn data_that_waited_unread_does_not_exceed_the_rate() {
    let peer = PeerOptions::for_server().inbound_buffer_size(64 * KIB);
    let limits = unlimited().max_bytes_per_second(40_000);
    let mut host = Host::start(with_peer(peer).rate_limits(limits));
    let (key, mut raw) = host.open_client();
    let start = std::time::Instant::now();
    // Below the limit, and in all more than a burst may have. The program does not read.
    let mut sent = 0;
    until("enough has been sent", || {
        host.server.poll();
        let allowed = (start.elapsed().as_secs_f64() * 30_000.0) as usize;
        if sent + 10_006 <= allowed {
            raw.send(client_frame(BINARY, vec![0; 10_000]));
            sent += 10_008;
        }
        sent > 140_000
    });
    // Now it reads everything at once.
    for _ in 0..sent / 10_008 {
        assert_eq!(host.packet(key).len(), 10_000);
    }
    assert_goes_on(&mut host, key, &mut raw);
}

#[test]
fn the_largest_message_arrives_even_with_the_smallest_memory() {
    let mut host = Host::start(with_memory(1, 2 * SHARE));
    let (key, mut raw) = host.open_client();
    let message = client_frame(BINARY, vec![7; 64 * KIB]);
    host.send(&mut raw, &message);
    assert_eq!(host.packet(key).len(), 64 * KIB);
    // In small parts, too.
    for part in message.chunks(5000) {
        host.send(&mut raw, part);
    }
    assert_eq!(host.packet(key).len(), 64 * KIB);
}

#[test]
fn memory_recovers_from_messages_that_are_not_finished() {
    let mut host =
        Host::start(with_memory(64, 512 * KIB).rate_limits(unlimited().max_message_time(5 * SOON)));
    let mut clients: Vec<_> = (0..40).map(|_| host.open_client()).collect();
    for (_, raw) in &mut clients {
        host.send(raw, &client_frame(BINARY, vec![0; 60_000])[..59_000]);
    }
    for (key, _) in &clients {
        assert_eq!(host.closed(*key).code, Some(1008));
    }
    host.until_so("memory is free", |host| host.server.stats().memory < MIB);
    host.open_client();
}

#[test]
fn memory_stays_below_the_limit_while_no_events_are_read() {
    const MAX: usize = 16 * (2 * (500_000 + 4 * KIB) + 8 * KIB) + 2 * MIB;
    let peer = PeerOptions::for_server().inbound_buffer_size(2 * MIB).max_message_size(500_000);
    let mut host =
        Host::start(with_peer(peer).rate_limits(unlimited()).max_peers(16).max_buffered_bytes(MAX));
    let clients: Vec<(PeerKey, Raw)> = (0..16).map(|_| host.open_client()).collect();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let floods: Vec<_> = clients
        .iter()
        .enumerate()
        .map(|(index, (_, raw))| {
            let (mut tcp, stop) = (raw.tcp().try_clone().unwrap(), std::sync::Arc::clone(&stop));
            tcp.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
            std::thread::spawn(move || {
                // From empty packets, which only have an entry in the inbox, to packets of the largest size.
                let frame = client_frame(BINARY, vec![0; index * 33_000]);
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
    // It polls, but reads no events.
    let mut most = 0;
    let (mut last, mut quiet) = (0, 0);
    until("memory grows no more", || {
        host.server.poll();
        let memory = host.server.stats().memory;
        assert!(memory <= MAX + READ, "{memory}");
        most = most.max(memory);
        (last, quiet) = if memory == last { (last, quiet + 1) } else { (memory, 0) };
        quiet > 100
    });
    assert!(most > MIB, "{most}");
    // When events are read, packets arrive again, and memory stays below the limit.
    let before = host.server.stats().packets_received;
    until("more is received", || {
        host.server.poll();
        while host.server.next_event().is_some() {}
        let stats = host.server.stats();
        assert!(stats.memory <= MAX + READ, "{}", stats.memory);
        stats.packets_received > before + 1000
    });
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for flood in floods {
        flood.join().unwrap();
    }
}

/// The larger share is taken from the common pool, and returned.
#[test]
fn a_peer_with_larger_messages_is_admitted_while_there_is_memory_for_its_share() {
    const LARGE: usize = 150 * KIB;
    let mut host = Host::start(with_memory(4, 4 * SHARE));
    host.server
        .on_request(|_| Admission::accept().connection(PeerOptions::for_server().max_message_size(LARGE)));
    let (key, mut raw) = host.open_client();
    host.send(&mut raw, client_frame(BINARY, vec![7; LARGE]));
    assert_eq!(host.packet(key).len(), LARGE);
    assert_eq!(host.status_for(REQUEST), 503);
    drop(raw);
    host.closed(key);
    host.until_empty();
    host.open_client();
}
