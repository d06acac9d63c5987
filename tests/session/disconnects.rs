//! Disconnects are collected and sent together. The order on each connection stays the same.

use std::{collections::BTreeMap, time::Duration};

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, Packet,
    multiplayer::{Output, PeerId, Recipients, Session, SessionOptions, Target},
};

use crate::{
    random::Random,
    world::{A, B, C, events, id, outputs},
};

const NOW: Duration = Duration::ZERO;

/// A server with these peers. All of its outputs and events have been read.
fn server_of(peers: impl IntoIterator<Item = PeerId>) -> Session {
    let mut server = Session::server(SessionOptions::default());
    for peer in peers {
        server.peer_joined(peer, NOW);
        while server.next_output().is_some() {}
    }
    events(&mut server);
    server
}

fn lose(server: &mut Session, peer: PeerId) {
    server.peer_left(peer, CloseCause::ConnectionLost.into());
}

fn added(peer: PeerId) -> Vec<u8> {
    [&[7, 1], &peer.get().to_le_bytes()[..]].concat()
}

fn deleted(peer: PeerId) -> Vec<u8> {
    [&[7, 2], &peer.get().to_le_bytes()[..]].concat()
}

fn bytes(packets: &[Packet]) -> Vec<Vec<u8>> {
    packets.iter().map(|packet| packet.as_bytes().to_vec()).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn peers_that_disconnect_together_are_one_output() {
    let mut server = server_of((2..1002).map(id));
    let lost: Vec<PeerId> = (2..952).rev().map(id).collect();
    for peer in &lost {
        lose(&mut server, *peer);
    }
    let Some(Output::SendAll { to, packets, .. }) = server.next_output() else {
        panic!("no list of packets")
    };
    assert_eq!(to, Recipients::Many((952..1002).map(id).collect()));
    assert_eq!(bytes(&packets), lost.iter().map(|peer| deleted(*peer)).collect::<Vec<_>>());
    assert_eq!(server.next_output(), None);
    assert_eq!(events(&mut server).len(), 950);

    lose(&mut server, id(952));
    assert!(matches!(server.next_output(), Some(Output::SendAll { .. })));
    assert_eq!(server.next_output(), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_client_gets_the_list_of_peers_as_one_output() {
    let peers: Vec<PeerId> = (2..1002).map(id).collect();
    let mut server = server_of(peers.clone());
    let client = id(2000);
    server.peer_joined(client, NOW);
    let Some(Output::Send { to, packet, .. }) = server.next_output() else { panic!("no packet") };
    assert_eq!((to, packet), (Recipients::Many(peers.clone()), Packet::binary(added(client))));
    let Some(Output::SendAll { to, packets, .. }) = server.next_output() else {
        panic!("no list of packets")
    };
    assert_eq!(to, Recipients::One(client));
    assert_eq!(bytes(&packets), peers.into_iter().map(added).collect::<Vec<_>>());
    assert_eq!(server.next_output(), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn disconnects_are_sent_after_earlier_and_before_later_packets() {
    let mut server = server_of([A, B, C, id(5)]);
    server.receive(A, Packet::binary([7, 3, 0, 0, 0, 0, 3, 9]), NOW);
    lose(&mut server, A);
    lose(&mut server, B);
    server.send_bytes(Target::All, &[1]).unwrap();
    let both = vec![4, 5];
    assert_eq!(
        outputs(&mut server),
        [
            (vec![3, 4, 5], vec![7, 3, 2, 0, 0, 0, 3, 9]),
            (both.clone(), deleted(A)),
            (both.clone(), deleted(B)),
            (both, vec![3, 1]),
        ]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_client_does_not_get_earlier_disconnects() {
    let mut server = server_of([A, B]);
    lose(&mut server, A);
    server.peer_joined(A, NOW);
    assert_eq!(outputs(&mut server), [(vec![3], deleted(A)), (vec![3], added(A)), (vec![2], added(B))]);
    // Without another peer there is no output before it is admitted.
    let options = SessionOptions::default().authenticate(true);
    let mut server = Session::server(options);
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
    }
    server.complete_auth(A).unwrap();
    server.receive(A, Packet::binary([7, 0]), NOW);
    server.complete_auth(B).unwrap();
    outputs(&mut server);
    lose(&mut server, A);
    server.receive(B, Packet::binary([7, 0]), NOW);
    events(&mut server);
    assert_eq!(server.peers().collect::<Vec<_>>(), [B]);
    assert_eq!(outputs(&mut server), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_is_disconnected_gets_earlier_disconnects() {
    for is_all in [false, true] {
        let mut server = server_of([A, B]);
        lose(&mut server, A);
        if is_all {
            server.leave();
        } else {
            server.disconnect_peer(B).unwrap();
        }
        let sent = outputs(&mut server);
        assert_eq!(sent[0], (vec![3], deleted(A)));
        assert_eq!((sent.len(), &sent[1].0, sent[1].1[0]), (2, &vec![3], 1), "{sent:02x?}");
    }
}

/// The packets to each connected peer.
#[derive(Debug, Default)]
struct Streams(BTreeMap<PeerId, Vec<Vec<u8>>>);

impl Streams {
    fn read(&mut self, server: &mut Session) {
        while let Some(output) = server.next_output() {
            let (to, packets) = match output {
                Output::Send { to, packet, .. } => (to, vec![packet]),
                Output::SendAll { to, packets, .. } => (to, packets),
                _ => continue,
            };
            for peer in to.as_slice() {
                for packet in bytes(&packets) {
                    self.0.entry(*peer).or_default().push(packet);
                }
            }
        }
    }
}

/// Makes a random call of a transport or of a program.
fn act(server: &mut Session, what: usize, peer: PeerId, number: u8) {
    match what {
        0 | 1 => server.peer_joined(peer, NOW),
        2 => lose(server, peer),
        3 => server.receive(peer, Packet::binary([7, 3, 0, 0, 0, 0, 3, number]), NOW),
        4 => drop(server.send_bytes(Target::AllExcept(peer), &[number])),
        // The last case confirms its drain request.
        5 => drop(server.disconnect_peer(peer)),
        _ => server.receive(peer, Packet::binary([2, 1, 1, 0, 0, 0]), NOW),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn each_connection_gets_the_same_bytes_however_often_outputs_are_read() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let mut servers = [(); 2].map(|()| Session::server(SessionOptions::default()));
        let mut streams = [(); 2].map(|()| Streams::default());
        // A lost peer comes back with another id.
        let mut ids = [2, 3, 4, 5, 6, 7];
        let mut compared = 0;
        for number in 0..=255 {
            let (what, place) = (random.below(7), random.below(6));
            let peer = id(ids[place]);
            for server in &mut servers {
                act(server, what, peer, number);
            }
            streams[0].read(&mut servers[0]);
            if what == 2 {
                // A lost connection gets no more packets.
                streams.iter_mut().for_each(|streams| drop(streams.0.remove(&peer)));
                ids[place] += 6;
            }
            if !random.one_in(10) {
                continue;
            }
            streams[1].read(&mut servers[1]);
            for (peer, packets) in &streams[0].0 {
                assert_eq!(packets, &streams[1].0[peer], "{peer} with seed {seed}");
                compared += packets.len();
            }
        }
        assert_ne!(compared, 0);
        assert_eq!(events(&mut servers[0]), events(&mut servers[1]));
    }
}
