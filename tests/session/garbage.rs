//! Random packets in every state of a peer: no session panics, and other peers are not affected.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, Packet,
    multiplayer::{Event, Method, Methods, NodeKey, Output, PeerId, Session, SessionOptions, Target},
};

use crate::{
    random::Random,
    world::{A, B, SERVER, events, id, outputs},
};

const NOW: Duration = Duration::ZERO;
const ROUNDS: usize = 20_000;

/// The state of A, which sends garbage, at the server.
#[derive(Debug, Clone, Copy)]
enum State {
    Unknown,
    Authenticating,
    Admitted,
    Disconnected,
    Lost,
}

const STATES: [State; 5] =
    [State::Unknown, State::Authenticating, State::Admitted, State::Disconnected, State::Lost];

fn methods() -> Methods {
    Methods::new().with(Method::new("play").any_peer().variadic()).with(Method::new("rule"))
}

/// A server where A is in this state and B is admitted.
fn server(state: State) -> (Session, NodeKey) {
    let authenticates = matches!(state, State::Authenticating);
    let options = SessionOptions::default().authenticate(authenticates).max_rejected_packets_per_second(0);
    let mut server = Session::server(options);
    let node = server.register_node_with("Game", methods()).unwrap();
    server.peer_joined(B, NOW);
    if authenticates {
        server.complete_auth(B).unwrap();
        server.receive(B, Packet::binary([7, 0]), NOW);
    }
    if !matches!(state, State::Unknown) {
        server.peer_joined(A, NOW);
    }
    events(&mut server);
    server.call_method(node, Target::All, "rule", vec![]).unwrap();
    match state {
        State::Disconnected => server.disconnect_peer(A).unwrap(),
        State::Lost => server.peer_left(A, CloseCause::ConnectionLost.into()),
        _ => {}
    }
    drop_outputs(&mut server);
    events(&mut server);
    (server, node)
}

/// Valid packets, to be mutated.
fn seeds() -> Vec<Vec<u8>> {
    let md5 = methods().md5().as_bytes().to_vec();
    let announcement = [&[1][..], &md5, &[0, 1, 0, 0, 0], b"Game\0"].concat();
    let call = [&[0x20, 14, 0, 0, 0x80, 0, 1, 4, 1, 0, 0, 0, b'x', 0, 0, 0][..], b"Game\0"].concat();
    let spawn = [&[4, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0][..], b"Kid\0"].concat();
    let mut seeds = vec![
        announcement,
        call,
        spawn,
        vec![0, 1, 0, 2, 2, 7, 0x81],
        vec![0x80, 1, 0, 1, 2, 3],
        vec![2, 1, 1, 0, 0, 0],
        vec![3, 1, 2, 3],
        vec![5, 1, 0, 0, 0],
        vec![6, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 7],
        vec![0x16, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 7],
        vec![7, 0],
        vec![7, 0, 1, 2],
        vec![7, 1, 9, 0, 0, 0],
        vec![7, 2, 3, 0, 0, 0],
    ];
    let relayed: Vec<Vec<u8>> = [0, 1, 2, 3, -1, -2, -3, 99, i32::MIN]
        .iter()
        .flat_map(|to: &i32| {
            let header = [&[7, 3][..], &to.to_le_bytes()].concat();
            seeds.iter().map(move |inner| [&header[..], inner].concat()).collect::<Vec<_>>()
        })
        .collect();
    seeds.extend(relayed);
    seeds
}

/// A mutated seed, or random bytes.
fn garbage(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    if random.one_in(8) {
        let len = random.below(40);
        return random.bytes(len);
    }
    let mut packet = random.pick(seeds).clone();
    match random.below(5) {
        0 => {}
        1 => packet.truncate(random.below(packet.len() + 1)),
        2 => {
            let more = random.below(9);
            packet.extend(random.bytes(more));
        }
        _ => {
            for _ in 0..=random.below(3) {
                let at = random.below(packet.len());
                packet[at] = random.next_u64() as u8;
            }
        }
    }
    packet
}

/// The packet that B gets for a packet of A: the relayed packet with A's id, if B is a target.
fn for_b(state: State, packet: &[u8]) -> Option<Vec<u8>> {
    let is_relay = packet.len() > 6 && packet[0] & 7 == 7 && packet[1] == 3;
    if !matches!(state, State::Admitted) || !is_relay || packet[6] & 7 == 7 {
        return None;
    }
    let target = i32::from_le_bytes([packet[2], packet[3], packet[4], packet[5]]);
    let is_target = target == 3 || (target <= 0 && target != -3 && target != i32::MIN);
    is_target.then(|| [&[7, 3, 2, 0, 0, 0], &packet[6..]].concat())
}

/// The peer of an event.
fn about(event: &Event) -> PeerId {
    match event {
        Event::PeerConnected(peer)
        | Event::PeerDisconnected(peer, _)
        | Event::Authenticating(peer)
        | Event::AuthFailed { peer, .. }
        | Event::ChecksumMismatch { peer, .. } => *peer,
        Event::Auth { from, .. } | Event::Packet { from, .. } | Event::PacketRejected { from, .. } => *from,
        Event::Call(call) => call.from,
        other => panic!("unexpected event {other:?}"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn garbage_of_a_client_does_not_affect_others() {
    let seeds = seeds();
    for state in STATES {
        let mut random = Random::new(state as u64);
        let (mut server, node) = server(state);
        for _ in 0..ROUNDS {
            let packet = garbage(&mut random, &seeds);
            server.receive(A, Packet::binary(&packet[..]), NOW);
            let sent: Vec<Vec<u8>> = std::iter::from_fn(|| server.next_output())
                .filter_map(|output| match output {
                    Output::Send { to, packet, .. } => to.as_slice().contains(&B).then(|| packet.into_vec()),
                    Output::Disconnect { .. } => None,
                    other => panic!("unexpected output {other:?}"),
                })
                .collect();
            assert_eq!(sent, Vec::from_iter(for_b(state, &packet)), "{state:?} {packet:02x?}");
            for event in events(&mut server) {
                assert_eq!(about(&event), A, "{state:?} {packet:02x?} {event:?}");
            }
        }
        // The server and B still work.
        server.receive(B, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
        server.call_method(node, B, "rule", vec![]).unwrap();
        assert_eq!(outputs(&mut server), [(vec![3], vec![0x80, 1, 1])]);
        server.receive(B, Packet::binary([3, 1]), NOW);
        assert_eq!(events(&mut server), [Event::Packet { from: B, data: Packet::binary([1]) }]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_survives_garbage_of_its_server() {
    let seeds = seeds();
    for start in 0..4_u8 {
        let mut random = Random::new(start.into());
        let options = SessionOptions::default().authenticate(start == 1).max_peers(8);
        let mut client = Session::client(options);
        let node = client.register_node_with("Game", methods()).unwrap();
        // Without an id it gets garbage in its place.
        if start > 0 {
            client.connected(id(2), NOW);
        }
        if start == 3 {
            client.leave();
        }
        let (mut connected, mut disconnected) = (0, 0);
        for _ in 0..ROUNDS {
            let packet = garbage(&mut random, &seeds);
            client.receive(SERVER, Packet::binary(packet), NOW);
            if random.one_in(100) {
                // It fails if no peer is connected.
                let _ = client.call_method(node, Target::All, "play", vec![]);
            }
            drop_outputs(&mut client);
            for event in events(&mut client) {
                connected += usize::from(matches!(event, Event::PeerConnected(_)));
                disconnected += usize::from(matches!(event, Event::PeerDisconnected(..)));
            }
            assert!(client.peers().len() <= 9);
        }
        assert_eq!(connected - disconnected, client.peers().len());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn no_packet_of_up_to_two_bytes_panics() {
    for state in STATES {
        let (mut server, _) = server(state);
        let mut client = Session::client(SessionOptions::default());
        client.connected(id(2), NOW);
        for bytes in 0..=u16::MAX {
            for packet in [Packet::binary(bytes.to_le_bytes()), Packet::binary([bytes as u8])] {
                server.receive(A, packet.clone(), NOW);
                client.receive(SERVER, packet, NOW);
            }
            drop_outputs(&mut server);
            drop_outputs(&mut client);
            events(&mut server);
            events(&mut client);
        }
    }
}

fn drop_outputs(session: &mut Session) {
    while session.next_output().is_some() {}
}
