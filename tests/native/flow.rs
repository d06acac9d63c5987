//! Backpressure: a peer that does not read slows the sender, loses nothing, and uses no more memory than its options
//! allow.

use std::{
    io::Write,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use websocket_peer::{CloseCause, Error, Packet, PeerOptions, ReadyState, WebSocketPeer};

use crate::common::{
    PATIENCE, closed,
    raw::{
        BINARY, CLOSE, PING, PONG, Raw, TEXT, accepted, client_frame, close_payload, connected, frame_from,
        server_frame, settle,
    },
    receive, until,
};

const COUNT: usize = 10_000;
const SIZE: usize = 4 * 1024;

/// A packet with its number.
fn numbered(number: usize) -> Vec<u8> {
    let mut payload = vec![(number % 251) as u8; SIZE];
    payload[..8].copy_from_slice(&(number as u64).to_be_bytes());
    payload
}

#[test]
fn messages_of_all_sizes_that_arrive_together_are_received_in_order() {
    let sizes = [0, 1, 64, 75, 76, 100, 125, 126, 500, 1024, 2047, 2048, 2049, 5000, 70_000];
    // Each size comes after each other one, several times in a row or alone, as text or not.
    let sent: Vec<(u8, Vec<u8>)> = (0..1500_usize)
        .map(|number| {
            let size = sizes[number / (1 + number % 7) * 11 % sizes.len()];
            (if number % 5 < 2 { TEXT } else { BINARY }, vec![b'a' + (number % 26) as u8; size])
        })
        .collect();
    for taken_at_a_time in [1, 7, 1000] {
        let (mut peer, mut raw) = accepted(PeerOptions::default());
        let bytes: Vec<u8> =
            sent.iter().flat_map(|(opcode, payload)| client_frame(*opcode, payload)).collect();
        let mut expected = sent.iter();
        let mut poll = |peer: &mut WebSocketPeer| {
            peer.poll();
            for packet in std::iter::from_fn(|| peer.recv()).take(taken_at_a_time) {
                let (opcode, payload) = expected.next().expect("no more packets than were sent");
                assert_eq!((packet.is_text(), packet.as_bytes()), (*opcode == TEXT, &payload[..]));
            }
            expected.len()
        };
        raw.send_while(&bytes, || _ = poll(&mut peer));
        until("all are received", || poll(&mut peer) == 0);
    }
}

/// Writes numbered packets as fast as the peer takes them, and counts them.
fn flood(raw: &Raw) -> (Arc<AtomicUsize>, JoinHandle<()>) {
    let mut tcp: TcpStream = raw.tcp().try_clone().unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let thread = thread::spawn({
        let sent = Arc::clone(&sent);
        move || {
            for number in 0..COUNT {
                tcp.write_all(&client_frame(BINARY, numbered(number))).expect("the peer reads it in the end");
                sent.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    (sent, thread)
}

/// Polls until there are 100 packets, and then for a while. The kernel's buffers are small, so that the sender cannot
/// finish meanwhile.
#[track_caller]
fn assert_slowed(peer: &mut WebSocketPeer, sent: &AtomicUsize) {
    until("the inbox is full", || {
        peer.poll();
        peer.available() >= 100
    });
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(500) {
        peer.poll();
    }
    assert_eq!(peer.available(), 100);
    assert!(sent.load(Ordering::Relaxed) < COUNT, "nothing slowed the sender");
}

#[track_caller]
fn read_all(peer: &mut WebSocketPeer) {
    let mut next = 0;
    until("all packets arrive", || {
        assert_ne!(peer.poll(), ReadyState::Closed, "{:?} after {next} packets", peer.close_info());
        while let Some(packet) = peer.recv() {
            assert!(packet == Packet::binary(numbered(next)), "packet {next} is another");
            next += 1;
        }
        next == COUNT
    });
    assert_eq!(peer.stats().packets_received, COUNT as u64);
    assert_eq!(peer.stats().bytes_received, (COUNT * SIZE) as u64);
}

#[test]
fn a_full_inbox_of_packets_slows_the_sender_and_loses_nothing() {
    let (mut peer, raw) = accepted(PeerOptions::for_server().max_queued_packets(100));
    let (sent, thread) = flood(&raw);
    assert_slowed(&mut peer, &sent);
    read_all(&mut peer);
    thread.join().unwrap();
}

#[test]
fn a_full_inbox_of_bytes_slows_the_sender_and_loses_nothing() {
    let limit = 100 * SIZE + SIZE / 2;
    let (mut peer, raw) = accepted(PeerOptions::for_server().inbound_buffer_size(limit));
    let (sent, thread) = flood(&raw);
    assert_slowed(&mut peer, &sent);
    read_all(&mut peer);
    thread.join().unwrap();
}

#[test]
fn an_inbox_of_one_packet_is_enough_for_all() {
    let (mut peer, raw) = accepted(PeerOptions::for_server().max_queued_packets(1));
    let (_, thread) = flood(&raw);
    let mut next = 0;
    while next < COUNT {
        peer.poll();
        assert!(peer.available() <= 1);
        if let Some(packet) = peer.recv() {
            assert!(packet == Packet::binary(numbered(next)), "packet {next} is another");
            next += 1;
        }
    }
    thread.join().unwrap();
}

#[test]
fn ten_thousand_packets_are_sent_in_order_through_a_small_outbox() {
    let options = PeerOptions::default().outbound_buffer_size(50_000).heartbeat_interval(Duration::ZERO);
    let (mut peer, mut raw) = connected(options);
    let (begin, begun) = mpsc::channel();
    let reader = thread::spawn(move || {
        // After the outbox was full.
        begun.recv_timeout(PATIENCE).expect("a packet is rejected");
        for number in 0..COUNT {
            let frame = crate::common::eventually("the next packet", || raw.frame());
            assert!(frame.payload == numbered(number), "packet {number} is another");
        }
        raw
    });
    for number in 0..COUNT {
        until("there is room", || {
            peer.poll();
            match peer.send(&numbered(number)) {
                Ok(()) => true,
                Err(Error::SendQueueFull { .. }) => {
                    assert!(peer.buffered() > 50_000 - SIZE);
                    // The reader receives the first of these.
                    let _ = begin.send(());
                    false
                }
                Err(error) => panic!("{error}"),
            }
        });
        assert!(peer.buffered() <= 50_000);
    }
    until("everything is sent", || {
        peer.poll();
        peer.buffered() == 0
    });
    reader.join().unwrap();
    assert_eq!((peer.stats().packets_sent, peer.stats().bytes_sent), (COUNT as u64, (COUNT * SIZE) as u64));
}

#[test]
fn a_rejected_packet_leaves_no_trace() {
    let (mut peer, mut raw) = connected(PeerOptions::default().outbound_buffer_size(100_000));
    let mut taken = 0_u64;
    loop {
        while peer.send(&taken.to_be_bytes().repeat(1250)).is_ok() {
            taken += 1;
        }
        settle(&mut peer);
        if peer.send(&[0xFF; 10_000]).is_err() {
            break;
        }
        // If the kernel has taken some packets, the marker is the last one.
        taken += 1;
    }
    let stats = peer.stats();
    assert_eq!((stats.packets_sent, stats.bytes_sent), (taken, taken * 10_000));
    peer.close();
    let mut received = 0;
    loop {
        let frame = frame_from(&mut peer, &mut raw);
        if frame.first == CLOSE {
            break;
        }
        assert_eq!((frame.first, frame.payload.len()), (BINARY, 10_000));
        received += 1;
    }
    assert_eq!(received, taken);
}

#[test]
fn a_close_behind_a_full_outbox_sends_everything_first() {
    let (mut peer, mut raw) = connected(PeerOptions::default().close_timeout(PATIENCE));
    let mut taken = 0_u64;
    while peer.send(&[&taken.to_be_bytes()[..], &[7; 10_000]].concat()).is_ok() {
        taken += 1;
    }
    assert!(peer.buffered() > 4_000_000);
    peer.close();
    assert_eq!(peer.state(), ReadyState::Closing);
    for number in 0..taken {
        let frame = frame_from(&mut peer, &mut raw);
        assert_eq!((frame.first, &frame.payload[..8]), (BINARY, &number.to_be_bytes()[..]));
    }
    assert_eq!(frame_from(&mut peer, &mut raw).close_code(), Some(1000));
    raw.send(server_frame(CLOSE, close_payload(1000, "")));
    assert_eq!(closed(&mut peer).cause, CloseCause::Local);
}

#[test]
fn a_close_that_arrives_while_the_outbox_is_full_is_answered_behind_it() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server().close_timeout(PATIENCE));
    let mut taken = 0;
    while peer.send(&[7; 10_000]).is_ok() {
        taken += 1;
    }
    raw.send(client_frame(CLOSE, close_payload(4000, "enough")));
    // The state changes at once. The frames are still sent, as long as the program polls.
    assert_eq!(closed(&mut peer).cause, CloseCause::Remote);
    assert_eq!(peer.buffered(), 0);
    for _ in 0..taken {
        assert_eq!(frame_from(&mut peer, &mut raw).first, BINARY);
    }
    assert_eq!(frame_from(&mut peer, &mut raw).close_code(), Some(4000));
}

#[test]
fn a_ping_behind_unread_packets_is_answered_when_they_are_read() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server().max_queued_packets(1));
    raw.send([client_frame(TEXT, "one"), client_frame(TEXT, "two"), client_frame(PING, "beat")].concat());
    until("the first one arrives", || (peer.poll(), peer.available()) == (ReadyState::Open, 1));
    settle(&mut peer);
    assert_eq!((peer.available(), raw.look()), (1, 0));
    assert_eq!(peer.recv().unwrap().as_text(), Some("one"));
    assert_eq!(receive(&mut peer).as_text(), Some("two"));
    let pong = frame_from(&mut peer, &mut raw);
    assert_eq!((pong.first, &pong.payload[..]), (PONG, &b"beat"[..]));
}

#[test]
fn a_close_behind_unread_packets_is_reported_when_they_are_read() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server().max_queued_packets(2));
    for number in 0..5 {
        raw.send(client_frame(TEXT, number.to_string()));
    }
    raw.send(client_frame(CLOSE, close_payload(1000, "")));
    until("two packets arrive", || (peer.poll(), peer.available()) == (ReadyState::Open, 2));
    settle(&mut peer);
    assert_eq!((peer.state(), peer.available()), (ReadyState::Open, 2));
    let mut texts = Vec::new();
    until("the close is seen", || {
        texts.extend(peer.recv().and_then(|packet| packet.as_text().map(str::to_owned)));
        peer.poll() == ReadyState::Closed
    });
    texts.extend(std::iter::from_fn(|| peer.recv()).map(|packet| packet.as_text().unwrap().to_owned()));
    assert_eq!(texts, ["0", "1", "2", "3", "4"]);
}

#[test]
fn a_full_inbox_does_not_count_as_silence_of_the_other_end() {
    let options = PeerOptions::for_server()
        .max_queued_packets(1)
        .heartbeat_interval(Duration::from_millis(50))
        .heartbeat_timeout(Duration::from_millis(50));
    let (mut peer, mut raw) = accepted(options);
    raw.send(client_frame(TEXT, "x").repeat(3));
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(500) {
        assert_eq!(peer.poll(), ReadyState::Open, "{:?}", peer.close_info());
    }
}
