//! Floods of pings, packets and bytes beyond the rate limits. The peer is closed with 1008, and other peers are not
//! affected.

use std::time::{Duration, Instant};

use websocket_peer::{CloseCause, Limit, RateLimits};

use crate::{
    common::raw::{BINARY, End, PING, PONG, TEXT, client_frame},
    host::{Host, with_peer},
};

/// A server with these limits.
fn limited(limits: RateLimits) -> Host {
    let peer = websocket_peer::PeerOptions::for_server();
    Host::start(with_peer(peer).rate_limits(limits))
}

/// Checks that a burst may have the amount of two seconds (`allowed` frames), and that a larger flood ends with 1008
/// for this limit.
#[track_caller]
fn assert_flood_ends(limits: RateLimits, frame: &[u8], allowed: usize, limit: Limit) {
    let mut host = limited(limits);
    let (other, mut other_raw) = host.open_client();
    let (key, mut raw) = host.open_client();
    host.send(&mut raw, frame.repeat(allowed));
    host.run(crate::common::A_WHILE);
    assert!(host.server.peer(key).is_some(), "a burst of two seconds is allowed: {:?}", host.events);
    host.send(&mut raw, frame.repeat(2 * allowed));
    let info = host.closed(key);
    assert_eq!((info.code, info.cause), (Some(1008), CloseCause::LimitExceeded(limit)));
    let close = host.until("the close frame", |_| raw.frame().filter(|frame| frame.first == 0x88));
    assert_eq!(close.close_code(), Some(1008));
    assert_eq!(host.end(&mut raw), End::Eof, "a reset would destroy the close frame");
    other_raw.send(client_frame(TEXT, "not affected"));
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
    // A small limit, so that a slow machine exceeds it, too.
    let limits = RateLimits::default().max_bytes_per_second(100_000);
    assert_flood_ends(limits, &client_frame(BINARY, vec![0; 6_000]), 30, Limit::ByteRate);
}

/// Bytes count before their message is complete.
#[test]
fn a_byte_flood_within_one_message_gets_1008() {
    let peer = websocket_peer::PeerOptions::for_server().max_message_size(1 << 20);
    let limits = RateLimits::default().max_bytes_per_second(100_000);
    let mut host = Host::start(with_peer(peer).rate_limits(limits));
    let (key, mut raw) = host.open_client();
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
    let (key, mut raw) = host.open_client();
    // More than the amount of two seconds in all, at a little less than the rate, or slower on a slow machine.
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
    host.until_so("all is received", |host| {
        host.server.peer(key).is_some_and(|peer| peer.stats().packets_received == COUNT)
    });
}

#[test]
fn packets_that_waited_during_a_pause_of_the_program_do_not_exceed_the_rate() {
    let limits = RateLimits::default().max_packets_per_second(50);
    let mut host = limited(limits);
    let (key, mut raw) = host.open_client();
    for _ in 0..30 {
        raw.send(client_frame(TEXT, "x").repeat(5));
        std::thread::sleep(Duration::from_millis(110));
    }
    // 150 packets at once, which arrived within three seconds.
    for _ in 0..150 {
        host.packet(key);
    }
}
