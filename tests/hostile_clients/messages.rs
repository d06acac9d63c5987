//! Messages that cost more than they carry: lengths that are only announced, fragments without end.

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

/// A header that announces so many bytes, and none of them.
fn announcement(first: u8, len: u64) -> Vec<u8> {
    [&[first, 0x80 | 127][..], &len.to_be_bytes(), &[1, 2, 3, 4]].concat()
}

/// How a client ends that sends this, with the code that it was told.
#[track_caller]
fn ended(options: ServerOptions, bytes: &[u8]) -> CloseInfo {
    let mut host = Host::start(options);
    let (key, mut raw) = host.guest();
    raw.send(bytes);
    let info = host.closed(key);
    assert_eq!(host.frame(&mut raw).close_code(), info.code);
    info
}

/// Pre-allocation from a declared length.
#[test]
fn a_length_that_is_only_declared_takes_no_memory() {
    let info = ended(ServerOptions::default(), &announcement(BINARY, 1 << 62));
    assert_eq!((info.code, info.cause), (Some(1009), CloseCause::MessageTooBig));

    // The same for lengths that are allowed.
    let peer = PeerOptions::for_server().max_message_size(MIB).inbound_buffer_size(MIB);
    let mut host = Host::start(with_peer(peer));
    let mut guests: Vec<_> = (0..20).map(|_| host.guest()).collect();
    let idle = host.server.stats().memory;
    for (_, raw) in &mut guests {
        raw.send(announcement(BINARY, MIB as u64));
        raw.send([7]);
    }
    host.run(crate::common::A_WHILE);
    let taken = host.server.stats().memory - idle;
    assert!(taken <= 20 * 32 * 1024, "{taken} bytes for 20 that came");
    assert_eq!(host.server.peer_count(), 20);
    // It grows as they come.
    for (_, raw) in &mut guests {
        raw.send([7; 10_000]);
    }
    host.until_so("all has come", |host| host.server.stats().memory - idle >= 20 * 10_000);
    let taken = host.server.stats().memory - idle;
    assert!(taken < 20 * 200_000, "{taken} bytes for 200,020 that came");
}

/// Tiny-fragment amplification.
#[test]
fn a_message_in_1024_fragments_is_taken_and_in_one_more_gets_1008() {
    let fragments = |count: usize| {
        let middle = client_frame(MIDDLE, "x").repeat(count - 2);
        [client_frame(FIRST, "x"), middle, client_frame(LAST, "x")].concat()
    };
    let mut host = Host::start(ServerOptions::default());
    let (key, mut raw) = host.guest();
    raw.send(fragments(1024));
    assert_eq!(host.packet(key).len(), 1024);
    raw.send(fragments(1024));
    assert_eq!(host.packet(key).len(), 1024, "each message has its own");

    let info = ended(ServerOptions::default(), &fragments(1025));
    assert_eq!((info.code, info.cause), (Some(1008), CloseCause::LimitExceeded(Limit::Fragments)));
}

#[test]
fn fragments_take_no_more_memory_than_they_carry() {
    let mut host = Host::start(ServerOptions::default().rate_limits(unlimited()));
    let (_, mut raw) = host.guest();
    let idle = host.server.stats().memory;
    host.send(&mut raw, [client_frame(FIRST, "x"), client_frame(MIDDLE, "x").repeat(20_000)].concat());
    host.until_so("all has come", |host| host.server.stats().memory - idle >= 20_000);
    let taken = host.server.stats().memory - idle;
    assert!(taken < 100_000, "{taken} bytes for 20,001 that came");
}

#[test]
fn a_message_that_is_never_finished_gets_1008_when_its_time_is_over() {
    let limits = RateLimits::default().max_message_time(Duration::from_millis(300));
    for beginning in [client_frame(FIRST, "x"), client_frame(BINARY, [0; 1000])[..500].to_vec()] {
        let mut host = Host::start(ServerOptions::default().rate_limits(limits));
        let (key, mut raw) = host.guest();
        let start = Instant::now();
        raw.send(&beginning);
        // It gives signs of life all the while, where frames may come in between.
        host.until_so("its time is over", |host| {
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
fn whoever_finishes_its_messages_may_send_them_for_ever() {
    // Longer than a loaded machine takes for one message, and shorter than all of this together.
    let limits = unlimited().max_message_time(Duration::from_secs(2));
    let mut host = Host::start(ServerOptions::default().rate_limits(limits));
    let (key, mut raw) = host.guest();
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

/// Each byte comes in time, but never the last: of a frame's header, of a ping, of a close frame.
#[test]
fn a_frame_that_comes_byte_by_byte_has_the_time_of_a_message() {
    let limits = unlimited().max_message_time(Duration::from_millis(300));
    let large = client_frame(BINARY, vec![0; 1000]);
    for frame in [&large[..7], &client_frame(PING, [7; 125])[..125], &client_frame(CLOSE, [3; 60])[..60]] {
        let mut host = Host::start(ServerOptions::default().rate_limits(limits));
        let (key, mut raw) = host.guest();
        // One that is whole begins and ends a time of its own.
        raw.send(client_frame(PING, "whole"));
        let start = Instant::now();
        let mut bytes = frame.iter();
        host.until_so("its time is over", |host| {
            if let Some(byte) = bytes.next() {
                // One that was closed may have ended TCP by now.
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

/// Empty continuation flood.
#[test]
fn empty_continuations_cost_as_much_as_pings_and_get_1008() {
    let limits = RateLimits::default().max_fragments(0);
    let flood = [client_frame(FIRST, ""), client_frame(MIDDLE, "").repeat(100_000)].concat();
    let mut host = Host::start(ServerOptions::default().rate_limits(limits));
    let (key, raw) = host.guest();
    let mut tcp = raw.tcp().try_clone().unwrap();
    // An error says that the server has had enough.
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut tcp, &flood)));
    let info = host.closed(key);
    assert_eq!((info.code, info.cause), (Some(1008), CloseCause::LimitExceeded(Limit::ControlFrameRate)));
    drop(raw);
    host.until_empty();
    writer.join().unwrap();
}
