//! Floods: pings, packets and bytes beyond what a peer may send in a time. Whoever sends them is told 1008, and others do not
//! notice.

use std::time::{Duration, Instant};

use websocket_peer::{CloseCause, Limit, RateLimits};

use crate::{
    common::raw::{BINARY, End, PING, PONG, TEXT, client_frame},
    host::{Host, with_peer},
};

/// A server that reads whatever rate comes, but for one limit.
fn limited(limits: RateLimits) -> Host {
    let peer = websocket_peer::PeerOptions::for_server();
    Host::start(with_peer(peer).rate_limits(limits))
}

/// What comes in a burst is let through as far as two seconds' worth go; then the flood ends with 1008, and for this.
#[track_caller]
fn assert_flood_ends(limits: RateLimits, frame: &[u8], let_through: usize, limit: Limit) {
    let mut host = limited(limits);
    let (other, mut other_raw) = host.guest();
    let (key, mut raw) = host.guest();
    host.send(&mut raw, frame.repeat(let_through));
    host.run(crate::common::A_WHILE);
    assert!(host.server.peer(key).is_some(), "two seconds' worth may come at once: {:?}", host.told);
    host.send(&mut raw, frame.repeat(2 * let_through));
    let info = host.closed(key);
    assert_eq!((info.code, info.cause), (Some(1008), CloseCause::LimitExceeded(limit)));
    let close = host.until("the close frame", |_| raw.frame().filter(|frame| frame.first == 0x88));
    assert_eq!(close.close_code(), Some(1008));
    assert_eq!(host.end(&mut raw), End::Eof, "a reset would destroy the close frame");
    other_raw.send(client_frame(TEXT, "unharmed"));
    host.packet(other);
}

#[test]
fn a_ping_flood_gets_1008() {
    let limits = RateLimits::default();
    assert_flood_ends(limits, &client_frame(PING, [0; 100]), 180, Limit::ControlFrameRate);
}

#[test]
fn a_pong_flood_gets_1008() {
    let limits = RateLimits::default();
    assert_flood_ends(limits, &client_frame(PONG, ""), 180, Limit::ControlFrameRate);
}

/// RPC flood: each call is a packet.
#[test]
fn a_packet_flood_gets_1008() {
    let limits = RateLimits::default();
    assert_flood_ends(limits, &client_frame(TEXT, ""), 3900, Limit::PacketRate);
}

#[test]
fn a_byte_flood_gets_1008() {
    // So few that a slow machine exceeds them, too.
    let limits = RateLimits::default().max_bytes_per_second(100_000);
    assert_flood_ends(limits, &client_frame(BINARY, vec![0; 6_000]), 30, Limit::ByteRate);
}

/// It has no packet yet, and no end: the bytes alone are enough.
#[test]
fn a_byte_flood_within_one_message_gets_1008() {
    let peer = websocket_peer::PeerOptions::for_server().max_message_size(1 << 20);
    let limits = RateLimits::default().max_bytes_per_second(100_000);
    let mut host = Host::start(with_peer(peer).rate_limits(limits));
    let (key, mut raw) = host.guest();
    host.send(&mut raw, client_frame(BINARY, vec![0; 1 << 20]));
    let info = host.closed(key);
    assert_eq!((info.code, info.cause), (Some(1008), CloseCause::LimitExceeded(Limit::ByteRate)));
}

#[test]
fn a_steady_sender_within_the_limits_goes_on() {
    let limits = RateLimits::default()
        .max_packets_per_second(200)
        .max_bytes_per_second(50_000)
        .max_control_frames_per_second(200);
    let mut host = limited(limits);
    let (key, mut raw) = host.guest();
    // Somewhat more than two seconds' worth in all, at a little less than the rate, or slower where the machine is.
    const COUNT: u64 = 700;
    let pause = Duration::from_secs(1) / 190;
    let mut next = Instant::now();
    for _ in 0..COUNT {
        while Instant::now() < next {
            host.step();
        }
        raw.send([client_frame(TEXT, [b'x'; 100]), client_frame(PING, "")].concat());
        next = Instant::now() + pause;
    }
    host.until_so("all has come", |host| {
        host.server.peer(key).is_some_and(|peer| peer.stats().packets_received == COUNT)
    });
}

#[test]
fn a_program_that_was_busy_for_a_while_does_not_hold_it_against_its_peers() {
    let limits = RateLimits::default().max_packets_per_second(50);
    let mut host = limited(limits);
    let (key, mut raw) = host.guest();
    for _ in 0..30 {
        raw.send(client_frame(TEXT, "x").repeat(5));
        std::thread::sleep(Duration::from_millis(110));
    }
    // 150 packets at once, but they came in three seconds.
    for _ in 0..150 {
        host.packet(key);
    }
}
