//! Messages that use more resources than they carry: declared lengths, endless fragments.

use std::time::{Duration, Instant};

use websocket_peer::{CloseCause, CloseInfo, Limit, PeerOptions, RateLimits, ServerOptions, Timeout};

use crate::{
    common::raw::{BINARY, CLOSE, PING, TEXT, client_frame},
    host::{Host, unlimited, with_peer},
};

const MIB: usize = 1024 * 1024;

const FIRST: u8 = 0x02;
const MIDDLE: u8 = 0x00;
const LAST: u8 = 0x80;

/// A header that declares this length, without the payload.
fn header_only(first: u8, len: u64) -> Vec<u8> {
    [&[first, 0x80 | 127][..], &len.to_be_bytes(), &[1, 2, 3, 4]].concat()
}

/// Returns how the connection of a client that sends these bytes ends. Checks the code of the close frame.
#[track_caller]
fn ended(options: ServerOptions, bytes: &[u8]) -> CloseInfo {
    let mut host = Host::start(options);
    let (key, mut raw) = host.open_client();
    raw.send(bytes);
    let info = host.closed(key);
    assert_eq!(host.frame(&mut raw).close_code(), info.code);
    info
}

/// Pre-allocation from a declared length.
#[test]
fn a_declared_length_alone_uses_no_memory() {
    let info = ended(ServerOptions::default(), &header_only(BINARY, 1 << 62));
    assert_eq!((info.code, info.cause), (Some(1009), CloseCause::MessageTooBig));

    // The same for a length that is allowed.
    let peer = PeerOptions::for_server().max_message_size(MIB).inbound_buffer_size(MIB);
    let mut host = Host::start(with_peer(peer));
    let mut clients: Vec<_> = (0..20).map(|_| host.open_client()).collect();
    let idle = host.server.stats().memory;
    for (_, raw) in &mut clients {
        raw.send(header_only(BINARY, MIB as u64));
        raw.send([7]);
    }
    host.run(crate::common::A_WHILE);
    let taken = host.server.stats().memory - idle;
    assert!(taken <= 20 * 32 * 1024, "{taken} bytes for 20 that arrived");
    assert_eq!(host.server.peer_count(), 20);
    // Memory grows as the bytes arrive.
    for (_, raw) in &mut clients {
        raw.send([7; 10_000]);
    }
    host.until_so("all is received", |host| host.server.stats().memory - idle >= 20 * 10_000);
    let taken = host.server.stats().memory - idle;
    assert!(taken < 20 * 200_000, "{taken} bytes for 200,020 that arrived");
}

/// Amplification by tiny fragments.
#[test]
fn a_message_over_the_limit_of_fragments_gets_1008() {
    let fragments = |count: usize| {
        let middle = client_frame(MIDDLE, "x").repeat(count - 2);
        [client_frame(FIRST, "x"), middle, client_frame(LAST, "x")].concat()
    };
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.open_client();
    raw.send(fragments(1024));
    assert_eq!(host.packet(key).len(), 1024);
    raw.send(fragments(1024));
    assert_eq!(host.packet(key).len(), 1024, "the limit is for each message");

    let info = ended(ServerOptions::default(), &fragments(1025));
    assert_eq!((info.code, info.cause), (Some(1008), CloseCause::LimitExceeded(Limit::Fragments)));
}

#[test]
fn the_memory_of_fragments_is_in_proportion_to_their_payload() {
    let mut host = Host::start(ServerOptions::default().rate_limits(unlimited()));
    let (_, mut raw) = host.open_client();
    let idle = host.server.stats().memory;
    host.send(&mut raw, [client_frame(FIRST, "x"), client_frame(MIDDLE, "x").repeat(20_000)].concat());
    host.until_so("all is received", |host| host.server.stats().memory - idle >= 20_000);
    let taken = host.server.stats().memory - idle;
    assert!(taken < 100_000, "{taken} bytes for 20,001 that arrived");
}

#[test]
fn a_message_that_is_not_finished_in_time_gets_1008() {
    let limits = RateLimits::default().max_message_time(Duration::from_millis(300));
    for beginning in [client_frame(FIRST, "x"), client_frame(BINARY, [0; 1000])[..500].to_vec()] {
        let mut host = Host::start(ServerOptions::default().rate_limits(limits));
        let (key, mut raw) = host.open_client();
        let start = Instant::now();
        raw.send(&beginning);
        // It sends pings meanwhile, if control frames are allowed in between.
        host.until_so("the timeout expires", |host| {
            if beginning.len() < 100 && start.elapsed() < Duration::from_millis(250) {
                raw.send(client_frame(PING, []));
                std::thread::sleep(Duration::from_millis(20));
            }
            host.server.peer(key).is_none()
        });
        assert!(start.elapsed() >= Duration::from_millis(280), "{:?}", start.elapsed());
        let info = host.closed(key);
        assert_eq!((info.code, info.cause), (Some(1008), CloseCause::TimedOut(Timeout::Message)));
        let close = host.until("the close frame", |_| raw.frame().filter(|frame| frame.first == CLOSE));
        assert_eq!(close.close_code(), Some(1008));
    }
}

#[test]
fn the_timeout_of_a_message_starts_anew_for_each_message() {
    // Longer than one message takes on a loaded machine, and shorter than all of them.
    let limits = unlimited().max_message_time(Duration::from_secs(2));
    let mut host = Host::start(ServerOptions::default().rate_limits(limits));
    let (key, mut raw) = host.open_client();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        raw.send(client_frame(0x01, "one "));
        host.step();
        raw.send(client_frame(LAST, "whole"));
        assert_eq!(host.packet(key).as_text(), Some("one whole"));
    }
    raw.send(client_frame(TEXT, "still here"));
    host.packet(key);
}

/// Each byte arrives in time, except the last of a frame's header, a ping, or a close frame.
#[test]
fn a_frame_that_arrives_byte_by_byte_has_the_timeout_of_a_message() {
    let limits = unlimited().max_message_time(Duration::from_millis(300));
    let large = client_frame(BINARY, vec![0; 1000]);
    for frame in [&large[..7], &client_frame(PING, [7; 125])[..125], &client_frame(CLOSE, [3; 60])[..60]] {
        let mut host = Host::start(ServerOptions::default().rate_limits(limits));
        let (key, mut raw) = host.open_client();
        // A complete frame starts and ends a timeout of its own.
        raw.send(client_frame(PING, "whole"));
        let start = Instant::now();
        let mut bytes = frame.iter();
        host.until_so("the timeout expires", |host| {
            if let Some(byte) = bytes.next() {
                // The server may have ended TCP already.
                let _ = std::io::Write::write(&mut raw.tcp(), &[*byte]);
                std::thread::sleep(Duration::from_millis(2));
            }
            host.server.peer(key).is_none()
        });
        assert!(start.elapsed() >= Duration::from_millis(280), "{:?}", start.elapsed());
        let info = host.closed(key);
        assert_eq!((info.code, info.cause), (Some(1008), CloseCause::TimedOut(Timeout::Message)));
    }
}

#[test]
fn a_flood_of_empty_continuations_gets_1008() {
    let limits = RateLimits::default().max_fragments(0);
    let flood = [client_frame(FIRST, ""), client_frame(MIDDLE, "").repeat(100_000)].concat();
    let mut host = Host::start(ServerOptions::default().rate_limits(limits));
    let (key, raw) = host.open_client();
    let mut tcp = raw.tcp().try_clone().unwrap();
    // An error means that the server has ended the connection.
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut tcp, &flood)));
    let info = host.closed(key);
    assert_eq!((info.code, info.cause), (Some(1008), CloseCause::LimitExceeded(Limit::ControlFrameRate)));
    drop(raw);
    host.until_empty();
    writer.join().unwrap();
}
