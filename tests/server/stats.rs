//! The counters of a server: they include open and closed peers.

use std::time::Duration;

use websocket_peer::{PeerKey, PeerOptions, ServerOptions, ServerStats};

use crate::{
    common::raw::{BINARY, PING, PONG, REQUEST, Raw, TEXT, client_frame},
    host::{Host, unlimited, with_peer},
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
