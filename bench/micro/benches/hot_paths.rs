//! The paths of every packet: receiving, sending, and broadcasting. One thread, one process, real sockets.

use std::{
    hint::black_box,
    io::{Read, Write},
};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use micro::{client, echo, frames, peer, server};
use websocket_peer::Packet;

/// Reads, reports, answers and sends frames that arrive together.
fn echoing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("server echoes");
    for (count, len) in [(1, 64), (64, 64), (16, 1024), (1, 256 * 1024)] {
        let mut server = server();
        let mut client = client(&mut server);
        let sent = frames(count, len);
        let mut received = vec![0; sent.len() - 4 * count];
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("{count} × {len} B")), |bencher| {
            bencher.iter(|| {
                client.write_all(&sent).expect("room in the socket");
                echo(&mut server, count);
                client.read_exact(&mut received).expect("as much as was sent");
            });
        });
    }
    group.finish();
}

/// Sends one packet to all peers.
fn broadcasting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("server broadcasts");
    let packet = Packet::binary([7; 256]);
    for peers in [1, 100] {
        let mut server = server();
        let mut clients: Vec<_> = (0..peers).map(|_| client(&mut server)).collect();
        let mut received = [0; 260];
        group.throughput(Throughput::Elements(peers));
        group.bench_function(BenchmarkId::from_parameter(format!("256 B to {peers}")), |bencher| {
            bencher.iter(|| {
                assert_eq!(server.broadcast(&packet, None), peers as usize);
                for client in &mut clients {
                    client.read_exact(&mut received).expect("a frame");
                }
            });
        });
    }
    group.finish();
}

/// Polls without any event.
fn idling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("idle poll");
    let mut server = server();
    let _clients: Vec<_> = (0..100).map(|_| client(&mut server)).collect();
    group.bench_function("server with 100 peers", |bencher| bencher.iter(|| server.poll()));
    let mut idle = peer(&mut server);
    group.bench_function("peer", |bencher| bencher.iter(|| black_box(idle.poll())));
    group.finish();
}

criterion_group!(benches, echoing, broadcasting, idling);
criterion_main!(benches);
