//! Peers do not delay each other: neither a flood nor thousands of idle peers.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use websocket_peer::{PeerKey, PeerOptions, ServerEvent, ServerOptions};

use crate::{
    common::{
        raw::{BINARY, Raw, TEXT, client_frame},
        until,
    },
    host::{Host, unlimited, with_peer},
};

/// A client that writes as fast as the server reads.
struct Flood {
    key: PeerKey,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Flood {
    fn start(host: &mut Host, frame: &[u8]) -> Self {
        let (key, raw) = host.open_client();
        let mut tcp = raw.tcp().try_clone().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let frames = frame.repeat(1 + 1_000_000 / frame.len());
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            tcp.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
            move || {
                let mut rest = &frames[..];
                while !stop.load(Ordering::Relaxed) {
                    // After a timeout the rest is written next.
                    rest = &rest[tcp.write(rest).unwrap_or(0)..];
                    if rest.is_empty() {
                        rest = &frames;
                    }
                }
                drop(raw);
            }
        });
        Self { key, stop, thread: Some(thread) }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the thread of a flood");
        }
    }
}

const ROUNDS: u32 = 20;

/// Checks that while one client floods with these frames, packets of twenty others are received within a few polls,
/// repeatedly.
#[track_caller]
fn assert_others_are_served(frame: &[u8]) {
    let peer = PeerOptions::for_server().max_message_size(1 << 20);
    let mut host = Host::start(with_peer(peer).rate_limits(unlimited()));
    let mut quiet: Vec<(PeerKey, Raw)> = (0..20).map(|_| host.open_client()).collect();
    let flood = Flood::start(&mut host, frame);
    let received = |host: &Host| host.server.stats().bytes_received;
    host.until_so("the flood arrives", |host| received(host) > 1 << 20);
    let before = received(&host);
    let mut polls = 0;
    for round in 1..=ROUNDS {
        for (_, raw) in &mut quiet {
            raw.send(client_frame(TEXT, "may I?"));
        }
        // The kernel has all of it now, unless the machine is busy. So the polls of all rounds count together.
        let mut count = 0;
        while count < quiet.len() {
            polls += 1;
            assert!(polls <= 5 * ROUNDS, "round {round}: only {count} were received in {polls} polls");
            host.server.poll();
            while let Some(event) = host.server.next_event() {
                let ServerEvent::Packet(key, packet) = event else { panic!("{event:?}") };
                if key != flood.key {
                    count += 1;
                    host.server.send_packet(key, &packet).unwrap();
                }
            }
        }
        for (_, raw) in &mut quiet {
            let frame = crate::common::eventually("the echo, without another poll", || raw.frame());
            assert_eq!(frame.payload, b"may I?");
        }
    }
    host.until_so("the flood continues", |host| received(host) > before);
}

#[test]
fn a_flood_of_large_packets_does_not_delay_other_peers() {
    assert_others_are_served(&client_frame(BINARY, vec![0; 500_000]));
}

#[test]
fn a_flood_of_small_packets_does_not_delay_other_peers() {
    assert_others_are_served(&client_frame(BINARY, [0; 10]));
}

#[test]
fn a_poll_reads_a_limited_amount_of_a_flood() {
    let mut host = Host::start(ServerOptions::default().rate_limits(unlimited()));
    let _flood = Flood::start(&mut host, &client_frame(BINARY, vec![0; 60_000]));
    let mut before = 0;
    for _ in 0..200 {
        host.server.poll();
        let now = host.server.stats().bytes_received;
        assert!(now - before <= 1 << 20, "{} bytes in one poll", now - before);
        before = now;
        while host.server.next_event().is_some() {}
    }
}

#[test]
fn a_flood_waits_in_the_network_while_no_events_are_read() {
    let peer = PeerOptions::for_server().inbound_buffer_size(100_000);
    let mut host = Host::start(with_peer(peer).rate_limits(unlimited()));
    let flood = Flood::start(&mut host, &client_frame(BINARY, vec![0; 10_000]));
    crate::common::until("the inbox is full", || {
        host.server.poll();
        host.server.stats().packets_received == 10
    });
    for _ in 0..100 {
        host.server.poll();
        thread::sleep(Duration::from_millis(1));
    }
    let memory = host.server.stats().memory;
    assert!((50_000..300_000).contains(&memory), "{memory}");
    assert_eq!(host.server.stats().packets_received, 10);
    // It continues when events are read.
    host.until_so("more of it arrives", |host| host.server.stats().packets_received > 100);
    assert!(host.server.peer(flood.key).is_some());
}

/// Returns the processor time of this thread.
#[cfg(target_os = "linux")]
pub fn on_processor() -> Duration {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the statistics of the thread");
    let nanoseconds = spent.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

/// If a poll read from each socket, two hundred would cost two hundred times as much as one. Linux reports the
/// processor time of a thread; the code under test is the same elsewhere.
#[cfg(target_os = "linux")]
#[test]
fn idle_peers_do_not_make_polls_slower() {
    const POLLS: u32 = 2000;
    let cost = |idle: usize| {
        let options = with_peer(PeerOptions::for_server().heartbeat_interval(Duration::from_secs(3600)));
        let mut host = Host::start(options);
        let clients: Vec<_> = (0..idle).map(|_| host.open_client()).collect();
        host.run(crate::common::A_WHILE);
        // Other work of the machine makes some attempts slower, and none faster.
        let attempts = (0..5).map(|_| {
            let before = on_processor();
            for _ in 0..POLLS {
                host.server.poll();
                assert_eq!(host.server.next_event(), None);
            }
            on_processor() - before
        });
        let fastest = attempts.min().expect("five attempts");
        drop(clients);
        fastest
    };
    let (one, many) = (cost(1), cost(200));
    // A system call takes at least a tenth of a microsecond.
    let reading = POLLS * 200 * Duration::from_nanos(100);
    assert!(many < 3 * one + reading / 4, "{one:?} with one, {many:?} with two hundred");
}

#[test]
fn a_peer_with_many_packets_does_not_delay_the_first_packet_of_another() {
    let mut host = Host::start(with_peer(PeerOptions::for_server()).rate_limits(unlimited()));
    let (talker, mut talker_raw) = host.open_client();
    let (other, mut other_raw) = host.open_client();
    talker_raw.send_while(client_frame(TEXT, "x").repeat(2000), || host.server.poll());
    until("its packets are received", || {
        host.server.poll();
        host.server.peer(talker).is_some_and(|peer| peer.stats().packets_received == 2000)
    });
    other_raw.send(client_frame(TEXT, "and I"));
    until("the packet of the other is received", || {
        host.server.poll();
        host.server.peer(other).is_some_and(|peer| peer.stats().packets_received == 1)
    });
    let from = |event: Option<ServerEvent>| match event {
        Some(ServerEvent::Packet(from, _)) => from,
        other => panic!("not a packet: {other:?}"),
    };
    let before = std::iter::from_fn(|| Some(from(host.server.next_event()))).take_while(|key| *key != other);
    let before = before.count();
    assert!(before <= 200, "{before} packets of one peer were returned first");
    // All of them are returned.
    let after = std::iter::from_fn(|| host.server.next_event()).count();
    assert_eq!(before + after, 2000);
}
