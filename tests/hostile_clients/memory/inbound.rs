//! Memory for what peers send.

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

/// What one turn may add beyond the ceiling.
const TURN: usize = 256 * KIB;

const SOON: Duration = Duration::from_millis(400);
const SLOW: CloseCause = CloseCause::LimitExceeded(Limit::SlowReader);

/// A server whose peers hold all that may be held in common of what they send, by packets that the program does not read; and an
/// honest peer among them.
fn filled(limits: RateLimits) -> (Host, (PeerKey, Raw), Vec<(PeerKey, Raw)>) {
    const COMMON: usize = 2 * MIB;
    let mut host = Host::start(with_memory(64, COMMON).rate_limits(limits));
    let honest = host.guest();
    let mut guests: Vec<_> = (0..40).map(|_| host.guest()).collect();
    let message = client_frame(BINARY, vec![0; 60_000]);
    for (_, raw) in &mut guests {
        raw.send_while(&message, || host.server.poll());
    }
    // It polls, but takes no packet.
    until("half of what is common is used up", || {
        host.server.poll();
        host.server.stats().memory >= COMMON / 2
    });
    (host, honest, guests)
}

#[test]
fn a_peer_within_its_share_goes_on_and_newcomers_come_in_when_memory_is_scarce() {
    let mut host = Host::start(with_memory(64, 512 * KIB).rate_limits(unlimited()));
    let (key, mut raw) = host.guest();
    let mut fillers: Vec<_> = (0..40).map(|_| host.guest()).collect();
    for (_, filler) in &mut fillers {
        host.send(filler, &client_frame(BINARY, vec![0; 65_000])[..64_000]);
    }
    host.until_so("much is held", |host| host.server.stats().memory >= 40 * 64_000);
    for _ in 0..5 {
        assert_goes_on(&mut host, key, &mut raw);
        let (newcomer, mut newcomer_raw) = host.guest();
        assert_goes_on(&mut host, newcomer, &mut newcomer_raw);
    }
    // And memory is free when they are gone, even if they had not finished.
    fillers.clear();
    host.until_so("there is memory again", |host| host.server.stats().memory < MIB);
}

/// 64 times 64,000 bytes that are not finished, beside the largest message of another.
#[test]
fn unfinished_messages_of_the_many_do_not_stop_the_finished_message_of_one() {
    let mut host = Host::start(with_memory(64, 512 * KIB).rate_limits(unlimited()));
    let (key, mut raw) = host.guest();
    let mut fillers: Vec<_> = (0..63).map(|_| host.guest().1).collect();
    let message = client_frame(BINARY, vec![7; 64 * KIB]);
    for filler in &mut fillers {
        host.send(filler, &message[..64_000]);
    }
    host.until_so("much is held", |host| host.server.stats().memory >= 63 * 64_000);
    for part in message.chunks(10_000) {
        host.send(&mut raw, part);
    }
    assert_eq!(host.packet(key).len(), 64 * KIB);
    // Nor is a large one that is sent to it refused.
    host.server.send(key, &[0; 64 * KIB]).expect("it is within its share");
    assert_eq!(host.frame(&mut raw).payload.len(), 64 * KIB);
}

/// A sender is paused because memory is scarce: that it does not finish its message meanwhile is not its fault.
#[test]
fn no_time_limit_of_a_peer_runs_while_the_server_does_not_read_from_it() {
    let limits = RateLimits::default().max_message_time(SOON);
    let (mut host, _honest, mut guests) = filled(limits);
    let key = guests[0].0;
    // Nothing of this is read: its share is used up by the packet before, and what is common by all of them.
    let message = client_frame(BINARY, vec![7; 60_000]);
    guests[0].1.send_while(&message[..40_000], || host.server.poll());
    let start = std::time::Instant::now();
    until("the limit has passed twice over", || {
        host.server.poll();
        start.elapsed() > 3 * SOON
    });
    assert!(host.server.peer(key).is_none_or(|peer| peer.state() == ReadyState::Open));
    // The program reads again, and the message goes on.
    host.send(&mut guests[0].1, &message[40_000..]);
    assert_eq!(host.packet(key).len(), 60_000);
    assert_eq!(host.packet(key).len(), 60_000);
}

/// The same where its inbox is full, and for the time that its own queue may be full.
#[test]
fn a_peer_whose_packets_the_program_leaves_unread_is_not_slow() {
    let peer = PeerOptions::for_server()
        .inbound_buffer_size(64 * KIB)
        .outbound_buffer_size(100_000)
        .heartbeat_interval(Duration::from_secs(60));
    let mut host = Host::start(with_peer(peer).rate_limits(unlimited()).slow_reader_timeout(SOON));
    let (key, mut raw) = host.guest();
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
    until("the limit has passed twice over", || {
        host.server.poll();
        start.elapsed() > 3 * SOON
    });
    assert_eq!(host.server.peer(key).map(|peer| peer.state()), Some(ReadyState::Open));
    for _ in 0..3 {
        assert_eq!(host.packet(key).len(), 40_000);
    }
    // Now it runs.
    assert_eq!(host.closed(key).cause, SLOW);
}

/// What came while the server did not read is not a burst of the peer's.
#[test]
fn what_has_waited_unread_is_not_held_against_its_sender() {
    let peer = PeerOptions::for_server().inbound_buffer_size(64 * KIB);
    let limits = unlimited().max_bytes_per_second(40_000);
    let mut host = Host::start(with_peer(peer).rate_limits(limits));
    let (key, mut raw) = host.guest();
    let start = std::time::Instant::now();
    // At less than the limit, and more in all than it allows at once; the program reads nothing of it.
    let mut sent = 0;
    until("so much has been sent", || {
        host.server.poll();
        let may = (start.elapsed().as_secs_f64() * 30_000.0) as usize;
        if sent + 10_006 <= may {
            raw.send(client_frame(BINARY, vec![0; 10_000]));
            sent += 10_008;
        }
        sent > 140_000
    });
    // It reads all at once.
    for _ in 0..sent / 10_008 {
        assert_eq!(host.packet(key).len(), 10_000);
    }
    assert_goes_on(&mut host, key, &mut raw);
}

#[test]
fn a_message_of_the_greatest_size_comes_even_where_memory_is_as_small_as_it_may_be() {
    let mut host = Host::start(with_memory(1, 2 * SHARE));
    let (key, mut raw) = host.guest();
    let message = client_frame(BINARY, vec![7; 64 * KIB]);
    host.send(&mut raw, &message);
    assert_eq!(host.packet(key).len(), 64 * KIB);
    // However it comes.
    for part in message.chunks(5000) {
        host.send(&mut raw, part);
    }
    assert_eq!(host.packet(key).len(), 64 * KIB);
}

#[test]
fn memory_recovers_by_itself_from_messages_that_nobody_finishes() {
    let mut host =
        Host::start(with_memory(64, 512 * KIB).rate_limits(unlimited().max_message_time(5 * SOON)));
    let mut guests: Vec<_> = (0..40).map(|_| host.guest()).collect();
    for (_, raw) in &mut guests {
        host.send(raw, &client_frame(BINARY, vec![0; 60_000])[..59_000]);
    }
    for (key, _) in &guests {
        assert_eq!(host.closed(*key).code, Some(1008));
    }
    host.until_so("there is memory again", |host| host.server.stats().memory < MIB);
    host.guest();
}

#[test]
fn memory_is_never_over_the_ceiling_whatever_comes_and_nobody_reads() {
    const MAX: usize = 16 * (2 * (500_000 + 4 * KIB) + 8 * KIB) + 2 * MIB;
    let peer = PeerOptions::for_server().inbound_buffer_size(2 * MIB).max_message_size(500_000);
    let mut host =
        Host::start(with_peer(peer).rate_limits(unlimited()).max_peers(16).max_buffered_bytes(MAX));
    let guests: Vec<(PeerKey, Raw)> = (0..16).map(|_| host.guest()).collect();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let floods: Vec<_> = guests
        .iter()
        .enumerate()
        .map(|(index, (_, raw))| {
            let (mut tcp, stop) = (raw.tcp().try_clone().unwrap(), std::sync::Arc::clone(&stop));
            tcp.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
            std::thread::spawn(move || {
                // From packets that are nothing but their entries in the inbox, to ones of the largest size.
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
    // Polls, but reads no event.
    let mut most = 0;
    let (mut last, mut quiet) = (0, 0);
    until("memory grows no more", || {
        host.server.poll();
        let memory = host.server.stats().memory;
        assert!(memory <= MAX + TURN, "{memory}");
        most = most.max(memory);
        (last, quiet) = if memory == last { (last, quiet + 1) } else { (memory, 0) };
        quiet > 100
    });
    assert!(most > MIB, "{most}");
    // When they are read, everything goes on, and the ceiling holds.
    let before = host.server.stats().packets_received;
    until("more has come", || {
        host.server.poll();
        while host.server.next_event().is_some() {}
        let stats = host.server.stats();
        assert!(stats.memory <= MAX + TURN, "{}", stats.memory);
        stats.packets_received > before + 1000
    });
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for flood in floods {
        flood.join().unwrap();
    }
}

/// The share of a peer that may send more than others is taken from what is common, and given back.
#[test]
fn a_peer_with_larger_messages_is_let_in_while_there_is_memory_for_its_share() {
    const LARGE: usize = 150 * KIB;
    let mut host = Host::start(with_memory(4, 4 * SHARE));
    host.server
        .on_request(|_| Admission::accept().options(PeerOptions::for_server().max_message_size(LARGE)));
    let (key, mut raw) = host.guest();
    host.send(&mut raw, client_frame(BINARY, vec![7; LARGE]));
    assert_eq!(host.packet(key).len(), LARGE);
    assert_eq!(host.status_for(REQUEST), 503);
    drop(raw);
    host.closed(key);
    host.until_empty();
    host.guest();
}
