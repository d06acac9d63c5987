//! The counters of a server: they include open and closed peers.

use std::time::Duration;

use websocket_peer::{
    Admission, CloseCause, Limit, PeerKey, PeerOptions, RateLimits, ServerOptions, ServerStats, Timeout,
};

use crate::{
    common::raw::{BINARY, CLOSE, PING, PONG, REQUEST, Raw, TEXT, client_frame, close_payload},
    host::{Host, request, unlimited, with_peer},
};

/// Packets and bytes that were received, and that were sent.
fn flow(stats: &ServerStats) -> [u64; 4] {
    [stats.packets_received, stats.bytes_received, stats.packets_sent, stats.bytes_sent]
}

#[test]
fn packets_and_bytes_of_open_and_closed_peers_are_summed() {
    let mut host = Host::start(ServerOptions::default().rate_limits(unlimited()));
    let mut clients: Vec<(PeerKey, Raw)> = (0..10).map(|_| host.open_client()).collect();
    let mut expected = [0; 4];
    for (number, (key, raw)) in clients.iter_mut().enumerate() {
        for size in 0..=number {
            raw.send(client_frame(BINARY, vec![0; size]));
            host.packet(*key);
            host.server.send(*key, &vec![0; 2 * size]).unwrap();
            expected[0] += 1;
            expected[1] += size as u64;
            expected[2] += 1;
            expected[3] += 2 * size as u64;
        }
        let stats = host.server.peer(*key).unwrap().stats();
        assert_eq!((stats.packets_received, stats.packets_sent), (number as u64 + 1, number as u64 + 1));
    }
    assert_eq!(flow(&host.server.stats()), expected);
    clients.truncate(4);
    host.until_so("six are gone", |host| host.server.stats().closed == 6);
    host.run(crate::common::A_WHILE);
    assert_eq!(flow(&host.server.stats()), expected);
    assert_eq!(host.server.stats().peers, 4);
}

#[test]
fn connections_are_counted_by_their_outcome() {
    let mut host = Host::start(ServerOptions::default().paths(["/chat"]));
    let mut clients: Vec<_> = (0..5).map(|_| host.open_client()).collect();
    for _ in 0..3 {
        assert_eq!(host.status_for(REQUEST.replace("/chat", "/else")), 404);
    }
    let _silent = [host.connect(), host.connect()];
    drop(host.connect());
    clients.truncate(1);
    host.until_so("all events have been noticed", |host| {
        let stats = host.server.stats();
        (stats.accepted, stats.closed, stats.rejected) == (11, 4, 4)
    });
    let stats = host.server.stats();
    assert_eq!((stats.opened, stats.peers, stats.pending), (5, 1, 2));
    assert_eq!(stats.accepted, stats.opened + stats.rejected + stats.pending as u64);
    assert_eq!(stats.opened, stats.closed + stats.peers as u64);
}

#[test]
fn memory_counts_waiting_data_and_returns_to_the_idle_value() {
    let mut host = Host::start(ServerOptions::default());
    assert_eq!(host.server.stats().memory, 0);
    let (key, mut raw) = host.open_client();
    let idle = host.server.stats().memory;
    assert!(idle < 2048, "an idle peer holds {idle} bytes");
    raw.send(client_frame(BINARY, vec![0; 50_000]));
    crate::common::until("it is received", || {
        host.server.poll();
        host.server.stats().packets_received == 1
    });
    let waiting = host.server.stats().memory - idle;
    assert!((50_000..60_000).contains(&waiting), "{waiting}");
    host.packet(key);
    host.step();
    assert_eq!(host.server.stats().memory, idle);
    raw.send(&client_frame(TEXT, "x".repeat(30_000))[..20_000]);
    host.until_so("a part of a message is counted", |host| host.server.stats().memory > idle + 19_000);
    drop(raw);
    host.closed(key);
    host.until_empty();
}

#[test]
fn refused_packets_are_not_counted() {
    let mut host = Host::start(ServerOptions::default());
    let (key, _raw) = host.open_client();
    let before = host.server.stats();
    let max = host.server.options().connection.outbound_buffer_size;
    host.server.send(key, &vec![0; max + 1]).unwrap_err();
    assert_eq!(host.server.stats(), before);
}

#[test]
fn round_trip_times_are_measured_on_busy_connections() {
    let times = PeerOptions::for_server()
        .heartbeat_interval(Duration::from_millis(50))
        .heartbeat_timeout(Duration::from_secs(60));
    let mut host = Host::start(with_peer(times));
    let (key, mut raw) = host.open_client();
    host.until_so("a round trip is measured", |host| {
        raw.send(client_frame(TEXT, "talking"));
        if let Some(ping) = raw.frame() {
            assert_eq!(ping.first, PING);
            raw.send(client_frame(PONG, ping.payload));
        }
        host.server.peer(key).unwrap().stats().rtt.is_some()
    });
    assert!(host.server.peer(key).unwrap().stats().rtt_variation.is_some());
}

/// Causes the end of a peer with this number of a kind. Returns the expected cause.
fn end_peer(host: &mut Host, kind: usize) -> CloseCause {
    let (key, mut raw) = host.open_client();
    let cause = match kind {
        0 => {
            host.server.close(key).unwrap();
            assert_eq!(host.frame(&mut raw).first, CLOSE);
            raw.send(client_frame(CLOSE, close_payload(1000, "")));
            CloseCause::Local
        }
        1 => {
            raw.send(client_frame(CLOSE, close_payload(1000, "")));
            CloseCause::Remote
        }
        2 => {
            host.server.abort(key).unwrap();
            CloseCause::Aborted
        }
        3 => {
            drop(raw);
            let info = host.closed(key);
            assert_eq!(info.cause, CloseCause::ConnectionLost);
            return info.cause;
        }
        4 => {
            // A frame without a mask.
            raw.send([TEXT, 0]);
            CloseCause::Protocol
        }
        5 => {
            raw.send(&client_frame(TEXT, "x".repeat(2000))[..20]);
            CloseCause::MessageTooBig
        }
        6 => {
            // It does not answer the close frame.
            host.server.close(key).unwrap();
            CloseCause::TimedOut(Timeout::Close)
        }
        7 => {
            raw.send(client_frame(TEXT, "x").repeat(60));
            CloseCause::LimitExceeded(Limit::PacketRate)
        }
        _ => {
            raw.send(&client_frame(TEXT, "a message that is not finished")[..10]);
            CloseCause::TimedOut(Timeout::Message)
        }
    };
    let info = host.closed(key);
    assert_eq!(info.cause, cause);
    cause
}

#[test]
fn the_ends_of_peers_are_counted_by_cause() {
    let peer = PeerOptions::for_server()
        .max_message_size(1000)
        .close_timeout(Duration::from_millis(300))
        .heartbeat_interval(Duration::ZERO);
    let limits =
        RateLimits::default().max_packets_per_second(20).max_message_time(Duration::from_millis(300));
    let mut host = Host::start(with_peer(peer).rate_limits(limits));
    let mut causes = Vec::new();
    for kind in 0..9 {
        // Each kind a different number of times.
        for _ in 0..=kind % 3 {
            causes.push(end_peer(&mut host, kind));
        }
    }
    let stats = host.server.stats();
    for cause in &causes {
        let expected = causes.iter().filter(|other| *other == cause).count() as u64;
        assert_eq!(stats.closes.of(cause), expected, "{cause}: {:?}", stats.closes);
    }
    assert_eq!(stats.closes.iter().map(|(_, count)| count).sum::<u64>(), stats.closed);
    assert_eq!((stats.closed, stats.peers), (causes.len() as u64, 0));
    let named = |name: &str| stats.closes.iter().find(|(other, _)| *other == name).map(|(_, count)| count);
    assert_eq!((named("remote"), named("packet_rate"), named("slow_reader")), (Some(2), Some(2), Some(0)));
}

#[test]
fn rejected_requests_are_counted_by_status() {
    let options = ServerOptions::default().paths(["/chat", "/panic", "/teapot"]).max_request_size(2048);
    let mut host = Host::with_hook(options, |request| match request.path() {
        "/panic" => panic!("this panic is a part of the test"),
        "/teapot" => Admission::reject(418),
        "/health" => Admission::respond(200, "ok"),
        "/gone" => Admission::respond(410, "gone"),
        _ => Admission::accept(),
    });
    let mut requests = vec![
        (request("/else", &[]), 404),
        (request("/else", &[]), 404),
        (request("/teapot", &[]), 418),
        (request("/panic", &[]), 500),
        (request("/chat", &["Origin: http://evil.example"]), 403),
        ("nonsense\r\n\r\n".to_owned(), 400),
        (request("/chat", &[&format!("X-Long: {}", "x".repeat(4000))]), 431),
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 426),
        ("POST / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 405),
    ];
    // The program's answers are no rejections, whatever their status is.
    for (path, status) in [("/health", 200), ("/gone", 410)] {
        assert_eq!(host.status_for(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")), status);
    }
    for (request, status) in &requests {
        assert_eq!(host.status_for(request), *status, "{request}");
    }
    host.server.refuse_new_connections(true);
    assert_eq!(host.status_for(request("/chat", &[])), 503);
    requests.push((String::new(), 503));
    // It sends no request.
    drop(host.connect());
    host.until_so("it is noticed", |host| host.server.stats().rejected == 11);
    let stats = host.server.stats();
    for (_, status) in &requests {
        let expected = requests.iter().filter(|(_, other)| other == status).count() as u64;
        assert_eq!(stats.rejections.of(*status), expected, "{status}: {:?}", stats.rejections);
    }
    assert_eq!(stats.rejections.iter().map(|(_, count)| count).sum::<u64>(), 10);
    assert_eq!(stats.answered, 2);
}

#[test]
fn the_time_of_each_poll_is_counted_without_its_sleep() {
    let mut host = Host::start(ServerOptions::default());
    let before = host.server.stats().poll_times;
    let begin = std::time::Instant::now();
    let mut polls = 3;
    (0..polls).for_each(|_| host.server.poll());
    while begin.elapsed() < Duration::from_millis(300) {
        host.server.wait(Duration::from_millis(300));
        polls += 1;
    }
    let whole = begin.elapsed();
    let after = host.server.stats().poll_times;
    assert_eq!(after.count(), before.count() + polls);
    let polling = after.sum() - before.sum();
    assert!(whole - polling > Duration::from_millis(150), "{polling:?} of {whole:?}");
    let (bound, count) = after.buckets().last().expect("there are buckets");
    assert_eq!((bound, count), (f64::INFINITY, after.count()));
}

#[test]
fn a_slow_poll_is_in_a_bucket_of_its_time() {
    let mut host = Host::with_hook(ServerOptions::default(), |_| {
        std::thread::sleep(Duration::from_millis(120));
        Admission::accept()
    });
    let slow = |host: &Host| {
        let times = host.server.stats().poll_times;
        times.count()
            - times.buckets().filter(|(bound, _)| *bound <= 0.1).map(|(_, count)| count).max().unwrap_or(0)
    };
    let before = slow(&host);
    host.open_client();
    assert!(slow(&host) > before, "{:?}", host.server.stats().poll_times);
    assert!(host.server.stats().poll_times.sum() >= Duration::from_millis(120));
}
