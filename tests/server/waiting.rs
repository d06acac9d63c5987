//! `wait` sleeps until there is something to do: it uses no processor time, and misses no event and no deadline.

use std::{
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{CloseCause, CloseCode, Liveness, Packet, PeerOptions, ServerEvent, Timeout};

use crate::{
    common::raw::{End, PING, Raw, TEXT, client_frame},
    host::{Host, with_peer},
};

/// Much longer than any time that a test waits here.
const LONG: Duration = Duration::from_secs(25);
const SOON: Duration = Duration::from_millis(200);

/// Options without a near deadline.
fn patient() -> PeerOptions {
    PeerOptions::for_server().heartbeat_interval(Duration::from_secs(3600))
}

/// Waits until `done` returns `true`: with few calls, and without reaching the end of a wait.
#[track_caller]
fn wait_until(host: &mut Host, what: &str, mut done: impl FnMut(&mut Host) -> bool) {
    let start = Instant::now();
    let mut wakeups = 0;
    while !done(host) {
        host.server.wait(LONG);
        host.read_events();
        wakeups += 1;
        assert!(start.elapsed() < LONG, "{what}: overslept");
        assert!(wakeups <= 20, "{what}: woken {wakeups} times in {:?}", start.elapsed());
    }
}

/// Polls until nothing happens any more after connections have opened.
fn quiet(host: &mut Host) {
    host.run(crate::common::A_WHILE);
}

#[test]
fn a_wait_without_events_lasts_its_full_time() {
    let mut host = Host::start(with_peer(patient()));
    let _guests: Vec<_> = (0..10).map(|_| host.open_client()).collect();
    quiet(&mut host);
    let start = Instant::now();
    host.server.wait(SOON);
    assert!(start.elapsed() >= SOON - Duration::from_millis(20), "{:?}", start.elapsed());
    assert_eq!(host.server.next_event(), None);
}

/// Linux reports how often a thread has slept. The code under test is the same elsewhere.
#[cfg(target_os = "linux")]
#[test]
fn a_poll_never_sleeps() {
    let mut host = Host::start(with_peer(patient()));
    let _guests: Vec<_> = (0..10).map(|_| host.open_client()).collect();
    quiet(&mut host);
    let before = sleeps();
    for _ in 0..1000 {
        host.server.poll();
    }
    let slept = sleeps() - before;
    assert!(slept < 100, "{slept} times in 1000 polls");
}

/// Returns how often this thread has slept.
#[cfg(target_os = "linux")]
fn sleeps() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").expect("the statistics of the thread");
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.and_then(|count| count.trim().parse().ok()).expect("a number")
}

/// Linux reports the processor time of a thread. The code under test is the same elsewhere.
#[cfg(target_os = "linux")]
#[test]
fn a_wait_takes_no_processor_time() {
    let mut host = Host::start(with_peer(patient()));
    let _guests: Vec<_> = (0..10).map(|_| host.open_client()).collect();
    quiet(&mut host);
    let before = super::fairness::on_processor();
    host.server.wait(5 * SOON);
    let spent = super::fairness::on_processor() - before;
    assert!(spent < Duration::from_millis(50), "{spent:?}");
}

#[test]
fn a_wait_is_ended_by_a_packet_a_connection_and_a_close() {
    let mut host = Host::start(with_peer(patient()));
    let (key, mut raw) = host.open_client();
    quiet(&mut host);
    let addr = host.addr();
    let client = thread::spawn(move || {
        thread::sleep(SOON);
        raw.send(client_frame(TEXT, "wake up"));
        thread::sleep(SOON);
        let new_client = Raw::new(std::net::TcpStream::connect(addr).unwrap());
        thread::sleep(SOON);
        drop(raw);
        new_client
    });
    wait_until(&mut host, "a packet", |host| {
        host.events.iter().any(|event| matches!(event, ServerEvent::Packet(..)))
    });
    wait_until(&mut host, "a new connection", |host| host.server.stats().pending == 1);
    wait_until(&mut host, "an end", |host| host.server.peer(key).is_none());
    drop(client.join().unwrap());
}

#[test]
fn heartbeats_are_sent_during_a_wait() {
    let times = PeerOptions::for_server().heartbeat_interval(SOON).heartbeat_timeout(SOON);
    let mut host = Host::start(with_peer(times));
    let start = Instant::now();
    let (key, mut raw) = host.open_client();
    wait_until(&mut host, "a ping", |_| raw.frame().is_some_and(|frame| frame.first == PING));
    wait_until(&mut host, "the end of a silent peer", |host| host.server.peer(key).is_none());
    assert!(start.elapsed() >= 2 * SOON - Duration::from_millis(50), "{:?}", start.elapsed());
    assert_eq!(host.closed(key).cause, CloseCause::TimedOut(Timeout::Heartbeat));
}

#[test]
fn a_handshake_times_out_during_a_wait() {
    let mut host = Host::start(with_peer(patient().connect_timeout(SOON)));
    let mut silent = host.connect();
    wait_until(&mut host, "the end of a handshake", |_| silent.end() == Some(End::Eof));
    assert_eq!(host.server.stats().rejected, 1);
}

#[test]
fn a_close_times_out_during_a_wait() {
    let mut host = Host::start(with_peer(patient().close_timeout(SOON)));
    let (key, _raw) = host.open_client();
    host.server.close_with(key, CloseCode::NORMAL, "").unwrap();
    wait_until(&mut host, "the end of a close", |host| host.server.peer(key).is_none());
    assert_eq!(host.closed(key).cause, CloseCause::TimedOut(Timeout::Close));
}

/// The timeouts of its heartbeat and of its message expire long before that of its close, and have no effect any more.
#[test]
fn expired_timeouts_of_a_closing_peer_do_not_end_a_wait() {
    let times = patient().heartbeat_interval(SOON / 4).close_timeout(5 * SOON);
    let limits = websocket_peer::RateLimits::default().max_message_time(SOON);
    let mut host = Host::start(with_peer(times).rate_limits(limits));
    let (key, mut raw) = host.open_client();
    let idle = host.server.stats().memory;
    raw.send(client_frame(0x01, "to be continued"));
    host.until_so("its beginning has arrived", |host| host.server.stats().memory > idle);
    host.server.close_with(key, CloseCode::NORMAL, "").unwrap();
    wait_until(&mut host, "the end of a close", |host| host.server.peer(key).is_none());
    assert_eq!(host.closed(key).cause, CloseCause::TimedOut(Timeout::Close));
}

#[test]
fn a_lingering_connection_does_not_end_a_wait_early() {
    let mut host = Host::start(with_peer(patient().close_timeout(SOON)));
    let (key, mut raw) = host.open_client();
    raw.send(client_frame(0x88, [3, 0xE8]));
    host.closed(key);
    host.server.shutdown(LONG);
    wait_until(&mut host, "the end of TCP", |host| host.server.is_shut_down());
    assert_eq!(host.end(&mut raw), End::Eof);
}

#[test]
fn a_wait_does_not_sleep_while_events_are_unread() {
    let mut host = Host::start(with_peer(patient()));
    let _raw = host.connect_and_send(crate::common::raw::REQUEST);
    crate::common::until("it is open", || {
        host.server.poll();
        host.server.stats().peers == 1
    });
    let start = Instant::now();
    host.server.wait(LONG);
    assert!(start.elapsed() < LONG / 2, "{:?}", start.elapsed());
}

#[test]
fn a_pause_of_the_program_does_not_count_as_silence_of_its_peers() {
    let times =
        PeerOptions::for_server().heartbeat_interval(SOON).heartbeat_timeout(Duration::from_millis(1500));
    let mut host = Host::start(with_peer(times));
    let (key, mut raw) = host.open_client();
    let ping = host.frame(&mut raw);
    raw.send(client_frame(0x8A, ping.payload));
    thread::sleep(Duration::from_secs(3));
    host.step();
    assert!(host.server.peer(key).is_some(), "{:?}", host.events);
}

#[test]
fn a_waker_ends_the_current_wait_or_else_the_next() {
    let mut host = Host::start(with_peer(patient()));
    let waker = host.server.waker();
    let start = Instant::now();
    waker.wake_by_ref();
    // A poll does not use it up.
    host.server.poll();
    host.server.wait(LONG);
    let other = thread::spawn(move || {
        thread::sleep(SOON);
        waker.wake();
    });
    host.server.wait(LONG);
    assert!(start.elapsed() >= SOON, "one wake ends one wait");
    assert!(start.elapsed() < LONG);
    other.join().unwrap();
    host.server.wait(SOON);
    assert!(start.elapsed() >= 2 * SOON - Duration::from_millis(20));
}

#[test]
fn silent_peers_get_the_programs_probe() {
    let liveness = Liveness::new(Packet::text("there?")).silence(SOON).timeout(SOON);
    let times = PeerOptions::for_server().heartbeat_interval(Duration::ZERO).liveness(liveness);
    let mut host = Host::start(with_peer(times));
    let (key, mut raw) = host.open_client();
    assert_eq!(host.frame(&mut raw).payload, b"there?");
    wait_until(&mut host, "it is given up", |host| host.server.peer(key).is_none());
    let cause = host.events.iter().find_map(|event| match event {
        ServerEvent::Closed(_, info) => Some(info.cause.clone()),
        _ => None,
    });
    assert_eq!(cause, Some(CloseCause::TimedOut(Timeout::Liveness)));
}
