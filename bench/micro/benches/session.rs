//! Godot's session without a network: packets go in, packets and events come out.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use micro::session::{
    Game, a_move, call_packet, called, join, peer, receive, relay_packet, sent, server, settle,
};
use websocket_peer::{
    Packet,
    multiplayer::{Rpc, Session, SessionOptions, Target},
};

const MANY: usize = 1000;
const BYTES: usize = 100;

/// A call is made, and its packets are taken.
fn calling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("call out");
    for (name, to, peers) in [
        ("to one", Target::Peer(peer(0)), 1),
        ("to one of 1000", Target::Peer(peer(0)), MANY),
        ("to 1000", Target::All, MANY),
    ] {
        let (mut session, game) = server(peers);
        let recipients = if to == Target::All { peers } else { 1 };
        group.throughput(Throughput::Elements(recipients as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                session.call(game, to, black_box(a_move())).expect("they are there");
                assert_eq!(sent(&mut session), recipients);
            });
        });
    }
    group.finish();
}

/// A call comes, is checked, and becomes the program's type.
fn called_by_a_peer(criterion: &mut Criterion) {
    let (mut session, game) = server(MANY);
    let packet = call_packet(&mut session, game);
    // The peer has a number for the node, too, and it happens to be the same.
    let announcement = [&[1], Game::methods().md5().as_bytes(), b"\0\x01\0\0\0Game\0"].concat();
    receive(&mut session, peer(0), &Packet::binary(announcement));
    settle(&mut session);
    criterion.bench_function("call in, read", |bencher| {
        bencher.iter(|| {
            receive(&mut session, peer(0), black_box(&packet));
            called(&mut session, game)
        });
    });
    assert_eq!(session.stats().rejected_packets, 0);
}

/// A packet between clients goes through the server.
fn relaying(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("relay of 100 B");
    let one = peer(1).get();
    for (name, target, peers) in [("to one of 2", one, 2), ("to one of 1000", one, MANY), ("to 999", 0, MANY)]
    {
        let (mut session, _) = server(peers);
        let packet = relay_packet(target, BYTES);
        let recipients = if target == 0 { peers - 1 } else { 1 };
        group.throughput(Throughput::Elements(recipients as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                receive(&mut session, peer(0), black_box(&packet));
                assert_eq!(settle(&mut session), recipients);
            });
        });
    }
    group.finish();
}

/// A session fills, and everybody is told of everybody.
fn joining(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("join");
    group.throughput(Throughput::Elements(MANY as u64));
    group.sample_size(20);
    group.bench_function(BenchmarkId::from_parameter(MANY), |bencher| {
        bencher.iter_batched(
            || Session::server(SessionOptions::default()),
            |mut session| {
                join(&mut session, MANY);
                session
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, calling, called_by_a_peer, relaying, joining);
criterion_main!(benches);
