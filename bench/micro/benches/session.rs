//! A Godot session without a network: packets in, packets and events out.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use micro::{
    scene::RelayServer,
    session::{
        Game, a_move, call_packet, join, peer, receive, receive_owned, received_call, relay_packet, sent,
        server, settle,
    },
};
use websocket_peer::{
    Packet,
    multiplayer::{Rpc, Session, SessionOptions, Target},
};

const MANY: usize = 1000;
const BYTES: usize = 100;

/// Makes a call and takes its packets.
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
                session.call(game, to, black_box(a_move())).expect("the peers are connected");
                assert_eq!(sent(&mut session), recipients);
            });
        });
    }
    group.finish();
}

/// Receives a call, checks it, and converts it to the program's type.
fn receiving_calls(criterion: &mut Criterion) {
    let (mut session, game) = server(MANY);
    let packet = call_packet(&mut session, game);
    // The peer has its own number for the node, which is the same here.
    let announcement = [&[1], Game::methods().md5().as_bytes(), b"\0\x01\0\0\0Game\0"].concat();
    receive(&mut session, peer(0), &Packet::binary(announcement));
    settle(&mut session);
    criterion.bench_function("call in, read", |bencher| {
        bencher.iter(|| {
            receive(&mut session, peer(0), black_box(&packet));
            received_call(&mut session, game)
        });
    });
    assert_eq!(session.stats().rejected_packets, 0);
}

/// Relays a packet between clients.
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

/// Relays packets that nothing else has, as those of a socket: the session changes them in place.
fn relaying_in_place(criterion: &mut Criterion) {
    let (mut session, _) = server(MANY);
    let target = peer(1).get();
    criterion.bench_function("relay of 100 B in place", |bencher| {
        bencher.iter_batched_ref(
            || (0..64).map(|_| relay_packet(target, BYTES)).collect::<Vec<_>>(),
            |packets| {
                for packet in packets.drain(..) {
                    receive_owned(&mut session, peer(0), packet);
                    assert_eq!(settle(&mut session), 1);
                }
            },
            BatchSize::SmallInput,
        );
    });
}

/// Relays packets between two clients, with their sockets.
fn relaying_over_sockets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("relay of 100 B over sockets");
    let mut server = RelayServer::start();
    for count in [1, 64] {
        let (frames, received) = server.frames(count, BYTES);
        let mut buffer = vec![0; received];
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{count} in flight"), |bencher| {
            bencher.iter(|| server.relay(&frames, count, &mut buffer));
        });
    }
    group.finish();
}

/// Fills a session, which announces each peer to each other.
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

criterion_group!(
    benches,
    calling,
    receiving_calls,
    relaying,
    relaying_in_place,
    relaying_over_sockets,
    joining
);
criterion_main!(benches);
