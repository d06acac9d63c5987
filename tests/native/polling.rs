//! State changes only in a call on `&mut self`, and no call blocks.

use std::{
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{CloseCause, PeerOptions, ReadyState, Stats, WebSocketPeer};

use crate::common::{
    A_WHILE, closed,
    raw::{
        BINARY, CLOSE, TEXT, accepted, client_frame, close_payload, connected, frame_from, listener,
        server_frame,
    },
    server,
};

/// Far longer than a call sleeps that does not block, and far shorter than anything that a call could wait for here.
const NO_WAIT: Duration = Duration::from_secs(1);

fn visible(peer: &WebSocketPeer) -> (ReadyState, usize, usize, Stats, bool) {
    (peer.state(), peer.available(), peer.buffered(), peer.stats(), peer.close_info().is_some())
}

#[test]
fn bytes_in_the_kernel_are_not_reported_before_the_next_poll() {
    let (mut peer, mut raw) = connected(PeerOptions::default());
    let before = visible(&peer);
    // In one write, so that all of it arrives at once.
    let close = server_frame(CLOSE, close_payload(4000, "over"));
    raw.send([server_frame(TEXT, "one"), server_frame(BINARY, [2]), close].concat());
    drop(raw);
    thread::sleep(A_WHILE);
    assert_eq!(visible(&peer), before);
    assert_eq!(peer.recv(), None);
    peer.flush();
    assert_eq!(visible(&peer), before);
    // The first poll that reports anything reports everything.
    crate::common::until("it is reported", || (peer.poll(), visible(&peer)).1 != before);
    assert_eq!(peer.state(), ReadyState::Closed);
    assert_eq!(peer.available(), 2);
    assert_eq!(peer.close_info().unwrap().reason, "over");
}

#[test]
fn an_old_tcp_connection_opens_in_a_poll() {
    let mut peer = WebSocketPeer::new();
    peer.connect(&server().url("/close/1000")).unwrap();
    thread::sleep(A_WHILE);
    assert_eq!(peer.state(), ReadyState::Connecting);
    assert_eq!(closed(&mut peer).cause, CloseCause::Remote);
}

#[test]
fn a_lost_connection_is_open_until_the_next_poll() {
    let (mut peer, raw) = accepted(PeerOptions::for_server());
    raw.reset();
    thread::sleep(A_WHILE);
    assert_eq!(peer.state(), ReadyState::Open);
    // What is sent now is lost, but that is not an error of the caller.
    for _ in 0..3 {
        peer.send_text("into the void").unwrap();
    }
    assert_eq!(peer.state(), ReadyState::Open);
    assert_eq!(closed(&mut peer).cause, CloseCause::ConnectionLost);
}

#[test]
fn frames_before_a_reset_are_read_even_if_a_write_fails_first() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(client_frame(TEXT, "kicked"));
    raw.send(client_frame(CLOSE, close_payload(4000, "bye")));
    raw.finish();
    thread::sleep(A_WHILE);
    peer.send_text("too late").unwrap();
    let info = closed(&mut peer);
    assert_eq!((info.code, info.reason.as_str(), info.cause), (Some(4000), "bye", CloseCause::Remote));
    assert_eq!(peer.recv().unwrap().as_text(), Some("kicked"));
}

#[test]
fn replies_are_gathered_while_packets_are_read() {
    const COUNT: usize = 50;
    for _ in 0..10 {
        let (mut peer, mut raw) = accepted(PeerOptions::for_server());
        let questions: Vec<u8> =
            (0..COUNT).flat_map(|number| client_frame(TEXT, number.to_string())).collect();
        raw.send(questions);
        while peer.available() < COUNT {
            peer.poll();
        }
        for _ in 1..COUNT {
            let packet = peer.recv().unwrap();
            peer.send_packet(&packet).unwrap();
        }
        thread::sleep(Duration::from_millis(5));
        assert_eq!(raw.look(), 0, "replies are gathered while packets wait to be read");
        let last = peer.recv().unwrap();
        peer.send_packet(&last).unwrap();
        assert_eq!(peer.recv(), None);
        // One write is one segment on this interface, and one read returns all of it.
        let replies: Vec<u8> = (0..COUNT).flat_map(|number| server_frame(TEXT, number.to_string())).collect();
        while raw.look() == 0 {}
        assert_eq!(raw.rest(), replies);
        assert_eq!(peer.buffered(), 0);
    }
}

#[test]
fn a_packet_is_sent_at_once_without_a_poll() {
    let (mut peer, mut raw) = connected(PeerOptions::default());
    peer.send_text("now").unwrap();
    assert_eq!(peer.buffered(), 0);
    // Without a poll.
    let frame = crate::common::eventually("the packet arrives", || raw.frame());
    assert_eq!((frame.first, frame.masked, &frame.payload[..]), (TEXT, true, &b"now"[..]));
}

#[test]
fn gathered_packets_are_written_before_the_queue_is_full() {
    let (mut peer, mut raw) = connected(PeerOptions::default().max_queued_packets(4));
    raw.send(server_frame(TEXT, "one packet waits"));
    while peer.available() < 1 {
        peer.poll();
    }
    for _ in 0..100 {
        peer.send(b"reply").expect("the kernel takes it");
    }
}

#[test]
fn gathered_replies_are_sent_by_a_flush_or_the_next_poll() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    for by_flush in [true, false] {
        raw.send([client_frame(TEXT, "one"), client_frame(TEXT, "two")].concat());
        while peer.available() < 2 {
            peer.poll();
        }
        peer.recv();
        peer.send_text("reply").unwrap();
        thread::sleep(Duration::from_millis(5));
        assert_eq!(raw.look(), 0);
        assert_eq!(peer.buffered(), 5);
        if by_flush {
            peer.flush();
        } else {
            peer.poll();
        }
        assert_eq!(peer.buffered(), 0);
        assert_eq!(frame_from(&mut peer, &mut raw).payload, b"reply");
        while peer.recv().is_some() {}
    }
}

#[test]
fn each_frame_of_a_client_has_its_own_mask() {
    let (mut peer, mut raw) = connected(PeerOptions::default());
    peer.send(&[0; 8]).unwrap();
    peer.send(&[0; 8]).unwrap();
    crate::common::until("both frames arrive", || {
        raw.look();
        raw.rest().len() >= 2 * (2 + 4 + 8)
    });
    let masks = [&raw.rest()[2..6], &raw.rest()[16..20]];
    assert_ne!(masks[0], masks[1]);
    assert!(masks.iter().all(|mask| *mask != [0; 4]));
}

/// Measures how long this thread sleeps.
struct Sleep {
    start: Instant,
    busy: Duration,
}

impl Sleep {
    fn start() -> Self {
        Self { start: Instant::now(), busy: busy() }
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed().saturating_sub(busy().saturating_sub(self.busy))
    }
}

/// Returns how long this thread has run, or was ready to run.
#[cfg(target_os = "linux")]
fn busy() -> Duration {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the system counts");
    let nanoseconds = spent.split_whitespace().take(2).map(|field| field.parse::<u64>().expect("a number"));
    Duration::from_nanos(nanoseconds.sum())
}

/// Only Linux reports it.
#[cfg(not(target_os = "linux"))]
fn busy() -> Duration {
    Duration::ZERO
}

/// Polls until the connection is closed or `time` has passed. Returns how long the longest call slept.
fn longest_poll(peer: &mut WebSocketPeer, time: Duration) -> Duration {
    let (start, mut longest) = (Instant::now(), Duration::ZERO);
    while start.elapsed() < time && peer.state() != ReadyState::Closed {
        let sleep = Sleep::start();
        peer.poll();
        longest = longest.max(sleep.elapsed());
        thread::sleep(Duration::from_millis(1));
    }
    longest
}

#[test]
fn no_call_waits_for_a_name() {
    for name in ["localhost", "unknown.invalid", "a.name.that.takes.a.while.to.be.looked.up.example"] {
        let mut peer = WebSocketPeer::new();
        let sleep = Sleep::start();
        peer.connect(&format!("ws://{name}:4/")).unwrap();
        assert!(sleep.elapsed() < NO_WAIT, "{name}: connect slept {:?}", sleep.elapsed());
        let longest = longest_poll(&mut peer, 3 * NO_WAIT);
        assert!(longest < NO_WAIT, "{name}: a poll slept {longest:?}");
        let sleep = Sleep::start();
        drop(peer);
        assert!(sleep.elapsed() < NO_WAIT, "{name}: drop slept {:?}", sleep.elapsed());
    }
}

#[test]
fn a_name_without_address_is_reported() {
    // RFC 6761: this domain does not exist.
    let mut peer = WebSocketPeer::new();
    peer.connect("ws://unknown.invalid/").unwrap();
    assert_eq!(closed(&mut peer).cause, CloseCause::DnsFailed);
}

#[test]
fn no_call_waits_for_a_server_that_does_not_accept() {
    let (_listener, port) = listener();
    let mut peer = WebSocketPeer::with_options(PeerOptions::default().connect_timeout(A_WHILE));
    peer.connect(&format!("ws://127.0.0.1:{port}/")).unwrap();
    assert!(longest_poll(&mut peer, 10 * NO_WAIT) < NO_WAIT);
    let timed_out = CloseCause::TimedOut(websocket_peer::Timeout::Connect);
    assert_eq!(closed(&mut peer).cause, timed_out);
}

#[test]
fn no_call_waits_for_a_reader_that_does_not_read() {
    let (mut peer, _raw) = connected(PeerOptions::default());
    let sleep = Sleep::start();
    while peer.send(&[0; 100_000]).is_ok() {}
    peer.close();
    assert!(sleep.elapsed() < NO_WAIT, "{:?}", sleep.elapsed());
    assert!(longest_poll(&mut peer, NO_WAIT) < NO_WAIT);
    assert_eq!(peer.state(), ReadyState::Closing);
}

#[test]
fn a_sender_without_pause_cannot_prolong_a_poll() {
    let mut peer = WebSocketPeer::new();
    peer.connect(&server().url("/flood")).unwrap();
    let (mut received, mut most) = (0, 0);
    crate::common::until("many bytes have arrived", || {
        peer.poll();
        while peer.recv().is_some() {}
        most = most.max(peer.stats().bytes_received - received);
        received = peer.stats().bytes_received;
        received > 32 << 20
    });
    assert_eq!(peer.state(), ReadyState::Open);
    assert!(most <= 4 << 20, "{most} bytes in one poll");
}
